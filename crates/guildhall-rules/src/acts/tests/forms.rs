//! What visibility hangs on: whoever folds what he is sent has what the board shows him, and a player can tell from
//! nothing that he is told what there is that he does not see.

use proptest::prelude::*;

use super::any::{acts, deeds};
use super::*;

/// Does all of them; what was applied, in order.
fn all(base: &Base, acts: Vec<(Actor, Deed)>) -> (ActState, Vec<Applied>) {
    let mut state = ActState::default();
    let each = acts.into_iter();
    let done = each.filter_map(|(actor, deed)| act(&mut state, base, &actor, deed).ok());
    let done = done.collect();
    (state, done)
}

/// The board as if nothing were hidden on it because nothing hidden is there.
fn without_what_is_hidden(state: &ActState, base: &Base) -> (ActState, Base) {
    let view = state.view(base, Projection::Open);
    let bare = ActState {
        seq: view.seq,
        open_seq: view.seq,
        labels: view.labels,
        areas: view.areas,
        rolls: view.rolls,
        ..ActState::default()
    };
    let base = Base {
        tokens: view.tokens,
        layers: view.layers,
    };
    (bare, base)
}

/// What whoever sees the open side gets to know of an act.
fn told(answer: Result<Applied, ActRefusal>) -> Result<Option<ActView>, ActRefusal> {
    answer.map(|applied| applied.open)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn who_folds_the_acts_has_the_view_in_either_projection(acts in acts(), joins in any::<prop::sample::Index>()) {
        let base = base();
        let mut state = ActState::default();
        let begins = Projection::ALL.map(|projection| state.view(&base, projection));
        let (mut folded, mut joined) = (begins, None);
        let joins = joins.index(acts.len() + 1);
        for (number, (actor, deed)) in acts.into_iter().enumerate() {
            if number == joins {
                joined = Some(Projection::ALL.map(|projection| state.view(&base, projection)));
            }
            let Ok(applied) = act(&mut state, &base, &actor, deed) else { continue };
            let joiners = joined.iter_mut().chain([&mut folded]);
            for views in joiners {
                for (view, projection) in views.iter_mut().zip(Projection::ALL) {
                    if let Some(seen) = applied.view(projection) {
                        let json = serde_json::to_string(seen).unwrap();
                        let seen: ActView = serde_json::from_str(&json).unwrap();
                        prop_assert_eq!(view.fold(&seen), Ok(()));
                    }
                }
            }
            for views in joined.iter().chain([&folded]) {
                for (view, projection) in views.iter().zip(Projection::ALL) {
                    prop_assert_eq!(view, &state.view(&base, projection));
                }
            }
        }
    }

    #[test]
    fn a_player_learns_nothing_from_how_his_acts_are_answered(acts in acts(), deed in deeds()) {
        let base = base();
        let (state, _) = all(&base, acts);
        let (bare, bare_base) = without_what_is_hidden(&state, &base);
        let number = (op(1), deed);
        for actor in [PLAYER, OTHER, SPECTATOR, STRANGER] {
            let ask = |mut state: ActState, base: &Base| {
                let limits = ActLimits::default();
                told(state.apply(base, &actor, number.clone(), &drawn(1), &limits))
            };
            let there = ask(state.clone(), &base);
            prop_assert_eq!(there, ask(bare.clone(), &bare_base));
        }
    }

    #[test]
    fn what_somebody_does_is_in_his_own_sequence(acts in acts()) {
        let base = base();
        let mut state = ActState::default();
        for (actor, deed) in acts {
            let Ok(applied) = act(&mut state, &base, &actor, deed) else { continue };
            let role = actor.role.expect("strangers do nothing");
            prop_assert!(applied.view(Projection::of(role)).is_some());
        }
    }

    #[test]
    fn what_is_refused_changes_nothing(acts in acts()) {
        let base = base();
        let mut state = ActState::default();
        for (actor, deed) in acts {
            let before = state.clone();
            if let Err(refusal) = act(&mut state, &base, &actor, deed) {
                prop_assert_eq!(&state, &before);
                prop_assert!(!refusal.code().is_empty() && !refusal.rule().is_empty());
                prop_assert!(refusal.to_string().len() < 300, "{}", refusal);
            }
        }
    }

    #[test]
    fn a_checkpoint_and_the_tail_are_the_whole(acts in acts(), cut in any::<prop::sample::Index>()) {
        let base = base();
        let (state, done) = all(&base, acts.clone());
        let cut = cut.index(done.len() + 1);
        let mut restored = ActState::default();
        for (number, applied) in done.iter().enumerate() {
            if number == cut {
                restored = ActState::decode(&restored.encode().unwrap()).unwrap();
            }
            let bytes = applied.record.encode().unwrap();
            prop_assert!(bytes.len() <= ACT_BYTES_MAX);
            let again = restored.replay(&base, ActRecord::decode(&bytes).unwrap());
            prop_assert_eq!(again.as_ref(), Ok(applied));
        }
        prop_assert_eq!(&restored, &state);
        prop_assert_eq!(restored.encode().unwrap(), state.encode().unwrap());
        prop_assert_eq!(all(&base, acts).0, state);
    }

    #[test]
    fn the_board_is_never_touched_beneath_the_acts(acts in acts()) {
        let base = base();
        let before = base.clone();
        all(&base, acts);
        prop_assert_eq!(base, before);
    }
}

