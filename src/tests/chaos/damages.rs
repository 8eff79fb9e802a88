//! Damage done by hand to the files of a server that is not running, and the words by which it must be seen.

use std::io::Write;
use std::path::{Path, PathBuf};

use guildhall::server::DATABASE_FILE;
use guildhall_store::blobs::{BlobStore, FileBlobs};
use rusqlite::Connection;

fn database(data: &Path) -> Connection {
    let database = Connection::open(data.join(DATABASE_FILE)).unwrap();
    database.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    database
}

fn run(data: &Path, sql: &str) {
    let rows = database(data).execute(sql, []).unwrap();
    assert!(rows > 0, "{sql}");
}

/// The file behind some revision that is still whole.
fn bytes(data: &Path) -> PathBuf {
    let sql = "SELECT hash FROM board_revisions ORDER BY created_at LIMIT 1";
    let hash: [u8; 32] = database(data).query_one(sql, [], |row| row.get(0)).unwrap();
    FileBlobs::open(data).unwrap().path(&hash)
}

/// What must be said of it, and how it is done.
type Damage = (&'static str, fn(&Path));

pub const DAMAGES: &[Damage] = &[
    ("has other bytes", |data| {
        let file = std::fs::OpenOptions::new().append(true).open(bytes(data));
        file.unwrap().write_all(b"!").unwrap();
    }),
    ("has no bytes", |data| {
        std::fs::remove_file(bytes(data)).unwrap()
    }),
    ("has no name", |data| {
        let one =
            "SELECT id FROM names WHERE owner_kind = 'character' AND cooling_until IS NULL LIMIT 1";
        run(data, &format!("DELETE FROM names WHERE id = ({one})"));
    }),
    ("a name without its character", |data| {
        let one = "SELECT owner_id FROM names WHERE owner_kind = 'character' LIMIT 1";
        run(data, &format!("DELETE FROM characters WHERE id = ({one})"));
    }),
    ("a guild without a name", |data| {
        run(data, "DELETE FROM names WHERE owner_kind = 'guild'");
    }),
    ("a guild without a ship", |data| {
        run(data, "DELETE FROM ships")
    }),
    ("a name without its guild", |data| {
        let free = "SELECT id FROM names LIMIT 1";
        run(
            data,
            &format!("UPDATE names SET owner_kind = 'guild' WHERE id = ({free})"),
        );
    }),
    ("is no revision", |data| {
        run(
            data,
            "UPDATE boards SET head_revision = head_revision + 999",
        );
    }),
    ("a batch that says more than its history", |data| {
        run(data, "UPDATE batches SET rows = rows + 1 WHERE seq = 1");
    }),
    ("a row that refers to nothing", |data| {
        run(data, "DELETE FROM campaigns")
    }),
];
