//! Failures that are nobody's fault: nothing is acknowledged, nobody is refused, and the same
//! batch succeeds later. A commit whose outcome is unknown is found by its watermark.

use guildhall_store::{Cause, Outcome, StoreError, queries};

use crate::world::{World, cause};

#[test]
fn a_database_locked_by_another_process_fails_the_batch_and_the_retry_succeeds() {
    let mut world = World::new();
    let hero = world.character("Bob");
    let second = world.second_writer();
    second.execute_batch("BEGIN IMMEDIATE").unwrap();
    world.submit(world.save(hero, 1, "two"));
    let batch = world.batch();
    let error = world.flush_batch(&batch).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert_eq!(world.stored(hero).0, 1);
    world.abort(&batch);
    second.execute_batch("ROLLBACK").unwrap();
    let again = world.batch();
    assert_eq!(again.id, batch.id);
    let outcomes = world.flush_batch(&again).unwrap();
    assert_eq!(outcomes, [Outcome::Durable { version: 2 }]);
    assert_eq!(world.read(queries::counts).refused_writes, 0);
}

#[test]
fn a_disk_that_is_full_at_one_row_fails_the_batch_and_refuses_nobody() {
    let mut world = World::new();
    let heroes: Vec<_> = (0..40).map(|n| world.character(&format!("H{n}"))).collect();
    // No small disk here: SQLite's own words, said by a trigger, stand for one.
    world.meddle(
        "CREATE TRIGGER full BEFORE UPDATE ON characters WHEN NEW.state = CAST('big' AS BLOB)
         BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
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
    world.meddle("DROP TRIGGER full");
    let outcomes = world.flush_batch(&batch).unwrap();
    assert!(outcomes.iter().all(Outcome::is_durable));
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
    let counts = world.read(queries::counts);
    let second = world.write(&batch).unwrap();
    assert_eq!(world.read(queries::counts), counts);
    assert_eq!(first.outcomes, second.outcomes);
    assert_eq!(first.rows, second.rows);
    let refused = first.outcomes.iter().filter_map(|(_, it)| cause(it));
    let refused: Vec<_> = refused.collect();
    assert_eq!(refused, [Cause::Unique, Cause::Stale, Cause::Stale]);
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
