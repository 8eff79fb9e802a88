//! What the door counts, and what it forgets. The growing of waits is tested in the rules.

use std::net::IpAddr;

use super::*;

const NOW: Duration = Duration::from_secs(1_000);

fn at(text: &str) -> Address {
    text.parse::<IpAddr>().unwrap().into()
}

fn login(key: &str) -> LoginTried {
    LoginTried::new(Uuid::from_u128(1), key)
}

fn doors(change: impl FnOnce(&mut DoorLimits)) -> Doors {
    let mut limits = DoorLimits {
        failures_free: 2,
        address_failures_free: 3,
        sign_ins_per_address_burst: 2,
        sign_ins_per_address_per_min: 60,
        ..DoorLimits::default()
    };
    change(&mut limits);
    Doors::new(&limits)
}

/// The code and the wait of a refusal.
fn refused(outcome: Result<(), Refusal>) -> Option<(Code, u64)> {
    let refusal = outcome.err()?;
    let wait_ms = refusal.detail.unwrap()["retry_after_ms"].as_u64().unwrap();
    Some((refusal.code, wait_ms))
}

#[test]
fn each_address_and_each_kind_of_knock_is_counted_by_itself() {
    let doors = doors(|_| {});
    let knock = |knock, from| refused(doors.knock(knock, at(from), NOW));
    assert_eq!(knock(Knock::SignIn, "192.0.2.1"), None);
    assert_eq!(knock(Knock::SignIn, "192.0.2.1"), None);
    let limited = Some((Code::RateLimited, 1_000));
    assert_eq!(knock(Knock::SignIn, "192.0.2.1"), limited);
    assert_eq!(knock(Knock::SignIn, "192.0.2.2"), None);
    assert_eq!(knock(Knock::SignUp, "192.0.2.1"), None);
    assert_eq!(knock(Knock::Handshake, "192.0.2.1"), None);
}

#[test]
fn attempts_under_way_count_as_wrong_until_they_are_known_to_be_right() {
    let doors = doors(|_| {});
    let attempt = || refused(doors.attempt(login("anna"), at("192.0.2.1"), NOW));
    assert_eq!([attempt(), attempt(), attempt()], [None, None, None]);
    let locked = Some((Code::TooManyAttempts, 1_000));
    assert_eq!(attempt(), locked);
    doors.was_not_decided(login("anna"), NOW);
    assert_eq!(attempt(), None);
    assert_eq!(attempt(), locked);
    doors.was_right(login("anna"));
    assert_eq!(attempt(), None);
}

#[test]
fn an_address_that_guesses_at_many_logins_is_locked_and_others_are_not() {
    let doors = doors(|_| {});
    let attempt = |key, from| refused(doors.attempt(login(key), at(from), NOW));
    for key in ["a", "b", "c", "d"] {
        assert_eq!(attempt(key, "2001:db8::1"), None);
        doors.was_wrong(at("2001:db8::1"), NOW);
    }
    let locked = Some((Code::TooManyAttempts, 1_000));
    assert_eq!(attempt("e", "2001:db8::2"), locked);
    assert_eq!(attempt("e", "2001:db8:0:1::1"), None);
}

#[test]
fn the_same_login_of_another_realm_is_another() {
    assert_ne!(login("anna"), LoginTried::new(Uuid::from_u128(2), "anna"));
    assert_ne!(login("anna"), login("bert"));
}
