//! Reading by two, from inside.

use diesel::connection::SimpleConnection;

use super::*;
use crate::OpenOptions;
use crate::world::World;

/// A world with a name in each of three pieces.
struct Wide {
    db: Database,
    conn: Connection,
    _dir: tempfile::TempDir,
}

fn wide() -> Wide {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("world.sqlite3");
    let db = Database::open(path.as_path(), &OpenOptions::default()).unwrap();
    db.migrate().unwrap();
    let mut conn = World::new(path.into()).write_connection().unwrap();
    for row in [1, 20_000, 40_000] {
        conn.batch_execute(&format!(
            "INSERT INTO names SELECT '{row}', id, 'guild', '00000000-0000-7000-8000-0000000{row:0>5}',
             'n{row}', 'n{row}', 'n{row}', 1, 0, NULL, NULL, NULL, NULL FROM realms;
             UPDATE names SET rowid = {row} WHERE id = '{row}'"
        ))
        .unwrap();
    }
    assert_eq!(db.hash_names().unwrap(), 3);
    Wide {
        db,
        conn,
        _dir: dir,
    }
}

fn filling(db: &Database, state: Option<i64>) -> Filling {
    Filling {
        state,
        pieces: Mutex::new(db.read(Pieces::of).unwrap()),
        index: Mutex::default(),
        at_once: 2,
    }
}

#[test]
fn who_helps_reads_only_the_state_that_the_other_sees() {
    let Wide { db, .. } = &wide();
    let elsewhere = filling(db, Some(77));
    elsewhere.help(db).unwrap();
    assert_eq!(lock(&elsewhere.pieces).by_ref().count(), 3);
    assert!(lock(&elsewhere.index).is_empty());
    let here = filling(db, None);
    here.help(db).unwrap();
    assert_eq!(lock(&here.pieces).by_ref().count(), 0);
    assert_eq!(lock(&here.index).len(), 3);
}

#[test]
fn what_stops_the_one_who_helps_stops_the_loading() {
    let mut world = wide();
    world
        .conn
        .batch_execute("UPDATE names SET owner_id = 'nobody ' || id")
        .unwrap();
    let filling = filling(&world.db, None);
    assert!(matches!(
        filling.help(&world.db),
        Err(StoreError::Database { .. })
    ));
    assert_eq!(lock(&filling.pieces).by_ref().count(), 0);
}

#[test]
fn numbers_that_lie_far_from_each_other_are_read_too() {
    let mut world = wide();
    for (row, number) in [(1, i64::MIN), (40_000, i64::MAX)] {
        world
            .conn
            .batch_execute(&format!(
                "UPDATE names SET rowid = {number} WHERE id = '{row}'"
            ))
            .unwrap();
    }
    let (index, proof) = NameIndex::load(&world.db).unwrap();
    assert_eq!((index.len(), proof.rows), (3, 3));
}
