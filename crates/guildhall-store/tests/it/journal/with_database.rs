//! The journal of a world, and the database that it stands in front of.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use guildhall_store::{Batch, Journal, StoreError};
use guildhall_testkit::SmallDisk;
use uuid::Uuid;

use super::{Place, seqs};
use crate::world::World;

#[test]
fn a_world_remembers_its_journal_and_misses_it() {
    let (place, world) = (Place::new(), World::new());
    let (journal, _) = world.db.open_journal(&place.path()).unwrap();
    let id = journal.id();
    drop(journal);
    assert_eq!(world.db.open_journal(&place.path()).unwrap().0.id(), id);
    std::fs::remove_file(place.path()).unwrap();
    let error = world.db.open_journal(&place.path()).err().unwrap();
    assert!(matches!(error, StoreError::JournalMissing { journal, .. } if journal == id));
}

#[test]
fn a_journal_that_the_world_has_forgotten_is_not_missed() {
    let (place, mut world) = (Place::new(), World::new());
    let (journal, _) = world.db.open_journal(&place.path()).unwrap();
    let first = journal.id();
    journal.close().unwrap();
    world.replace_writer();
    world.db.forget_journal().unwrap();
    let elsewhere = Place::new();
    let (journal, _) = world.db.open_journal(&elsewhere.path()).unwrap();
    assert_ne!(journal.id(), first);
    let error = world.db.open_journal(&place.path()).err();
    assert!(error.is_some(), "the old one is not this world's any more");
}

#[test]
fn the_journal_of_another_world_is_told_from_ones_own() {
    let (place, mine, other) = (Place::new(), World::new(), World::new());
    mine.db.open_journal(&place.path()).unwrap();
    let error = other.db.open_journal(&place.path()).err().unwrap();
    assert!(
        matches!(error, StoreError::JournalOfAnotherWorld { .. }),
        "{error}"
    );
}

fn append_and_take_off(journal: &mut Journal, batch: &Batch) {
    let group = super::entries(1..3, 100);
    journal.append(&group).unwrap();
    journal.take_off(batch.id, &seqs(&group)).unwrap();
}

#[test]
fn the_watermark_tells_what_arrived() {
    let (place, mut world) = (Place::new(), World::new());
    let hero = world.character("Hero");
    world.submit(world.save(hero, 1, "saved"));
    let batch = world.batch();
    let (mut journal, _) = world.db.open_journal(&place.path()).unwrap();
    append_and_take_off(&mut journal, &batch);
    let again = |world: &World| {
        let (mut journal, left) = world.db.open_journal(&place.copy().path()).unwrap();
        let again = journal.replay(left, |batch: Uuid| world.db.is_committed(batch));
        seqs(&again.unwrap())
    };
    assert_eq!(again(&world), [1, 2]);
    world.write(&batch).unwrap();
    assert_eq!(again(&world), Vec::<u64>::new());
}

/// What a start would give to the database, were the server killed now.
fn given_again(world: &World, disk: &Path) -> Vec<u64> {
    let elsewhere = Place::new();
    for file in super::FILES {
        fs::copy(disk.join(file), elsewhere.0.path().join(file)).unwrap();
    }
    let (mut journal, left) = world.db.open_journal(&elsewhere.path()).unwrap();
    let again = journal.replay(left, |batch: Uuid| world.db.is_committed(batch));
    let again = seqs(&again.unwrap());
    // What it finds in the database goes with the next flight, and the file is whole afterwards.
    let next = journal.next_seq();
    journal.append(&super::entries([next], 10)).unwrap();
    let recorded = journal.take_off(Uuid::now_v7(), &[next]).unwrap();
    assert_eq!((recorded, journal.len()), (None, again.len() + 1));
    drop(journal);
    elsewhere_opens(world, &elsewhere);
    again
}

fn elsewhere_opens(world: &World, elsewhere: &Place) {
    world.db.open_journal(&elsewhere.path()).unwrap();
}

/// After so many failures a batch may be committed in parts, and its own id is in no table then.
#[test]
fn what_was_committed_in_parts_is_given_to_nobody_again_although_the_batch_never_landed() {
    for noted in [true, false] {
        let (place, mut world) = (Place::new(), World::new());
        let (mut journal, _) = world.db.open_journal(&place.path()).unwrap();
        let heroes = ["One", "Two", "Three"].map(|name| world.character(name));
        world.refuse_at_commit("bad");
        for (hero, state) in heroes.into_iter().zip(["good", "bad", "good"]) {
            world.submit(world.save(hero, 1, state));
        }
        let mut batch = world.batch();
        let carried: Vec<u64> = batch.seqs().collect();
        let entries = super::entries(carried.clone(), 10);
        journal.append(&entries).unwrap();
        for _ in 0..3 {
            assert_eq!(journal.take_off(batch.id, &carried).unwrap(), None);
            assert!(!batch.may_part());
            world.flush_batch(&batch).unwrap_err();
            world.abort(&batch);
            batch = world.batch();
        }
        assert!(batch.may_part());
        batch.noted_for = noted.then(|| journal.id());
        let outcomes = world.flush_batch(&batch).unwrap();
        let durable = outcomes.iter().filter(|outcome| outcome.is_durable());
        assert_eq!(durable.count(), 2);
        drop(journal);
        let (mut journal, left) = world.db.open_journal(&place.path()).unwrap();
        let again = journal.replay(left, |batch: Uuid| world.db.is_committed(batch));
        let expected = if noted { Vec::new() } else { carried };
        assert_eq!(seqs(&again.unwrap()), expected);
    }
}

