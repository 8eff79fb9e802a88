//! What is remembered, for how long, and that a sign-out beats it.

use super::*;
use crate::auth::secrets::hash_of;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const NEVER_US: i64 = i64::MAX;

fn who(token: &str) -> Identity {
    Identity {
        account: Uuid::from_u128(7),
        login: token.to_owned(),
        realm: Uuid::nil(),
        realm_name: "main".to_owned(),
        is_service: false,
        token: hash_of(token),
        device: String::new(),
        expires_us: NEVER_US,
    }
}

fn is_good(all: &Remembered, token: &str, now: Duration, now_us: i64) -> bool {
    let memory = all.recall(hash_of(token), now, now_us);
    matches!(memory, Some(Memory::Good(found)) if found.login == token)
}

#[test]
fn a_good_token_is_remembered_for_its_time_after_it_was_last_confirmed() {
    let all = Remembered::new(10, DAY);
    assert!(!is_good(&all, "a", DAY, 0), "never seen");
    all.confirm(&who("a"), DAY);
    assert!(is_good(&all, "a", DAY * 2 - Duration::from_millis(1), 0));
    all.confirm(&who("a"), DAY + DAY / 2);
    assert!(is_good(&all, "a", DAY * 2, 0));
    assert!(!is_good(&all, "a", DAY * 3, 0));
}

#[test]
fn a_token_is_not_remembered_beyond_its_own_end() {
    let all = Remembered::new(10, DAY);
    let expires_us = 1_000;
    all.confirm(
        &Identity {
            expires_us,
            ..who("a")
        },
        DAY,
    );
    assert!(is_good(&all, "a", DAY, 999));
    assert!(!is_good(&all, "a", DAY, 1_000));
}

#[test]
fn a_sign_out_beats_a_confirmation_that_was_under_way() {
    let all = Remembered::new(10, DAY);
    all.confirm(&who("a"), DAY);
    assert!(matches!(all.sign_out(hash_of("a")), Some(Memory::Good(_))));
    all.confirm(&who("a"), DAY);
    let memory = all.recall(hash_of("a"), DAY, 0);
    assert!(matches!(memory, Some(Memory::SignedOut)), "{memory:?}");
    let again = all.sign_out(hash_of("a"));
    assert!(matches!(again, Some(Memory::SignedOut)), "{again:?}");
}

#[test]
fn a_token_that_never_was_is_signed_out_until_that_is_known() {
    let all = Remembered::new(10, DAY);
    assert!(all.sign_out(hash_of("garbage")).is_none());
    assert!(all.recall(hash_of("garbage"), DAY, 0).is_some());
    all.forget(hash_of("garbage"));
    assert!(all.recall(hash_of("garbage"), DAY, 0).is_none());
}

#[test]
fn an_account_whose_tokens_are_revoked_has_none_left() {
    let all = Remembered::new(10, DAY);
    for token in ["a", "b"] {
        all.confirm(&who(token), DAY);
    }
    all.sign_out_account(Uuid::from_u128(7), Some(hash_of("b")));
    assert!(!is_good(&all, "a", DAY, 0) && is_good(&all, "b", DAY, 0));
    all.sign_out_account(Uuid::from_u128(7), None);
    assert!(!is_good(&all, "a", DAY, 0) && !is_good(&all, "b", DAY, 0));
}

#[test]
fn the_memory_is_bounded_and_keeps_what_is_used() {
    let all = Remembered::new(10, DAY);
    for n in 0..100 {
        all.confirm(&who(&n.to_string()), DAY);
        assert!(n == 0 || is_good(&all, "0", DAY, 0), "used in every round");
        let held = all.with(|all| all.young.len() + all.old.len());
        assert!(held <= 10, "{held}");
    }
    assert!(is_good(&all, "99", DAY, 0) && !is_good(&all, "1", DAY, 0));
}
