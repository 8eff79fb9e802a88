//! Seats are bounded by account, and given back.

use super::*;

#[test]
fn an_account_has_so_many_seats_and_gets_one_again_when_one_is_given_back() {
    let (seats, anna, bert) = (Seats::default(), Uuid::from_u128(1), Uuid::from_u128(2));
    let first = seats.take(anna, 2).unwrap();
    let _second = seats.take(anna, 2).unwrap();
    assert!(seats.take(anna, 2).is_none());
    assert!(seats.take(bert, 2).is_some());
    drop(first);
    let again = seats.take(anna, 2);
    assert!(again.is_some());
    assert!(seats.take(anna, 2).is_none());
}

#[test]
fn an_account_without_seats_costs_nothing() {
    let seats = Seats::default();
    drop(seats.take(Uuid::from_u128(1), 1));
    assert!(seats.take(Uuid::from_u128(2), 0).is_none());
    drop(seats.take(Uuid::from_u128(2), 1));
    seats.with(|taken| assert!(taken.is_empty(), "{taken:?}"));
}
