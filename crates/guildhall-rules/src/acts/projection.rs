//! Who sees what: the one place where it is decided which things of a board go into which projection.
//!
//! Everything that anybody is sent of a board (a live act, the tail, a joiner's view, history, an export) is made of
//! what [`ActState::look`] gives here.

use uuid::Uuid;

use super::measure::Point;
use super::state::ActState;
use super::things::{Base, Label, Layer, Roll, Token};
use super::view::View;
use crate::rights::{BoardAct, Role, may_on_board};

/// Which of the two pictures of a board somebody sees. Each has a sequence of its own, without gaps, so that nobody
/// can count what is kept from him.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Projection {
    /// All there is.
    Full,
    /// What is not hidden.
    Open,
}

impl Projection {
    pub const ALL: [Projection; 2] = [Projection::Full, Projection::Open];

    /// What a member of this role sees. Who is none sees nothing; ask for that before.
    pub fn of(role: Role) -> Self {
        match may_on_board(Some(role), BoardAct::SeeHidden) {
            Ok(()) => Projection::Full,
            Err(_) => Projection::Open,
        }
    }

    /// Whether something of which this is said is seen here.
    fn shows(self, hidden: bool) -> bool {
        self == Projection::Full || !hidden
    }
}

/// What a change may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Token(Uuid),
    Layer(Uuid),
    Label(Uuid),
    Area(Uuid),
}

/// What is to be seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    Token(Token),
    Layer(Layer),
    Label(Label),
    Area(Vec<Point>),
}

impl ActState {
    /// The board as this projection shows it: what a client that folds every act of the projection has, too.
    pub fn view(&self, base: &Base, projection: Projection) -> View {
        let keys = self.tokens(base).map(|(id, _)| Key::Token(id));
        let keys = keys
            .chain(base.layers.keys().copied().map(Key::Layer))
            .chain(self.labels.keys().copied().map(Key::Label))
            .chain(self.areas.keys().copied().map(Key::Area));
        let mut view = View::at(self.seq(projection));
        for key in keys {
            view.put(key, self.look(base, key, projection));
        }
        let rolls = self.rolls.iter().chain(&self.secret_rolls);
        for roll in rolls.filter_map(|roll| seen_roll(roll, projection)) {
            view.add_roll(roll);
        }
        view
    }

    /// What this projection shows of one thing, if anything. Every field is named here: one that is added must
    /// say who sees it.
    pub(super) fn look(&self, base: &Base, key: Key, projection: Projection) -> Option<Thing> {
        match key {
            Key::Token(id) => {
                let token = self.token(base, id)?;
                self.seen_token(base, token, projection).map(Thing::Token)
            }
            Key::Layer(id) => {
                let Layer {
                    name,
                    asset,
                    at,
                    size,
                    hidden,
                } = self.layer(base, id)?;
                let seen = Layer {
                    name,
                    asset,
                    at,
                    size,
                    hidden,
                };
                projection.shows(hidden).then_some(Thing::Layer(seen))
            }
            Key::Label(id) => {
                let Label { at, text, hidden } = self.labels.get(&id)?.clone();
                let seen = Label { at, text, hidden };
                projection.shows(hidden).then_some(Thing::Label(seen))
            }
            Key::Area(id) => self.areas.get(&id).cloned().map(Thing::Area),
        }
    }

    fn seen_token(&self, base: &Base, token: &Token, projection: Projection) -> Option<Token> {
        let Token {
            at,
            rotation,
            size,
            asset,
            name,
            owners,
            layer,
            hidden,
        } = token;
        if !projection.shows(*hidden || !self.is_open(base, *layer)) {
            return None;
        }
        Some(Token {
            at: *at,
            rotation: *rotation,
            size: *size,
            asset: *asset,
            name: name.clone(),
            owners: owners.clone(),
            layer: *layer,
            hidden: *hidden,
        })
    }
}

/// What this projection shows of a roll.
pub(super) fn seen_roll(roll: &Roll, projection: Projection) -> Option<Roll> {
    let Roll {
        by,
        at_us,
        dice,
        note,
        secret,
        seed,
        rolled,
    } = roll;
    projection.shows(*secret).then(|| Roll {
        by: *by,
        at_us: *at_us,
        dice: dice.clone(),
        note: note.clone(),
        secret: *secret,
        seed: *seed,
        rolled: rolled.clone(),
    })
}
