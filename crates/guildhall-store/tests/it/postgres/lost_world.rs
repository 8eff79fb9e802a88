//! Two servers on one world, and a lock that goes with its connection.

use guildhall_store::{Outcome, StoreError, WorldLock};
use guildhall_testkit::Backend;
use guildhall_testkit::postgres::{Postgres, QUICK, psql};

use super::behind_a_proxy;
use crate::world::{World, open};

/// Ends the writing connection of whoever holds the world.
const END_THE_HOLDER: &str = "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks \
     WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database \
     WHERE datname = current_database())";

#[test]
fn a_second_server_is_refused_and_told_who_has_the_world() {
    let world = World::on(Backend::Postgres);
    let second = open(&world.url()).unwrap();
    let error = second.lock_world(None).unwrap_err();
    assert!(matches!(error, StoreError::WorldInUse { .. }), "{error}");
    assert!(error.to_string().contains("the tests since"), "{error}");
    assert!(second.claim_world("second").is_err());
    assert!(second.writer().is_err());
}

#[test]
fn a_server_that_ended_leaves_the_world_to_the_next() {
    let world = World::on(Backend::Postgres);
    world.meddle(END_THE_HOLDER);
    let second = open(&world.url()).unwrap();
    second.lock_world(None).unwrap();
    second.claim_world("second").unwrap();
}

/// The number of PostgreSQL's process that holds a world there.
const HOLDER: &str = "SELECT pid FROM pg_locks WHERE locktype = 'advisory'";

#[test]
fn what_a_dead_server_of_the_same_house_left_behind_is_ended() {
    let postgres = Postgres::start(QUICK);
    let database = postgres.create_database();
    let folder = tempfile::tempdir().unwrap();
    let lock = WorldLock::acquire(folder.path()).unwrap();
    // Alive to the database, as one whose server was killed behind a network that tells nobody.
    let first = open(&database.url()).unwrap();
    first.lock_world(lock.house()).unwrap();
    let former = database.psql(HOLDER);
    let second = open(&database.url()).unwrap();
    second.lock_world(lock.house()).unwrap();
    let present = database.psql(HOLDER);
    assert!(!former.is_empty() && !present.is_empty() && former != present);
    let ended = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {former}");
    assert_eq!(database.psql(&ended), "0");
}

#[test]
fn one_that_does_not_end_is_named_and_the_world_is_free_when_it_does() {
    let postgres = Postgres::start(QUICK);
    let database = postgres.create_database();
    let folder = tempfile::tempdir().unwrap();
    let lock = WorldLock::acquire(folder.path()).unwrap();
    let first = open(&database.url()).unwrap();
    first.lock_world(lock.house()).unwrap();
    let former: u32 = database.psql(HOLDER).parse().unwrap();
    postgres.freeze_backend(former);
    drop(first);
    let second = open(&database.url()).unwrap();
    let error = second.lock_world(lock.house()).unwrap_err();
    assert!(
        matches!(error, StoreError::WorldStillHeld { pid, .. } if pid == former as i32),
        "{error}"
    );
    postgres.thaw_backend(former);
    second.lock_world(lock.house()).unwrap();
}

#[test]
fn the_connection_of_a_living_server_elsewhere_is_left_alone() {
    let mut world = World::on(Backend::Postgres);
    let [here, there] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [here, there] = [here, there].map(|it| WorldLock::acquire(it.path()).unwrap());
    assert_ne!(here.house(), there.house());
    let hero = world.character("Bob");
    let holder = format!(
        "{HOLDER} AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    );
    let before = psql(&world.url(), &holder);
    let second = open(&world.url()).unwrap();
    let error = second.lock_world(there.house()).unwrap_err();
    assert!(matches!(error, StoreError::WorldInUse { .. }), "{error}");
    assert_eq!(psql(&world.url(), &holder), before);
    world.submit(world.save(hero, 1, "two"));
    assert_eq!(world.flush(), [Outcome::Durable { version: 2 }]);
}

#[test]
fn a_lost_connection_takes_the_lock_again() {
    let (mut world, proxy) = behind_a_proxy();
    let hero = world.character("Bob");
    for base in 1..=3 {
        proxy.cut();
        world.submit(world.save(hero, base, format!("state {base}")));
        let (failures, outcomes) = world.until_committed();
        assert_eq!(failures, 1);
        assert_eq!(outcomes, [Outcome::Durable { version: base + 1 }]);
        let second = open(&world.url()).unwrap();
        assert!(second.lock_world(None).is_err(), "nobody holds the world");
    }
}

#[test]
fn a_server_whose_world_was_taken_meanwhile_gives_no_more_receipts() {
    let mut world = World::on(Backend::Postgres);
    let hero = world.character("Bob");
    world.meddle(END_THE_HOLDER);
    let second = open(&world.url()).unwrap();
    second.claim_world("second").unwrap();
    world.submit(world.save(hero, 1, "two"));
    let batch = world.batch();
    let errors = [(); 2].map(|()| world.flush_batch(&batch).unwrap_err());
    assert!(
        matches!(errors[0], StoreError::Unavailable { .. }),
        "{}",
        errors[0]
    );
    assert!(
        matches!(errors[1], StoreError::WorldLost { .. }),
        "{}",
        errors[1]
    );
    assert!(
        errors[1].to_string().contains("second since"),
        "{}",
        errors[1]
    );
    // Also when the other has gone: what it wrote is not ours.
    drop(second);
    world.meddle(END_THE_HOLDER);
    let error = world.flush_batch(&batch).unwrap_err();
    assert!(matches!(error, StoreError::WorldLost { .. }), "{error}");
    assert_eq!(world.stored(hero).0, 1);
}
