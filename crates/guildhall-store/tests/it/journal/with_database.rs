//! The journal of a world, and the database that it stands in front of.

use guildhall_store::{Batch, Journal, StoreError};
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
