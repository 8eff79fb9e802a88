//! What opening a database refuses, and how readers wait.

use super::*;

#[test]
fn a_reader_that_finds_no_free_connection_gets_unavailable_within_the_deadline() {
    let dir = tempfile::tempdir().unwrap();
    let options = OpenOptions {
        readers: 1,
        create: true,
    };
    let path = dir.path().join("world.sqlite");
    let db =
        Database::open_with_deadline(path.into(), &options, Duration::from_millis(50)).unwrap();
    let inner = db.read(|_| Ok(db.read(|_| Ok(())).unwrap_err())).unwrap();
    assert!(matches!(inner, StoreError::Unavailable { .. }), "{inner}");
    db.read(|_| Ok(())).unwrap();
}
