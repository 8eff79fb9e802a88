//! A server that is not there, ends, or comes back.

use guildhall_store::{Outcome, StoreError};
use guildhall_testkit::{Carriage, free_port};

use super::behind_a_proxy;
use crate::world::open;

#[test]
fn a_database_that_is_away_is_told_as_that_and_never_becomes_a_file() {
    let files = || {
        let entries = std::fs::read_dir(".").unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = files();
    let url = format!(
        "postgres://guildhall:secret@127.0.0.1:{}/world",
        free_port()
    );
    let error = open(&url).err().unwrap();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    assert_eq!(files(), before);
}

#[test]
fn a_database_that_goes_and_comes_back_is_read_and_written_again() {
    let (mut world, proxy) = behind_a_proxy();
    let hero = world.character("Bob");
    assert_eq!(world.stored(hero).0, 1);
    proxy.set(Carriage::Refuse);
    proxy.cut();
    world.submit(world.save(hero, 1, "two"));
    for _ in 0..5 {
        let batch = world.batch();
        let error = world.flush_batch(&batch).unwrap_err();
        assert!(
            matches!(
                error,
                StoreError::Unavailable { .. } | StoreError::Unreachable { .. }
            ),
            "{error}"
        );
        world.abort(&batch);
    }
    let read = world
        .db
        .read(|conn| guildhall_store::queries::character(conn, hero.id));
    assert!(matches!(read, Err(StoreError::Unavailable { .. })));
    proxy.set(Carriage::Pass);
    assert_eq!(world.flush(), [Outcome::Durable { version: 2 }]);
    assert_eq!(world.stored(hero), (2, b"two".to_vec()));
    assert_eq!(world.count("refused_writes"), 0);
}

/// Connections of the pool that died while nobody used them are never handed to a reader.
#[test]
fn readers_never_meet_a_connection_that_died_in_the_pool() {
    let (mut world, proxy) = behind_a_proxy();
    let hero = world.character("Bob");
    for _ in 0..3 {
        let db = &world.db;
        std::thread::scope(|scope| {
            let readers = [(); 4].map(|()| {
                scope.spawn(|| db.read(|conn| guildhall_store::queries::character(conn, hero.id)))
            });
            for reader in readers {
                assert!(reader.join().unwrap().unwrap().is_some());
            }
        });
        proxy.cut();
    }
}

/// What a panicking reader leaves open must not be the next one's state of the world.
#[test]
fn a_reader_that_panics_leaves_no_old_state_of_the_world_behind() {
    let (mut world, _proxy) = behind_a_proxy();
    let hero = world.character("Bob");
    let panicking = std::panic::AssertUnwindSafe(|| {
        world.db.read(|conn| -> Result<(), StoreError> {
            guildhall_store::queries::character(conn, hero.id)?;
            panic!("a bug of a query");
        })
    });
    assert!(std::panic::catch_unwind(panicking).is_err());
    world.submit(world.save(hero, 1, "two"));
    world.flush();
    assert_eq!(world.stored(hero), (2, b"two".to_vec()));
}
