//! Another program that writes to the same file: one may write at a time, and nobody is refused for it.

use guildhall_store::{Outcome, StoreError};
use guildhall_testkit::Backend;

use crate::world::World;

#[test]
fn a_database_locked_by_another_process_fails_the_batch_and_the_retry_succeeds() {
    let mut world = World::on(Backend::Sqlite);
    let hero = world.character("Bob");
    let second = world.session();
    second.begin_and_lock("characters");
    world.submit(world.save(hero, 1, "two"));
    let batch = world.batch();
    let error = world.flush_batch(&batch).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert_eq!(world.stored(hero).0, 1);
    world.abort(&batch);
    second.run("ROLLBACK");
    let again = world.batch();
    assert_eq!(again.id, batch.id);
    let outcomes = world.flush_batch(&again).unwrap();
    assert_eq!(outcomes, [Outcome::Durable { version: 2 }]);
    assert_eq!(world.count("refused_writes"), 0);
}

/// A transaction that reads first and then writes fails at once where another has written between,
/// however long it would wait for a lock. A batch reads first.
#[test]
fn a_batch_that_reads_before_it_writes_never_fails_because_another_wrote_between() {
    let mut world = World::on(Backend::Sqlite);
    let hero = world.character("Bob");
    let (one, other) = (world.session(), world.session());
    one.run("BEGIN");
    assert_eq!(one.number("SELECT count(*) FROM realms"), 1);
    other.run("UPDATE characters SET updated_at = 1");
    let late = || one.run("UPDATE characters SET updated_at = 2");
    let late = std::panic::catch_unwind(std::panic::AssertUnwindSafe(late));
    assert!(late.is_err(), "a deferred transaction was let through");
    one.run("ROLLBACK");
    // The other writes a few times beside each batch, and never so much that nobody else can.
    let ((tell, told), url) = (std::sync::mpsc::channel(), world.url());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let busy = guildhall_testkit::Sql::open(&url);
            for () in told {
                (0..3).for_each(|_| busy.run("UPDATE realms SET name = name"));
            }
        });
        for base in 1..=50 {
            world.submit(world.save(hero, base, format!("state {base}")));
            tell.send(()).unwrap();
            assert_eq!(world.flush(), [Outcome::Durable { version: base + 1 }]);
        }
        drop(tell);
    });
}
