//! Who may do what to which token, cell by cell, and what a player is told about what he does not see.

use super::*;

/// What the answer is, in a word.
fn answer(actor: &Actor, deed: &Deed) -> &'static str {
    let mut state = ActState::default();
    match act(&mut state, &base(), actor, deed.clone()) {
        Ok(_) => "yes",
        Err(ActRefusal::Denied(_)) => "no",
        Err(ActRefusal::TokenUnknown) => "unknown",
        Err(other) => panic!("{actor:?} {deed:?}: {other:?}"),
    }
}

fn kinds(token: Uuid) -> [(Deed, &'static str); 3] {
    let degrees = Degrees::new(90.0).unwrap();
    [
        (move_to(token, 9.0), "move"),
        (Deed::Rotate { token, degrees }, "rotate"),
        (name(token, "Anna"), "name"),
    ]
}

/// Rows: a token. Cells: gm, its owner, another player, spectator, stranger.
#[test]
fn every_cell_of_what_may_be_done_to_a_token() {
    let own = [
        (OPEN, ["yes", "yes", "no", "no", "no"]),
        (LIT, ["yes", "no", "no", "no", "no"]),
        (HIDDEN, ["yes", "unknown", "unknown", "no", "no"]),
        (SHADED, ["yes", "unknown", "unknown", "no", "no"]),
        (ABSENT, ["unknown", "unknown", "unknown", "no", "no"]),
    ];
    for (token, row) in own {
        for (deed, kind) in kinds(token) {
            for (actor, cell) in PEOPLE.iter().zip(row) {
                assert_eq!(answer(actor, &deed), cell, "{kind} {token} {actor:?}");
            }
        }
        let for_gms = [
            Deed::Remove { token },
            reveal(Reveal::Token(token)),
            hide(Hide::Token(token)),
        ];
        for deed in for_gms {
            for (actor, cell) in PEOPLE.iter().zip([row[0], "no", "no", "no", "no"]) {
                assert_eq!(answer(actor, &deed), cell, "{deed:?} {actor:?}");
            }
        }
    }
}

#[test]
fn every_cell_of_what_is_about_no_token() {
    let gms = ["yes", "no", "no", "no", "no"];
    let players = ["yes", "yes", "yes", "no", "no"];
    let table = [
        (place(ABSENT, token(1.0)), gms),
        (reveal(Reveal::Layer(HIDDEN_LAYER)), gms),
        (hide(Hide::Layer(SHOWN_LAYER)), gms),
        (area(3), gms),
        (write("here", false), gms),
        (write("here", true), gms),
        (roll("d20", false), players),
        (roll("d20", true), gms),
    ];
    for (deed, row) in table {
        for (actor, cell) in PEOPLE.iter().zip(row) {
            assert_eq!(answer(actor, &deed), cell, "{deed:?} {actor:?}");
        }
    }
}

#[test]
fn a_hidden_token_is_refused_a_player_as_one_that_is_not_there() {
    let mut refusals = Vec::new();
    for token in [HIDDEN, SHADED, ABSENT] {
        for (deed, kind) in kinds(token) {
            for actor in [PLAYER, OTHER] {
                let mut state = ActState::default();
                let refusal = act(&mut state, &base(), &actor, deed.clone()).unwrap_err();
                refusals.push((refusal.clone(), refusal.to_string(), kind));
            }
        }
    }
    assert_eq!(refusals.len(), 18);
    for (refusal, sentence, kind) in &refusals {
        assert_eq!(
            (refusal.code(), refusal.rule()),
            ("token_unknown", "act.token")
        );
        assert_eq!(
            (refusal, sentence),
            (&refusals[0].0, &refusals[0].1),
            "{kind}"
        );
    }
}

#[test]
fn an_owner_may_move_his_token_as_soon_as_it_is_shown_and_no_longer_than_that() {
    let base = base();
    let mut state = ActState::default();
    let moves = |state: &mut ActState| act(state, &base, &PLAYER, move_to(HIDDEN, 7.0));
    assert_eq!(moves(&mut state), Err(ActRefusal::TokenUnknown));
    act(&mut state, &base, &GM, reveal(Reveal::Token(HIDDEN))).unwrap();
    assert!(moves(&mut state).is_ok());
    act(&mut state, &base, &GM, hide(Hide::Token(HIDDEN))).unwrap();
    assert_eq!(moves(&mut state), Err(ActRefusal::TokenUnknown));
}

#[test]
fn a_denial_names_what_one_would_need() {
    let denied = |actor: &Actor, deed| {
        let refusal = act(&mut ActState::default(), &base(), actor, deed).unwrap_err();
        (refusal.code(), refusal.rule())
    };
    let moved = denied(&OTHER, move_to(OPEN, 1.0));
    assert_eq!(moved, ("role_forbidden", "act.move"));
    let moved = denied(&SPECTATOR, move_to(OPEN, 1.0));
    assert_eq!(moved, ("role_forbidden", "act.move_own"));
    let rolled = denied(&PLAYER, roll("d20", true));
    assert_eq!(rolled, ("role_forbidden", "act.roll_secret"));
}

#[test]
fn only_gms_see_the_full_projection() {
    let seen = Role::ALL.map(Projection::of);
    assert_eq!(seen, [Projection::Full, Projection::Open, Projection::Open]);
}
