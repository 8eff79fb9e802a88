//! Once, not late, and never without bound.

use super::*;
use crate::auth::secrets::hash_of;

const NOW: Duration = Duration::from_secs(100);
const LATER: Duration = Duration::from_secs(130);

/// Keeps a ticket of this account, of which two may be unused.
fn keep(tickets: &Tickets, secret: &str, account: u128, now: Duration) -> Result<(), Code> {
    let ticket = Ticket {
        token: hash_of("token"),
        account: Uuid::from_u128(account),
        expires: now + (LATER - NOW),
    };
    let kept = tickets.keep(hash_of(secret), ticket, now, 2);
    kept.map_err(|refusal| refusal.code)
}

#[test]
fn a_ticket_is_good_once() {
    let tickets = Tickets::new(2);
    keep(&tickets, "t", 1, NOW).unwrap();
    assert_eq!(tickets.spend(hash_of("t"), NOW), Some(hash_of("token")));
    assert_eq!(tickets.spend(hash_of("t"), NOW), None);
}

#[test]
fn an_expired_ticket_is_worth_nothing_and_makes_room() {
    let tickets = Tickets::new(1);
    keep(&tickets, "a", 1, NOW).unwrap();
    assert_eq!(keep(&tickets, "b", 2, NOW), Err(Code::Overloaded));
    keep(&tickets, "c", 2, LATER).unwrap();
    assert_eq!(tickets.spend(hash_of("a"), LATER), None);
    assert_eq!(tickets.spend(hash_of("c"), LATER * 2), None);
}

#[test]
fn one_account_cannot_take_all_room() {
    let tickets = Tickets::new(10);
    for secret in ["a", "b"] {
        keep(&tickets, secret, 1, NOW).unwrap();
    }
    assert_eq!(keep(&tickets, "c", 1, NOW), Err(Code::LimitReached));
    keep(&tickets, "d", 2, NOW).unwrap();
    assert!(tickets.spend(hash_of("a"), NOW).is_some());
    keep(&tickets, "e", 1, NOW).unwrap();
    assert_eq!(keep(&tickets, "f", 1, NOW), Err(Code::LimitReached));
    keep(&tickets, "g", 1, LATER).unwrap();
}
