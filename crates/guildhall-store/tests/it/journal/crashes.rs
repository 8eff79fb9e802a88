//! A crash after every step, and in the middle of one.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fs;

use guildhall_store::Journal;
use guildhall_store::journal::Left;
use uuid::Uuid;

use super::{Place, entries, seqs, whole};

const FIRST: Uuid = Uuid::from_u128(101);
const SECOND: Uuid = Uuid::from_u128(102);

/// What a new server submits again after a crash at this moment.
fn again(place: &Place, committed: &[Uuid]) -> Vec<u64> {
    let (mut journal, left) = place.copy().open();
    seqs(&replay(&mut journal, left, committed))
}

fn replay(
    journal: &mut Journal,
    left: Left,
    committed: &[Uuid],
) -> Vec<guildhall_store::journal::Entry> {
    let is_in = |batch| Ok::<_, Infallible>(committed.contains(&batch));
    journal.replay(left, is_in).unwrap()
}

#[test]
fn after_a_crash_at_any_step_what_is_promised_and_not_committed_is_submitted_again() {
    let place = Place::new();
    let (mut journal, _) = place.open();
    assert_eq!(again(&place, &[]), Vec::<u64>::new());
    journal.append(&entries([1, 2, 4], 100)).unwrap();
    assert_eq!(again(&place, &[]), [1, 2, 4]);
    // 3 is a change: it is in the batch and not in the journal.
    journal.take_off(FIRST, &[3, 4, 1]).unwrap();
    assert_eq!(again(&place, &[]), [1, 2, 4], "the batch did not get there");
    assert_eq!(
        again(&place, &[FIRST]),
        [2],
        "committed, and nobody heard of it"
    );
    journal.append(&entries([5, 6], 100)).unwrap();
    assert_eq!(again(&place, &[FIRST]), [2, 5, 6]);
    journal.landed(FIRST);
    assert_eq!(
        again(&place, &[FIRST]),
        [2, 5, 6],
        "landed, not yet deleted"
    );
    journal.take_off(SECOND, &[2, 5]).unwrap();
    assert_eq!(journal.len(), 3, "what the first flight carried is deleted");
    assert_eq!(again(&place, &[FIRST]), [2, 5, 6]);
    assert_eq!(again(&place, &[FIRST, SECOND]), [6]);
    journal.landed(SECOND);
    journal.close().unwrap();
    assert_eq!(again(&place, &[]), [6], "only what never took off is left");
}

#[test]
fn the_same_batch_given_again_is_one_flight() {
    let place = Place::new();
    let (mut journal, _) = place.open();
    journal.append(&entries(1..4, 100)).unwrap();
    for _ in 0..3 {
        journal.take_off(FIRST, &[1, 2]).unwrap();
    }
    assert_eq!(place.copy().open().1.flights.len(), 1);
    assert_eq!(again(&place, &[FIRST]), [3]);
}

#[test]
fn after_a_replay_lost_flights_are_forgotten_and_their_saves_take_off_anew() {
    let place = Place::new();
    let (mut journal, _) = place.open();
    journal.append(&entries(1..4, 100)).unwrap();
    journal.take_off(FIRST, &[1, 2]).unwrap();
    drop(journal);
    let (mut journal, left) = place.open();
    let left_again = replay(&mut journal, left, &[]);
    assert_eq!(seqs(&left_again), [1, 2, 3]);
    journal.take_off(SECOND, &[1, 2, 3]).unwrap();
    // The first batch would be found now: it must not be asked for any more.
    let (_, left) = place.copy().open();
    let flights: Vec<Uuid> = left.flights.iter().map(|flight| flight.batch).collect();
    assert_eq!(flights, [SECOND]);
    journal.landed(SECOND);
    journal.close().unwrap();
    assert!(place.open().0.is_empty());
}

#[test]
fn a_database_that_does_not_answer_leaves_the_journal_as_it_is() {
    let place = Place::new();
    let (mut journal, _) = place.open();
    journal.append(&entries(1..4, 100)).unwrap();
    journal.take_off(FIRST, &[1, 2]).unwrap();
    drop(journal);
    let (mut journal, left) = place.open();
    assert_eq!(
        journal.replay(left.clone(), |_| Err("gone")).unwrap_err(),
        "gone"
    );
    assert_eq!(seqs(&replay(&mut journal, left, &[FIRST])), [3]);
}

/// Power is lost while a group is written: any part of it may be on the disk.
#[test]
fn a_group_that_was_cut_off_anywhere_is_there_wholly_or_not_at_all() {
    let place = Place::new();
    let (mut journal, _) = place.open();
    let promised = entries(1..4, 1_000);
    journal.append(&promised).unwrap();
    let before = place.copy();
    let begins = fs::metadata(place.wal()).unwrap().len();
    let all = entries(1..14, 1_000);
    journal.append(&all[3..]).unwrap();
    let wal = fs::read(place.wal()).unwrap();
    let mut seen = HashSet::new();
    for end in (begins as usize..wal.len()).step_by(512).chain([wal.len()]) {
        let torn = before.copy();
        fs::write(torn.wal(), &wal[..end]).unwrap();
        let (_, left) = torn.open();
        let expected = if left.entries.len() == 3 {
            &promised
        } else {
            &all
        };
        assert_eq!(whole(&left.entries), whole(expected), "cut at {end}");
        seen.insert(left.entries.len());
    }
    assert_eq!(seen, HashSet::from([3, 13]));
}
