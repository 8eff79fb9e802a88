//! The log of a file of its own.

use diesel::connection::SimpleConnection;

use super::*;
use crate::backend::Access;
use crate::backend::sqlite::{connect, prepare};

/// Writes so many pages, in as many commits.
fn write(conn: &mut SqliteConnection, pages: i32) {
    for _ in 0..pages {
        conn.batch_execute("INSERT INTO pages VALUES (zeroblob(4000))")
            .unwrap();
    }
}

#[test]
fn the_log_is_moved_between_batches_once_it_has_grown_and_never_within_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("world.sqlite3");
    prepare(&path, true).unwrap();
    let mut conn = connect(&path, Access::Write).unwrap();
    conn.batch_execute("CREATE TABLE pages (page BLOB)")
        .unwrap();
    write(&mut conn, 100);
    checkpoint_if_due(&mut conn).unwrap();
    let Log { pages, moved } = log(&mut conn, "NOOP").unwrap();
    assert!((100..DUE_AT_PAGES).contains(&pages), "{pages}");
    assert_eq!(moved, 0, "too few");
    write(&mut conn, DUE_AT_PAGES);
    let Log { pages, moved } = log(&mut conn, "NOOP").unwrap();
    assert!(pages > DUE_AT_PAGES, "{pages}");
    assert_eq!(moved, 0, "a commit did it");
    checkpoint_if_due(&mut conn).unwrap();
    let Log { pages, moved } = log(&mut conn, "NOOP").unwrap();
    assert_eq!(moved, pages);
    write(&mut conn, 1);
    assert!(
        log(&mut conn, "NOOP").unwrap().pages < 100,
        "it begins anew"
    );
}
