//! Which reads count as hanging, in every order of thread and waiter.

use super::*;

#[test]
fn a_read_that_ends_in_time_hangs_nowhere() {
    let hung = HungReads::default();
    let reading = hung.reading();
    drop(reading.clone().begin().unwrap());
    reading.give_up();
    assert_eq!(hung.count(), 0);
}

#[test]
fn a_read_that_is_given_up_while_it_runs_hangs_until_its_thread_is_back() {
    let hung = HungReads::default();
    let reading = hung.reading();
    let running = reading.clone().begin().unwrap();
    reading.give_up();
    reading.give_up();
    assert_eq!(hung.count(), 1);
    drop(running);
    assert_eq!(hung.count(), 0);
}

#[test]
fn a_read_that_is_given_up_before_it_runs_is_not_begun() {
    let hung = HungReads::default();
    let reading = hung.reading();
    reading.give_up();
    assert!(reading.begin().is_none());
    assert_eq!(hung.count(), 0);
}