/// A batch carries more than the journal ever saw: changes, and saves that it had no room for.
#[test]
fn a_number_that_a_batch_noted_in_the_database_is_never_given_to_a_later_save() {
    let (place, mut world) = (Place::new(), World::new());
    let (mut journal, _) = world.db.open_journal(&place.path()).unwrap();
    let hero = world.character("Hero");
    for base in 1..=3 {
        world.submit(world.save(hero, base, format!("state {base}")));
    }
    let mut batch = world.batch();
    let carried: Vec<u64> = batch.seqs().collect();
    journal.append(&super::entries([carried[0]], 10)).unwrap();
    batch.noted_for = Some(journal.id());
    let outcomes = world.flush_batch(&batch).unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.is_durable()));
    drop(journal);

    // The next server gives its first save the next number, calls it safe, and is killed.
    let (mut journal, left) = world.db.open_journal(&place.path()).unwrap();
    let again = journal.replay(left, |batch: Uuid| world.db.is_committed(batch));
    assert_eq!(seqs(&again.unwrap()), Vec::<u64>::new());
    let next = journal.next_seq();
    assert!(!carried.contains(&next), "{next} of {carried:?}");
    journal.append(&super::entries([next], 10)).unwrap();
    drop(journal);
    let (mut journal, left) = world.db.open_journal(&place.path()).unwrap();
    let again = journal.replay(left, |batch: Uuid| world.db.is_committed(batch));
    assert_eq!(
        seqs(&again.unwrap()),
        [next],
        "what was safe is given again"
    );
}

#[test]
fn what_batches_noted_is_forgotten_once_the_journal_holds_nothing_of_it() {
    let (place, mut world) = (Place::new(), World::new());
    let (mut journal, _) = world.db.open_journal(&place.path()).unwrap();
    let hero = world.character("Hero");
    world.submit(world.save(hero, 1, "saved"));
    let mut batch = world.batch();
    let carried: Vec<u64> = batch.seqs().collect();
    journal.append(&super::entries(carried, 10)).unwrap();
    batch.noted_for = Some(journal.id());
    world.flush_batch(&batch).unwrap();
    drop(journal);
    assert_eq!(world.count("flights"), 1);

    let (mut journal, left) = world.db.open_journal(&place.path()).unwrap();
    let again = journal.replay(left, |batch: Uuid| world.db.is_committed(batch));
    assert!(again.unwrap().is_empty());
    world.db.forget_flights(Uuid::now_v7()).unwrap();
    assert_eq!(world.count("flights"), 1, "that of another journal");
    journal.settle().unwrap();
    assert!(journal.is_empty());
    world.db.forget_flights(journal.id()).unwrap();
    assert_eq!(world.count("flights"), 0);
    drop(journal);
    let (_, left) = world.db.open_journal(&place.path()).unwrap();
    assert!(left.entries.is_empty() && left.flights.is_empty());
}

#[test]
fn a_batch_that_a_full_disk_cannot_record_notes_in_the_database_what_it_carries() {
    let (disk, mut world) = (SmallDisk::with_bytes(2 << 20), World::new());
    let (path, filler) = (
        disk.path().join("journal.sqlite3"),
        disk.path().join("filler"),
    );
    let (mut journal, _) = world.db.open_journal(&path).unwrap();
    let hero = world.character("Hero");
    for base in 1..=60 {
        world.submit(world.save(hero, base, format!("state {base}")));
    }
    let mut batch = world.batch();
    let carried: Vec<u64> = batch.seqs().collect();
    journal
        .append(&super::entries(carried.clone(), 10_000))
        .unwrap();
    let mut full = fs::File::create(&filler).unwrap();
    while full.write_all(&[7; 4096]).is_ok() {}

    batch.noted_for = journal.take_off(batch.id, &carried).unwrap();
    assert_eq!(batch.noted_for, Some(journal.id()));
    assert_eq!(given_again(&world, disk.path()), carried, "not committed");
    let outcomes = world.flush_batch(&batch).unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.is_durable()));
    assert_eq!(given_again(&world, disk.path()), Vec::<u64>::new());
    journal.landed(batch.id);

    drop(full);
    fs::remove_file(filler).unwrap();
    let next = journal.next_seq();
    journal.append(&super::entries([next], 10)).unwrap();
    assert_eq!(journal.take_off(Uuid::now_v7(), &[next]).unwrap(), None);
    assert_eq!(journal.len(), 1, "what landed is gone from the file");
    assert_eq!(given_again(&world, disk.path()), [next]);
}
