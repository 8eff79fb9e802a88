//! Somebody else holds a row, or wants ours: nobody is refused for it while it may pass.

use std::thread;

use guildhall_store::{Batch, Outcome, StoreError};
use guildhall_testkit::{Backend, Then, eventually_blocking};

use super::{PATIENCE, WAITING};
use crate::world::World;

#[test]
fn a_row_that_somebody_holds_delays_the_batch_and_refuses_nobody() {
    let mut world = World::on(Backend::Postgres);
    let [hero, other] = ["Bob", "Eve"].map(|name| world.character(name));
    let second = world.session();
    second.run(&format!(
        "BEGIN; SELECT 1 FROM characters WHERE id = '{}' FOR UPDATE",
        hero.id
    ));
    world.submit(world.save(hero, 1, "two"));
    world.submit(world.save(other, 1, "two"));
    let batch = world.batch();
    let error = world.flush_batch(&batch).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("lock timeout"), "{error}");
    world.abort(&batch);
    assert_eq!((world.stored(hero).0, world.stored(other).0), (1, 1));
    second.run("ROLLBACK");
    assert!(world.flush().iter().all(Outcome::is_durable));
    assert_eq!(world.count("refused_writes"), 0);
}

#[test]
fn a_row_that_somebody_holds_for_long_is_waited_for_after_any_number_of_tries() {
    let mut world = World::on(Backend::Postgres);
    let [hero, other] = ["Bob", "Eve"].map(|name| world.character(name));
    let second = world.session();
    second.run(&format!(
        "BEGIN; SELECT 1 FROM characters WHERE id = '{}' FOR UPDATE",
        hero.id
    ));
    world.submit(world.save(hero, 1, "two"));
    world.submit(world.save(other, 1, "two"));
    let batch = world.batch();
    // Each try waits for the lock.
    let often = Batch {
        attempts: 100,
        ..batch
    };
    let error = world.flush_batch(&often).unwrap_err();
    assert!(error.to_string().contains("lock timeout"), "{error}");
    assert_eq!(world.count("refused_writes"), 0);
    second.run("ROLLBACK");
    let outcomes = world.flush_batch(&often).unwrap();
    assert!(outcomes.iter().all(Outcome::is_durable));
    assert_eq!((world.stored(hero).0, world.stored(other).0), (2, 2));
}

#[test]
fn of_a_deadlock_the_batch_is_tried_again_and_nobody_is_refused() {
    let mut world = World::on(Backend::Postgres);
    let (hero, ship) = (world.character("Bob"), world.ship("Corsairs"));
    let (second, watch) = (world.session(), world.session());
    // Not this one is to be the victim.
    second.run("SET deadlock_timeout = '60s'; BEGIN");
    second.run(&format!(
        "UPDATE ships SET updated_at = 7 WHERE guild_id = '{}'",
        ship.id
    ));
    world.submit(world.save(hero, 1, "two"));
    world.submit(world.save(ship, 1, "at sea"));
    let batch = world.batch();
    let error = thread::scope(|scope| {
        let flushed = scope.spawn(|| world.flush_batch(&batch));
        eventually_blocking(PATIENCE, "a wait", || watch.number(WAITING) == 1);
        second.run(&format!(
            "UPDATE characters SET updated_at = 7 WHERE id = '{}'",
            hero.id
        ));
        flushed.join().unwrap().unwrap_err()
    });
    assert!(error.to_string().contains("deadlock"), "{error}");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    second.run("COMMIT");
    world.abort(&batch);
    assert!(world.flush().iter().all(Outcome::is_durable));
    assert_eq!(world.count("refused_writes"), 0);
    assert_eq!(world.stored(ship), (2, b"at sea".to_vec()));
}

/// The words and the code of a statement that takes too long, without the wait.
#[test]
fn a_statement_that_takes_too_long_delays_the_batch_and_refuses_nobody() {
    let mut world = World::on(Backend::Postgres);
    let hero = world.character("Bob");
    let slow = Then::Do(
        "RAISE EXCEPTION 'canceling statement due to statement timeout' USING ERRCODE = 'query_canceled'",
    );
    let outside = world.outside();
    outside.trigger("slow", "BEFORE UPDATE ON characters", "", slow);
    world.submit(world.save(hero, 1, "two"));
    let batch = world.batch();
    let error = world.flush_batch(&batch).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    world.outside().drop_trigger("slow");
    assert_eq!(
        world.flush_batch(&batch).unwrap(),
        [Outcome::Durable { version: 2 }]
    );
}
