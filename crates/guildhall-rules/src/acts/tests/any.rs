//! Any act by anybody, on ids of which some are on the board.

use proptest::prelude::*;

use super::*;

const TOKENS: [Uuid; 5] = [OPEN, HIDDEN, SHADED, LIT, ABSENT];

fn tokens() -> impl Strategy<Value = Uuid> {
    prop_oneof![
        proptest::sample::select(TOKENS.to_vec()),
        (0x50_u128..0x54).prop_map(Uuid::from_u128),
    ]
}

fn layers() -> impl Strategy<Value = Uuid> {
    (0x20_u128..0x23).prop_map(Uuid::from_u128)
}

fn labels() -> impl Strategy<Value = Uuid> {
    (0x30_u128..0x33).prop_map(Uuid::from_u128)
}

fn areas() -> impl Strategy<Value = Uuid> {
    (0x40_u128..0x43).prop_map(Uuid::from_u128)
}

/// Quarters, so that no place or turn is one of the marks that `canary.rs` looks for.
fn quarters(quarters: std::ops::Range<i32>) -> impl Strategy<Value = f64> {
    quarters.prop_map(|quarters| f64::from(quarters) / 4.0)
}

fn points() -> impl Strategy<Value = Point> {
    let side = || prop_oneof![quarters(-80..80), quarters(-36_000..36_000)];
    (side(), side()).prop_map(|(x, y)| at(x, y))
}

fn turns() -> impl Strategy<Value = Degrees> {
    quarters(-2_880..2_880).prop_map(|turn| Degrees::new(turn).unwrap())
}

fn pieces() -> impl Strategy<Value = Token> {
    let owners = proptest::sample::subsequence(vec![PLAYER.account, OTHER.account], 0..=2);
    let looks = (points(), turns(), quarters(0..12), "[a-c \"é]{0,4}");
    let lies = (
        owners,
        proptest::option::weighted(0.3, layers()),
        any::<bool>(),
    );
    (looks, lies).prop_map(
        |((at, rotation, size, name), (owners, layer, hidden))| Token {
            at,
            rotation,
            size: Size(Cells::new(size).unwrap(), Cells::ONE),
            asset: None,
            name,
            owners: owners.into_iter().collect(),
            layer,
            hidden,
        },
    )
}

fn shown() -> impl Strategy<Value = Reveal> {
    let corners = proptest::collection::vec(points(), 2..5);
    prop_oneof![
        tokens().prop_map(Reveal::Token),
        layers().prop_map(Reveal::Layer),
        labels().prop_map(Reveal::Label),
        (areas(), corners).prop_map(|(id, points)| Reveal::Area { id, points }),
    ]
}

fn covered() -> impl Strategy<Value = Hide> {
    prop_oneof![
        tokens().prop_map(Hide::Token),
        layers().prop_map(Hide::Layer),
        labels().prop_map(Hide::Label),
        areas().prop_map(Hide::Area),
    ]
}

fn labelled() -> impl Strategy<Value = LabelOn> {
    let board = (labels(), points(), any::<bool>());
    prop_oneof![
        tokens().prop_map(LabelOn::Token),
        board.prop_map(|(label, at, hidden)| LabelOn::Board { label, at, hidden }),
    ]
}

pub fn deeds() -> impl Strategy<Value = Deed> {
    let dice = proptest::sample::select(vec!["d20", "2d6+1", "4d6kh3", "d1", "x"]);
    let place = (tokens(), pieces());
    let turn = (tokens(), turns());
    let rolls = (dice, "[a-c]{0,3}", any::<bool>());
    prop_oneof![
        place.prop_map(|(token, piece)| Deed::Place { token, piece }),
        (tokens(), points()).prop_map(|(token, at)| Deed::Move { token, at }),
        turn.prop_map(|(token, degrees)| Deed::Rotate { token, degrees }),
        tokens().prop_map(|token| Deed::Remove { token }),
        shown().prop_map(|what| Deed::Reveal { what }),
        covered().prop_map(|what| Deed::Hide { what }),
        (labelled(), "[a-c\n]{0,3}").prop_map(|(on, text)| Deed::Label { on, text }),
        rolls.prop_map(|(dice, note, secret)| Deed::Roll {
            dice: dice.to_owned(),
            note,
            secret,
        }),
    ]
}

/// Mostly GMs and players, so that much is done.
pub fn people() -> impl Strategy<Value = Actor> {
    prop_oneof![
        4 => Just(GM),
        2 => Just(PLAYER),
        1 => proptest::sample::select(PEOPLE.to_vec()),
    ]
}

pub fn acts() -> impl Strategy<Value = Vec<(Actor, Deed)>> {
    proptest::collection::vec((people(), deeds()), 0..60)
}
