//! Somebody else holds a row, or wants ours: nobody is refused for it while it may pass.

use std::thread;

use guildhall_store::{Batch, Cause, Outcome, StoreError};
use guildhall_testkit::{Backend, Then, eventually_blocking};

use super::{PATIENCE, WAITING};
use crate::world::{World, cause};

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
const TOO_SLOW: &str = "RAISE EXCEPTION 'canceling statement due to statement timeout' \
     USING ERRCODE = 'query_canceled'";

#[test]
fn a_statement_that_takes_too_long_delays_the_batch_and_refuses_nobody() {
    let mut world = World::on(Backend::Postgres);
    let hero = world.character("Bob");
    let slow = Then::Do(TOO_SLOW);
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

#[test]
fn a_database_that_is_slow_for_everybody_holds_nobody_however_often_the_batch_fails() {
    for others in [0, 5] {
        let mut world = World::on(Backend::Postgres);
        let heroes: Vec<_> = (0..=others)
            .map(|n| world.character(&format!("H{n}")))
            .collect();
        // Not saved, and as slow as all.
        world.character("Eve");
        world.outside().trigger(
            "slow",
            "BEFORE UPDATE ON characters",
            "",
            Then::Do(TOO_SLOW),
        );
        for hero in &heroes {
            world.submit(world.save(*hero, 1, "two"));
        }
        let often = Batch {
            attempts: 100,
            ..world.batch()
        };
        for _ in 0..3 {
            let error = world.flush_batch(&often).unwrap_err();
            assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
        }
        assert_eq!(world.count("refused_writes"), 0);
        world.outside().drop_trigger("slow");
        let outcomes = world.flush_batch(&often).unwrap();
        assert!(outcomes.iter().all(Outcome::is_durable));
    }
}

#[test]
fn a_database_that_was_slow_for_a_while_holds_nobody() {
    let mut world = World::on(Backend::Postgres);
    let [hero, other] = ["Bob", "Eve"].map(|name| world.character(name));
    world.meddle("CREATE SEQUENCE tries");
    // Numbers that are drawn are not given back by a rollback: the first two statements are slow.
    let slow = format!("IF nextval('tries') <= 2 THEN {TOO_SLOW}; END IF");
    let outside = world.outside();
    outside.trigger("slow", "BEFORE UPDATE ON characters", "", Then::Do(&slow));
    for key in [hero, other] {
        world.submit(world.save(key, 1, "two"));
    }
    let often = Batch {
        attempts: 100,
        ..world.batch()
    };
    let outcomes = world.flush_batch(&often).unwrap();
    assert!(outcomes.iter().all(Outcome::is_durable), "{outcomes:?}");
    assert_eq!(world.count("refused_writes"), 0);
}

#[test]
fn a_row_that_is_slow_for_ever_is_held_and_blocks_nobody() {
    for at in [None, Some(0), Some(5)] {
        let mut world = World::on(Backend::Postgres);
        let heroes: Vec<_> = (0..6).map(|n| world.character(&format!("H{n}"))).collect();
        let slow = heroes[at.unwrap_or(3)];
        let condition = format!("NEW.id = '{}'", slow.id);
        let outside = world.outside();
        outside.trigger(
            "slow",
            "BEFORE UPDATE ON characters",
            &condition,
            Then::Do(TOO_SLOW),
        );
        let alone = at.is_none();
        for hero in heroes.iter().filter(|it| !alone || **it == slow) {
            world.submit(world.save(*hero, 1, "two"));
        }
        let (failures, outcomes) = world.until_committed();
        assert_eq!(failures, 3);
        let held = outcomes.iter().filter(|it| cause(it) == Some(Cause::Held));
        let durable = outcomes.iter().filter(|it| it.is_durable());
        let counts = (held.count(), durable.count());
        assert_eq!(counts, (1, if alone { 0 } else { 5 }));
        assert_eq!(world.stored(slow).0, 1);
        assert_eq!(world.count("refused_writes"), 1);
    }
}
