//! Once, not late, and never without bound.

use super::*;
use crate::auth::secrets::hash_of;

const NOW: Duration = Duration::from_secs(100);
const LATER: Duration = Duration::from_secs(130);

#[test]
fn a_ticket_is_good_once() {
    let tickets = Tickets::new(2);
    assert!(tickets.keep(hash_of("t"), hash_of("token"), NOW, LATER));
    assert_eq!(tickets.spend(hash_of("t"), NOW), Some(hash_of("token")));
    assert_eq!(tickets.spend(hash_of("t"), NOW), None);
}

#[test]
fn an_expired_ticket_is_worth_nothing_and_makes_room() {
    let tickets = Tickets::new(1);
    assert!(tickets.keep(hash_of("a"), hash_of("token"), NOW, LATER));
    assert!(!tickets.keep(hash_of("b"), hash_of("token"), NOW, LATER));
    assert!(tickets.keep(hash_of("c"), hash_of("token"), LATER, LATER * 2));
    assert_eq!(tickets.spend(hash_of("a"), LATER), None);
    assert_eq!(tickets.spend(hash_of("c"), LATER * 2), None);
}