#[test]
fn what_is_done_again_must_follow_on_what_there_is() {
    let base = base();
    let (_, done) = all(
        &base,
        vec![(GM, move_to(OPEN, 5.0)), (GM, move_to(OPEN, 6.0))],
    );
    let mut state = ActState::default();
    let gap = state.replay(&base, done[1].record.clone());
    let (expected, found) = (1, 2);
    assert_eq!(gap, Err(ReplayFault::Gap(Gap { expected, found })));
    assert_eq!(state, ActState::default());
    assert!(state.replay(&base, done[0].record.clone()).is_ok());
    assert!(state.replay(&base, done[0].record.clone()).is_err());
}

#[test]
fn what_is_done_again_on_another_base_is_refused_and_changes_nothing() {
    let (_, done) = all(&base(), vec![(GM, move_to(OPEN, 5.0))]);
    let mut state = ActState::default();
    let why = ActRefusal::TokenUnknown;
    let again = state.replay(&Base::default(), done[0].record.clone());
    assert_eq!(again, Err(ReplayFault::Refused { seq: 1, why }));
    assert_eq!(state, ActState::default());
}

#[test]
fn a_roll_that_was_kept_without_its_seed_is_not_rolled_anew() {
    let (_, mut done) = all(&base(), vec![(GM, roll("d20", false))]);
    done[0].record.seed = None;
    let again = ActState::default().replay(&base(), done[0].record.clone());
    let why = ActRefusal::SeedMissing;
    assert_eq!(again, Err(ReplayFault::Refused { seq: 1, why }));
}

#[test]
fn a_view_does_not_take_what_does_not_follow() {
    let base = base();
    let (_, done) = all(
        &base,
        vec![(GM, move_to(OPEN, 5.0)), (GM, move_to(OPEN, 6.0))],
    );
    let mut view = ActState::default().view(&base, Projection::Open);
    let before = view.clone();
    let (expected, found) = (1, 2);
    assert_eq!(
        view.fold(done[1].open.as_ref().unwrap()),
        Err(Gap { expected, found })
    );
    assert_eq!(view, before);
}

#[test]
fn numbers_go_on_behind_a_hole_and_never_back() {
    let mut state = ActState::default();
    state.number_from(17, 11);
    state.number_from(3, 2);
    let applied = act(&mut state, &base(), &GM, move_to(OPEN, 5.0)).unwrap();
    assert_eq!((applied.full.seq, applied.open.unwrap().seq), (18, 12));
    let applied = act(&mut state, &base(), &GM, move_to(HIDDEN, 5.0)).unwrap();
    assert_eq!((applied.full.seq, applied.record.open_seq), (19, 12));
    assert_eq!(applied.open, None);
}

#[test]
fn to_reveal_a_token_looks_like_placing_it_and_to_hide_it_like_removing_it() {
    let base = base();
    let piece = base.tokens[&HIDDEN].clone();
    let piece = Token {
        hidden: false,
        ..piece
    };
    let changes = |base: &Base, deed| {
        let mut state = ActState::default();
        let applied = act(&mut state, base, &GM, deed).unwrap();
        applied.open.unwrap().changes
    };
    let revealed = changes(&base, reveal(Reveal::Token(HIDDEN)));
    assert_eq!(revealed, changes(&Base::default(), place(HIDDEN, piece)));
    let covered = changes(&base, hide(Hide::Token(OPEN)));
    let token = OPEN;
    assert_eq!(covered, changes(&base, Deed::Remove { token }));
}

#[test]
fn a_layer_is_shown_and_hidden_with_what_lies_on_it() {
    let base = base();
    let mut state = ActState::default();
    let mut ids = |deed| {
        let applied = act(&mut state, &base, &GM, deed).unwrap();
        let changes = applied.open.map(|open| open.changes).unwrap_or_default();
        changes
            .iter()
            .map(|change| match change {
                Change::TokenSet { token, .. } => (true, *token),
                Change::TokenGone { token } => (false, *token),
                Change::LayerSet { layer, .. } => (true, *layer),
                Change::LayerGone { layer } => (false, *layer),
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    let shown = [(true, HIDDEN_LAYER), (true, SHADED)];
    assert_eq!(ids(reveal(Reveal::Layer(HIDDEN_LAYER))), shown);
    // Once more: what is seen already is not sent again.
    assert_eq!(ids(reveal(Reveal::Layer(HIDDEN_LAYER))), shown[..1]);
    assert_eq!(ids(hide(Hide::Token(SHADED))), [(false, SHADED)]);
    assert_eq!(
        ids(hide(Hide::Layer(HIDDEN_LAYER))),
        [(false, HIDDEN_LAYER)]
    );
    assert_eq!(ids(reveal(Reveal::Token(SHADED))), []);
    assert_eq!(ids(reveal(Reveal::Layer(HIDDEN_LAYER))), shown);
}
