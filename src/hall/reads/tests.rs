//! Which reads count as hanging, in every order of thread and waiter.

use super::*;

#[test]
fn a_read_that_ends_in_time_hangs_nowhere() {
    let hung = HungReads::default();
    let reading = hung.reading();
    drop(reading.clone().begin().unwrap());
    assert!(!reading.give_up());
    assert_eq!(hung.count(), 0);
}

#[test]
fn a_read_that_is_given_up_while_it_runs_hangs_until_its_thread_is_back() {
    let hung = HungReads::default();
    let reading = hung.reading();
    let running = reading.clone().begin().unwrap();
    assert!(reading.give_up());
    assert!(!reading.give_up(), "it is counted once");
    assert_eq!(hung.count(), 1);
    drop(running);
    assert_eq!(hung.count(), 0);
}

#[test]
fn a_read_that_is_given_up_before_it_runs_is_not_begun() {
    let hung = HungReads::default();
    let reading = hung.reading();
    assert!(!reading.give_up());
    assert!(reading.begin().is_none());
    assert_eq!(hung.count(), 0);
}

#[test]
fn threads_that_all_hang_are_given_up_for_others_until_too_many_are() {
    guildhall_process::testing::run(async |_| {
        let readers = Readers::new(1, 1);
        let hang = |may_be_given_up| {
            let crew = readers.on_duty(may_be_given_up)?;
            let reading = crew.hung.reading();
            let running = reading.clone().begin().unwrap();
            assert!(reading.give_up());
            Some(running)
        };
        let first = hang(false).unwrap();
        assert!(hang(false).is_none(), "a file is waited for");
        let mut hanging: Vec<_> = (0..CREWS_MAX).map(|_| hang(true).unwrap()).collect();
        assert!(hang(true).is_none(), "so many and no more");
        drop(first);
        hanging.push(hang(true).unwrap());
        assert!(hang(true).is_none());
    });
}
