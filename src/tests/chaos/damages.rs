//! Damage done by hand to the world of a server that is not running, and the words by which it must be seen.

use std::io::Write;
use std::path::PathBuf;

use guildhall_store::blobs::{BlobStore, FileBlobs};
use guildhall_testkit::TestWorld;

/// Changes rows, whatever refers to them.
fn run(world: &TestWorld, verb: &str, rows: &str) {
    let sql = world.sql();
    sql.ignore_references();
    let (table, condition) = rows.split_once(" WHERE ").unwrap_or((rows, "1 = 1"));
    let name = table.split(' ').next().unwrap();
    let there = format!("SELECT count(*) FROM {name} WHERE {condition}");
    assert!(sql.number(&there) > 0, "{verb} {rows}");
    sql.run(&format!("{verb} {table} WHERE {condition}"));
}

/// The file behind some revision that is still whole.
fn bytes(world: &TestWorld) -> PathBuf {
    let sql = "SELECT hash FROM board_revisions ORDER BY created_at LIMIT 1";
    let hash = world.sql().rows(sql)[0][0].bytes();
    let files = FileBlobs::open(world.path()).unwrap();
    files.path(&hash.try_into().unwrap())
}

/// What must be said of it, and how it is done.
type Damage = (&'static str, fn(&TestWorld));

pub const DAMAGES: &[Damage] = &[
    ("has other bytes", |world| {
        let file = std::fs::OpenOptions::new().append(true).open(bytes(world));
        file.unwrap().write_all(b"!").unwrap();
    }),
    ("has no bytes", |world| {
        std::fs::remove_file(bytes(world)).unwrap()
    }),
    ("has no name", |world| {
        let one =
            "SELECT min(id) FROM names WHERE owner_kind = 'character' AND cooling_until IS NULL";
        run(world, "DELETE FROM", &format!("names WHERE id = ({one})"));
    }),
    ("a name without its character", |world| {
        let one = "SELECT min(owner_id) FROM names WHERE owner_kind = 'character' AND cooling_until IS NULL";
        run(
            world,
            "DELETE FROM",
            &format!("characters WHERE id = ({one})"),
        );
    }),
    ("a guild without a name", |world| {
        run(world, "DELETE FROM", "names WHERE owner_kind = 'guild'");
    }),
    ("a guild without a ship", |world| {
        run(world, "DELETE FROM", "ships")
    }),
    ("a name without its guild", |world| {
        let free = "SELECT min(id) FROM names WHERE cooling_until IS NULL";
        let rows = format!("names SET owner_kind = 'guild' WHERE id = ({free})");
        run(world, "UPDATE", &rows);
    }),
    ("is no revision", |world| {
        let rows = "boards SET head_revision = head_revision + 999";
        run(world, "UPDATE", rows);
    }),
    ("a batch that says more than its history", |world| {
        run(world, "UPDATE", "batches SET rows = rows + 1 WHERE seq = 1");
    }),
    ("a board without its campaign", |world| {
        run(world, "DELETE FROM", "campaigns")
    }),
];

/// What a file says of the last damage besides.
pub fn says_too(world: &TestWorld) -> Option<&'static str> {
    world.file().map(|_| "a row that refers to nothing")
}
