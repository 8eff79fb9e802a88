//! Tests of `acts`: a small board and its people, and by topic what must hold of it.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::dice::Seed;
use crate::rights::Role;

mod any;
mod bounds;
mod canary;
mod documents;
mod forms;
mod head;
mod measure;
mod ops;
mod resume;
mod rights;
mod wire;

const GM: Actor = actor(0xa0, Some(Role::Gm));
/// Owns the tokens `OPEN`, `HIDDEN` and `SHADED`.
const PLAYER: Actor = actor(0xa1, Some(Role::Player));
const OTHER: Actor = actor(0xa2, Some(Role::Player));
const SPECTATOR: Actor = actor(0xa3, Some(Role::Spectator));
const STRANGER: Actor = actor(0xa4, None);
const PEOPLE: [Actor; 5] = [GM, PLAYER, OTHER, SPECTATOR, STRANGER];

/// Tokens of the base.
const OPEN: Uuid = Uuid::from_u128(0x10);
const HIDDEN: Uuid = Uuid::from_u128(0x11);
/// Not hidden, and on the layer that is.
const SHADED: Uuid = Uuid::from_u128(0x12);
/// On the layer that is shown.
const LIT: Uuid = Uuid::from_u128(0x13);
/// On no board until it is placed.
const ABSENT: Uuid = Uuid::from_u128(0x14);

const SHOWN_LAYER: Uuid = Uuid::from_u128(0x20);
const HIDDEN_LAYER: Uuid = Uuid::from_u128(0x21);

const LABEL: Uuid = Uuid::from_u128(0x30);
const AREA: Uuid = Uuid::from_u128(0x40);

const fn actor(account: u128, role: Option<Role>) -> Actor {
    let account = Uuid::from_u128(account);
    Actor { account, role }
}

fn at(x: f64, y: f64) -> Point {
    Point(Cells::new(x).unwrap(), Cells::new(y).unwrap())
}

fn token(x: f64) -> Token {
    Token::new(at(x, 0.0))
}

fn base() -> Base {
    let owned = |token: Token| Token {
        owners: [PLAYER.account].into(),
        ..token
    };
    let on = |layer, token: Token| Token {
        layer: Some(layer),
        ..token
    };
    let hidden = Token {
        hidden: true,
        ..token(2.0)
    };
    let tokens = [
        (OPEN, owned(token(1.0))),
        (HIDDEN, owned(hidden)),
        (SHADED, owned(on(HIDDEN_LAYER, token(3.0)))),
        (LIT, on(SHOWN_LAYER, token(4.0))),
    ];
    let layer = |name: &str, hidden| Layer {
        name: name.to_owned(),
        hidden,
        ..Layer::default()
    };
    let layers = [
        (SHOWN_LAYER, layer("ground", false)),
        (HIDDEN_LAYER, layer("cellar", true)),
    ];
    Base {
        tokens: BTreeMap::from(tokens),
        layers: BTreeMap::from(layers),
    }
}

/// What is drawn for the act of this number.
fn drawn(number: u64) -> Drawn {
    Drawn {
        seed: Seed(*blake3::hash(&number.to_le_bytes()).as_bytes()),
        at_us: 1_800_000_000_000_000,
    }
}

fn op(number: u64) -> Uuid {
    Uuid::from_u128(0x0b00_0000 + u128::from(number))
}

/// Asks for one deed, drawn by the number of the act that it would be.
fn act(
    state: &mut ActState,
    base: &Base,
    actor: &Actor,
    deed: Deed,
) -> Result<Applied, ActRefusal> {
    let number = state.seq(Projection::Full) + 1;
    let limits = ActLimits::default();
    state.apply(base, actor, (op(number), deed), &drawn(number), &limits)
}

fn move_to(token: Uuid, x: f64) -> Deed {
    let at = at(x, 0.0);
    Deed::Move { token, at }
}

fn place(token: Uuid, piece: Token) -> Deed {
    Deed::Place { token, piece }
}

fn roll(dice: &str, secret: bool) -> Deed {
    Deed::Roll {
        dice: dice.to_owned(),
        note: String::new(),
        secret,
    }
}

fn write(text: &str, hidden: bool) -> Deed {
    Deed::Label {
        on: LabelOn::Board {
            label: LABEL,
            at: at(0.0, 0.0),
            hidden,
        },
        text: text.to_owned(),
    }
}

fn name(token: Uuid, text: &str) -> Deed {
    Deed::Label {
        on: LabelOn::Token(token),
        text: text.to_owned(),
    }
}

fn area(corners: usize) -> Deed {
    let points = (0_u32..).take(corners).map(|x| at(f64::from(x), 1.0));
    let points = points.collect();
    Deed::Reveal {
        what: Reveal::Area { id: AREA, points },
    }
}

fn reveal(what: Reveal) -> Deed {
    Deed::Reveal { what }
}

fn hide(what: Hide) -> Deed {
    Deed::Hide { what }
}
