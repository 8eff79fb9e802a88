//! What is hidden has marks that nothing else has: an id, a name, a place, a turn, a seed. They are looked for in every
//! byte that goes to players.

use proptest::prelude::*;

use super::any::{deeds, people};
use super::*;

const TOKEN: Uuid = Uuid::from_u128(0xcaca_caca_0000_0000_0000_0000_0000_0001);
const PLACED: Uuid = Uuid::from_u128(0xcaca_caca_0000_0000_0000_0000_0000_0002);
const ON_LAYER: Uuid = Uuid::from_u128(0xcaca_caca_0000_0000_0000_0000_0000_0003);
const LAYER: Uuid = Uuid::from_u128(0xcaca_caca_0000_0000_0000_0000_0000_0004);
const WRITTEN: Uuid = Uuid::from_u128(0xcaca_caca_0000_0000_0000_0000_0000_0005);
const ASSET: Uuid = Uuid::from_u128(0xcaca_caca_0000_0000_0000_0000_0000_0006);
/// Of secret rolls only.
const SEED: Seed = Seed([0xca; 32]);
const WORD: &str = "canary";

const MARKS: [&str; 5] = ["cacacaca", WORD, "7777.77", "277.777", "-5555.55"];

fn marked(hidden: bool, layer: Option<Uuid>) -> Token {
    Token {
        rotation: Degrees::new(277.777).unwrap(),
        asset: Some(ASSET),
        name: WORD.to_owned(),
        owners: [PLAYER.account].into(),
        layer,
        hidden,
        ..Token::new(at(7777.77, -5555.55))
    }
}

fn marked_base() -> Base {
    let mut base = base();
    base.tokens.insert(TOKEN, marked(true, None));
    base.tokens.insert(ON_LAYER, marked(false, Some(LAYER)));
    let layer = Layer {
        name: WORD.to_owned(),
        asset: Some(ASSET),
        at: Some(at(7777.77, -5555.55)),
        hidden: true,
        ..Layer::default()
    };
    base.layers.insert(LAYER, layer);
    base
}

/// What may happen to hidden things while they stay hidden.
fn hidden_deeds() -> impl Strategy<Value = Deed> {
    let at = at(7777.77, -5555.55);
    let degrees = Degrees::new(277.777).unwrap();
    let text = || WORD.to_owned();
    let on = LabelOn::Board {
        label: WRITTEN,
        at,
        hidden: true,
    };
    let deeds = [TOKEN, PLACED, ON_LAYER].map(|token| {
        let on = LabelOn::Token(token);
        vec![
            Deed::Move { token, at },
            Deed::Rotate { token, degrees },
            Deed::Label { on, text: text() },
            Deed::Remove { token },
        ]
    });
    let mut deeds = deeds.concat();
    deeds.extend([
        place(PLACED, marked(true, None)),
        place(PLACED, marked(false, Some(LAYER))),
        hide(Hide::Token(TOKEN)),
        hide(Hide::Token(ON_LAYER)),
        hide(Hide::Layer(LAYER)),
        hide(Hide::Label(WRITTEN)),
        // On a layer that is hidden nothing is shown by itself.
        reveal(Reveal::Token(ON_LAYER)),
        Deed::Label { on, text: text() },
        Deed::Roll {
            dice: "d20".to_owned(),
            note: text(),
            secret: true,
        },
    ]);
    proptest::sample::select(deeds)
}

fn mixed() -> impl Strategy<Value = Vec<(Actor, Deed)>> {
    let deed = prop_oneof![deeds(), hidden_deeds()];
    proptest::collection::vec((people(), deed), 0..60)
}

fn marks_in(json: &str) -> Vec<&'static str> {
    let found = MARKS.into_iter().filter(|mark| json.contains(mark));
    found.collect()
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}

