//! What was left is handed out once, and the oldest is forgotten first.

use super::*;

fn token(n: u8) -> SecretHash {
    SecretHash([n; 32])
}

fn some(characters: impl IntoIterator<Item = u128>) -> HashSet<Uuid> {
    characters.into_iter().map(Uuid::from_u128).collect()
}

#[test]
fn what_was_left_is_given_to_its_token_once() {
    let mut left = Left::new(10);
    assert!(left.put(token(1), some([1, 2])).is_empty());
    assert_eq!(left.take(token(2)), some([]));
    left.remove(token(1), Uuid::from_u128(2));
    assert_eq!(left.take(token(1)), some([1]));
    assert_eq!(left.take(token(1)), some([]));
}

#[test]
fn two_sessions_of_one_token_leave_their_characters_together() {
    let mut left = Left::new(10);
    left.put(token(1), some([1]));
    left.put(token(1), some([2]));
    assert_eq!(left.take(token(1)), some([1, 2]));
}

#[test]
fn of_more_sessions_than_are_kept_the_one_that_ended_first_is_forgotten() {
    let mut left = Left::new(2);
    left.put(token(1), some([1]));
    left.put(token(2), some([2]));
    // It came back and left again: the other one ended first now.
    left.put(token(1), some([1]));
    assert_eq!(left.put(token(3), some([3])), some([2]));
    assert_eq!(left.take(token(2)), some([]));
    assert_eq!(left.take(token(1)), some([1]));
    left.remove(token(3), Uuid::from_u128(3));
    assert!(left.of.is_empty() && left.order.is_empty());
}
