//! What is remembered of bans, and for how long.

use super::*;

fn ban(ends_at_us: Option<i64>) -> Ban {
    Ban {
        reason: "spam".to_owned(),
        ends_at_us,
    }
}

#[test]
fn a_ban_holds_until_its_end_or_until_it_is_taken_back() {
    let (bans, who) = (Bans::new(10), Uuid::from_u128(1));
    assert_eq!(bans.of(who, 0), None);
    bans.put(who, ban(Some(5)), 0);
    assert_eq!(bans.of(who, 4), Some(ban(Some(5))));
    assert_eq!(bans.of(who, 5), None);
    bans.put(who, ban(None), 0);
    assert_eq!(bans.of(who, i64::MAX), Some(ban(None)));
    assert!(bans.take(who));
    assert!(!bans.take(who));
    assert_eq!(bans.of(who, 0), None);
}

#[test]
fn what_has_ended_makes_room_and_what_holds_does_not() {
    let bans = Bans::new(2);
    let [a, b, c, d] = [1, 2, 3, 4].map(Uuid::from_u128);
    bans.put(a, ban(Some(5)), 0);
    bans.put(b, ban(None), 0);
    bans.put(c, ban(None), 4);
    assert_eq!(bans.of(c, 4), None, "no room");
    bans.put(c, ban(None), 5);
    bans.put(d, ban(None), 5);
    let held = [a, b, c, d].map(|who| bans.of(who, 5).is_some());
    assert_eq!(held, [false, true, true, false]);
    bans.put(b, ban(Some(9)), 5);
    assert_eq!(
        bans.of(b, 5),
        Some(ban(Some(9))),
        "a later one takes its place"
    );
}
