//! Failures that are nobody's fault: nothing is acknowledged, nobody is refused, and the same
//! batch succeeds later. A commit whose outcome is unknown is found by its watermark.

use guildhall_store::{Cause, Outcome, StoreError, queries};

use crate::world::{Then, World, cause};

#[test]
fn a_disk_that_is_full_at_one_row_fails_the_batch_and_refuses_nobody() {
    let mut world = World::new();
    let heroes: Vec<_> = (0..40).map(|n| world.character(&format!("H{n}"))).collect();
    world.refuse(
        "UPDATE",
        "characters",
        &world.state_is("big"),
        Then::DiskFull,
    );
    for (n, hero) in heroes.iter().enumerate() {
        let state = if n == 30 { "big" } else { "small" };
        world.submit(world.save(*hero, 1, state));
    }
    let batch = world.batch();
    let error = world.flush_batch(&batch).unwrap_err();
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    for hero in &heroes {
        assert_eq!(world.stored(*hero).0, 1);
    }
    world.allow_again();
    let outcomes = world.flush_batch(&batch).unwrap();
    assert!(outcomes.iter().all(Outcome::is_durable));
}

#[test]
fn a_write_that_is_refused_for_no_known_reason_is_held_after_three_tries_and_the_rest_goes_on() {
    let mut world = World::new();
    let (hero, ship) = (world.character("Bob"), world.ship("Corsairs"));
    world.refuse("UPDATE", "characters", "1 = 1", Then::Unclear);
    for base in [1, 2] {
        world.submit(world.save(hero, base, format!("state {base}")));
    }
    world.submit(world.save(ship, 1, "at sea"));
    world.submit_change(world.rename(hero, "Rob"));
    let (failures, outcomes) = world.until_committed();
    let unclassified = Some(Cause::Held);
    let causes: Vec<_> = outcomes.iter().map(cause).collect();
    assert_eq!(
        (failures, causes),
        (3, vec![unclassified, unclassified, None, None])
    );
    assert_eq!(world.stored(hero), (1, b"born".to_vec()));
    assert_eq!(world.stored(ship), (2, b"at sea".to_vec()));
    let refused = world.read(|conn| queries::refused_writes_of(conn, hero.id, 10));
    let kept: Vec<_> = refused
        .iter()
        .map(|row| (row.cause.as_str(), row.payload.as_slice()))
        .collect();
    let word = "held";
    assert_eq!(kept, [(word, &b"state 2"[..]), (word, &b"state 1"[..])]);
}

#[test]
fn a_change_that_meets_something_broken_is_refused_alone_and_leaves_nothing() {
    let mut world = World::new();
    world.refuse("INSERT", "ships", "1 = 1", Then::Unclear);
    let (hero, guild) = (world.character("Bob"), uuid::Uuid::now_v7());
    world.submit_change(world.create_guild(guild, "Corsairs"));
    world.submit(world.save(hero, 1, "two"));
    let (failures, outcomes) = world.until_committed();
    let causes: Vec<_> = outcomes.iter().map(cause).collect();
    assert_eq!((failures, causes), (3, vec![Some(Cause::Held), None]));
    assert_eq!(world.count("guilds"), 0);
}

#[test]
fn a_row_that_holds_what_we_cannot_read_costs_its_own_saves_alone() {
    let mut world = World::new();
    let (hero, other) = (world.character("Bob"), world.character("Eve"));
    world.meddle(&format!(
        "UPDATE characters SET version = 5000000000 WHERE id = '{}'",
        hero.id
    ));
    world.submit(world.save(hero, 1, "two"));
    world.submit(world.save(other, 1, "two"));
    let (failures, outcomes) = world.until_committed();
    let causes: Vec<_> = outcomes.iter().map(cause).collect();
    assert_eq!((failures, causes), (3, vec![Some(Cause::Held), None]));
}

#[test]
fn a_disk_that_stays_full_refuses_nobody_however_often_the_batch_fails() {
    let mut world = World::new();
    let hero = world.character("Bob");
    world.refuse("UPDATE", "characters", "1 = 1", Then::DiskFull);
    world.submit(world.save(hero, 1, "two"));
    for _ in 0..10 {
        let batch = world.batch();
        let error = world.flush_batch(&batch).unwrap_err();
        assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
        world.abort(&batch);
    }
    world.allow_again();
    assert_eq!(world.flush(), [Outcome::Durable { version: 2 }]);
    assert_eq!(world.count("refused_writes"), 0);
}

#[test]
fn a_batch_given_again_after_its_commit_gives_the_same_report_and_writes_nothing() {
    let mut world = World::new();
    let (one, two) = (world.character("One"), world.character("Two"));
    let board = world.board();
    world.submit(world.save(one, 1, "new"));
    world.submit(world.save(two, 5, "stale"));
    world.submit_change(world.rename(one, "Two"));
    world.submit_change(world.rename(one, "Uno"));
    for revision in [1, 2] {
        let add = world.revision(board, None, revision);
        world.submit_change(add);
    }
    let batch = world.batch();
    let first = world.write(&batch).unwrap();
    let tables = [
        "batches",
        "refused_writes",
        "entity_history",
        "names",
        "board_revisions",
    ];
    let counts = tables.map(|table| world.count(table));
    let second = world.write(&batch).unwrap();
    assert_eq!(tables.map(|table| world.count(table)), counts);
    assert_eq!(first.outcomes, second.outcomes);
    assert_eq!(first.rows, second.rows);
    let refused = first.outcomes.iter().filter_map(|(_, it)| cause(it));
    let refused: Vec<_> = refused.collect();
    assert_eq!(refused, [Cause::Stale, Cause::Unique, Cause::Stale]);
}

#[test]
fn a_new_driver_finds_the_batch_under_way_and_gives_it_to_a_new_writer() {
    let mut world = World::new();
    let hero = world.character("Bob");
    assert!(matches!(world.db.writer(), Err(StoreError::WriterTaken)));
    world.submit(world.save(hero, 1, "two"));
    let batch = world.batch();
    let found = world.buffer.in_flight().unwrap().clone();
    assert_eq!(found.id, batch.id);
    world.replace_writer();
    let outcomes = world.flush_batch(&found).unwrap();
    assert_eq!(outcomes, [Outcome::Durable { version: 2 }]);
    assert!(world.buffer.is_empty());
}