fn drawn_for(deed: &Deed, number: u64) -> Drawn {
    let secret = matches!(deed, Deed::Roll { secret: true, .. });
    Drawn {
        seed: if secret { SEED } else { drawn(number).seed },
        ..drawn(number)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn nothing_of_what_is_hidden_is_in_any_byte_that_goes_to_players(acts in mixed()) {
        let base = marked_base();
        let mut state = ActState::default();
        let limits = ActLimits::default();
        for (number, (actor, deed)) in (1..).zip(acts) {
            let drawn = drawn_for(&deed, number);
            let is_marked = !marks_in(&json(&deed)).is_empty();
            let applied = state.apply(&base, &actor, (op(number), deed), &drawn, &limits);
            match applied {
                Err(refusal) => prop_assert_eq!(marks_in(&format!("{refusal} {refusal:?}")), [""; 0]),
                Ok(applied) => {
                    prop_assert_eq!(marks_in(&json(&applied.open)), [""; 0]);
// The same look at what GMs get finds them.
                    prop_assert!(!is_marked || !marks_in(&json(&applied.full)).is_empty());
                }
            }
            prop_assert_eq!(marks_in(&json(&state.view(&base, Projection::Open))), [""; 0]);
        }
        let full = json(&state.view(&base, Projection::Full));
        prop_assert!(full.contains(&LAYER.to_string()), "{}", full);
    }
}

#[test]
fn every_mark_is_found_where_it_may_be_seen() {
    let base = marked_base();
    let state = ActState::default();
    let full = json(&state.view(&base, Projection::Full));
    assert_eq!(marks_in(&full), MARKS);
    let mut state = state;
    let shown = act(&mut state, &base, &GM, reveal(Reveal::Token(TOKEN))).unwrap();
    assert_eq!(marks_in(&json(&shown.open)), MARKS);
    let deed = roll("d20", true);
    let drawn = drawn_for(&deed, 2);
    let rolled = state.apply(&base, &GM, (op(2), deed), &drawn, &ActLimits::default());
    let rolled = rolled.unwrap();
    assert_eq!(marks_in(&json(&rolled.full)), ["cacacaca"]);
    assert_eq!(rolled.open, None);
}

#[test]
fn what_happens_to_a_token_while_it_is_hidden_again_is_not_seen() {
    let base = base();
    let mut state = ActState::default();
    let mut open = Vec::new();
    let steps = [
        (GM, hide(Hide::Token(OPEN))),
        (GM, move_to(OPEN, 7777.77)),
        (GM, name(OPEN, WORD)),
    ];
    for (actor, deed) in steps {
        open.push(act(&mut state, &base, &actor, deed).unwrap().open);
    }
    assert_eq!(open.iter().flatten().count(), 1, "{open:?}");
    assert_eq!(marks_in(&json(&open)), [""; 0]);
    let view = json(&state.view(&base, Projection::Open));
    assert_eq!(marks_in(&view), [""; 0]);
    assert!(!view.contains(&OPEN.to_string()));
    // Shown again, it is seen with all that happened to it.
    let shown = act(&mut state, &base, &GM, reveal(Reveal::Token(OPEN))).unwrap();
    assert_eq!(marks_in(&json(&shown.open)), [WORD, "7777.77"]);
    assert_eq!(shown.open.unwrap().seq, 2);
}

#[test]
fn secret_rolls_push_out_no_open_ones() {
    let base = Base::default();
    let mut state = ActState::default();
    for _ in 0..ROLLS_KEPT {
        act(&mut state, &base, &PLAYER, roll("d20", false)).unwrap();
    }
    let before = state.view(&base, Projection::Open);
    for _ in 0..=ROLLS_KEPT {
        let rolled = act(&mut state, &base, &GM, roll("d20", true)).unwrap();
        assert_eq!(rolled.open, None);
    }
    assert_eq!(state.view(&base, Projection::Open), before);
    let full = state.view(&base, Projection::Full);
    assert_eq!(full.rolls.len(), ROLLS_KEPT);
    assert_eq!(full.secret_rolls.len(), ROLLS_KEPT);
}
