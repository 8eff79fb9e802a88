//! What becomes of acts when the board gets another head.

use super::*;

const LIMITS: fn() -> ActLimits = ActLimits::default;

/// Moves an open token, removes another, places a third, shows a layer, writes, uncovers, rolls.
fn evening() -> (Base, ActState, Vec<ActRecord>) {
    let base = base();
    let mut state = ActState::default();
    let deeds = [
        move_to(OPEN, 5.0),
        Deed::Remove { token: LIT },
        place(ABSENT, token(6.0)),
        reveal(Reveal::Layer(HIDDEN_LAYER)),
        write("here", false),
        area(3),
        roll("d20", false),
    ];
    let done = deeds.map(|deed| act(&mut state, &base, &GM, deed).unwrap().record);
    (base, state, done.to_vec())
}

fn without(base: &Base, token: Uuid) -> Base {
    let mut base = base.clone();
    base.tokens.remove(&token);
    base
}

#[test]
fn a_head_that_contains_no_acts_lies_under_all_of_them() {
    let (base, state, _) = evening();
    let moved = state.head_moved(&base, &base, None, &LIMITS()).unwrap();
    assert_eq!((moved.superseded.len(), moved.lost_tokens.len()), (0, 0));
    for projection in Projection::ALL {
        let before = state.view(&base, projection);
        let after = moved.state.view(&base, projection);
        assert_eq!(after.seq, before.seq + 1);
        assert_eq!(View { seq: 0, ..after }, View { seq: 0, ..before });
    }
}

#[test]
fn a_token_that_the_new_document_does_not_have_is_lost_with_what_was_done_to_it() {
    let (base, state, _) = evening();
    let to = without(&base, OPEN);
    let moved = state.head_moved(&base, &to, None, &LIMITS()).unwrap();
    assert_eq!(moved.lost_tokens, [OPEN]);
    let view = moved.state.view(&to, Projection::Full);
    assert_eq!(view.tokens.get(&OPEN), None);
    // What was placed by an act is no document's.
    assert!(view.tokens.contains_key(&ABSENT));
    // Nor does anything stay that was said of things that are gone.
    let none = Base::default();
    let moved = state.head_moved(&base, &none, None, &LIMITS()).unwrap();
    assert!(moved.state.gone.is_empty() && moved.state.layers.is_empty());
    let tokens: Vec<_> = moved.state.tokens.keys().collect();
    assert_eq!(tokens, [&ABSENT]);
}

#[test]
fn a_head_that_contains_the_first_acts_has_the_others_done_again() {
    let (base, state, records) = evening();
    let (contained, later) = records.split_at(2);
    assert_eq!(contained.len(), 2);
    let to = without(&base, LIT);
    let moved = state
        .head_moved(&base, &to, Some(later), &LIMITS())
        .unwrap();
    assert!(moved.superseded.is_empty());
    let view = moved.state.view(&to, Projection::Full);
    // The document decides where the moved token is now.
    assert_eq!(view.tokens[&OPEN], base.tokens[&OPEN]);
    assert!(view.tokens.contains_key(&ABSENT));
    assert!(!view.layers[&HIDDEN_LAYER].hidden);
    assert_eq!(
        (view.labels.len(), view.areas.len(), view.rolls.len()),
        (1, 1, 1)
    );
    assert_eq!(view.seq, state.seq(Projection::Full) + 1);
}

#[test]
fn acts_that_the_new_head_leaves_nothing_to_do_for_are_superseded() {
    let (base, state, records) = evening();
    let mut to = without(&without(&base, LIT), OPEN);
    to.tokens.insert(ABSENT, token(1.0));
    let moved = state.head_moved(&base, &to, Some(&records), &LIMITS());
    let superseded = moved.unwrap().superseded;
    assert_eq!(superseded, [records[0].op, records[1].op, records[2].op]);
    // All that is in the document stays as it is when nothing is left over.
    let moved = state.head_moved(&base, &to, Some(&[]), &LIMITS()).unwrap();
    let tokens = moved.state.view(&to, Projection::Full).tokens;
    assert_eq!(tokens, to.tokens);
}

#[test]
fn a_head_that_leaves_no_room_for_what_was_placed_is_refused() {
    let (base, state, _) = evening();
    let limits = ActLimits {
        tokens_max: 4,
        ..LIMITS()
    };
    assert!(state.head_moved(&base, &base, None, &limits).is_ok());
    let mut to = base.clone();
    to.tokens.insert(Uuid::from_u128(0x99), token(1.0));
    let refused = state.head_moved(&base, &to, None, &limits).unwrap_err();
    assert_eq!(refused.rule(), "limits.acts.tokens_max");
}

#[test]
fn what_an_act_has_hidden_stays_hidden_on_the_next_head() {
    let base = base();
    let mut state = ActState::default();
    act(&mut state, &base, &GM, hide(Hide::Token(OPEN))).unwrap();
    act(&mut state, &base, &GM, hide(Hide::Layer(SHOWN_LAYER))).unwrap();
    let moved = state.head_moved(&base, &base, None, &LIMITS()).unwrap();
    let view = moved.state.view(&base, Projection::Open);
    assert!(view.tokens.is_empty() && view.layers.is_empty());
    // A layer that is gone hides what was placed on it.
    let on_layer = Token {
        layer: Some(SHOWN_LAYER),
        ..token(1.0)
    };
    let mut state = ActState::default();
    act(&mut state, &base, &GM, place(ABSENT, on_layer)).unwrap();
    let none = Base::default();
    let moved = state.head_moved(&base, &none, None, &LIMITS()).unwrap();
    let open = moved.state.view(&none, Projection::Open);
    let full = moved.state.view(&none, Projection::Full);
    assert_eq!((open.tokens.len(), full.tokens.len()), (0, 1));
}
