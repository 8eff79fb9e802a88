//! Two servers on one world, and a lock that goes with its connection.

use guildhall_store::{Outcome, StoreError};
use guildhall_testkit::Backend;

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
    let error = second.lock_world().unwrap_err();
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
    second.lock_world().unwrap();
    second.claim_world("second").unwrap();
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
        assert!(second.lock_world().is_err(), "nobody holds the world");
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
