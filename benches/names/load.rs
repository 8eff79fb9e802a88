//! Loading the index, proof of equality included, against a bare cursor over the same columns.

use std::hint::black_box;
use std::time::{Duration, Instant};

use guildhall_store::{Database, NameIndex};

use super::world;
use crate::report;

/// Each of both sides; what a round costs is seconds with ten millions.
const ROUNDS: usize = 5;
const AIM: f64 = 1.3;

fn timed(act: impl FnOnce() -> u64, count: u64) -> Duration {
    let start = Instant::now();
    assert_eq!(act(), count);
    start.elapsed()
}

fn load(db: &Database) -> u64 {
    let (index, proof) = NameIndex::load(db).unwrap();
    assert_eq!(index.proof(), proof);
    black_box(index).len()
}

fn told(name: &str, count: u64, ours: impl FnMut() -> Duration, bare: impl FnMut() -> Duration) {
    let (ours, bare) = report::in_turns(ROUNDS, ours, bare);
    report::side(name, "the index, proven", &ours, count as f64, "names");
    report::side(name, "a bare cursor", &bare, count as f64, "names");
    let mut ratios: Vec<f64> = ours
        .iter()
        .zip(&bare)
        .map(|(ours, bare)| ours.as_secs_f64() / bare.as_secs_f64())
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    let ratio = ratios[ratios.len() / 2];
    let met = if ratio <= AIM { "met" } else { "missed" };
    println!("RATIO {name} {ratio:.2} (time, aim <= {AIM}: {met})");
}

const COLUMNS: &str =
    "SELECT realm_id, owner_kind, owner_id, name_key, skeleton_hash, written_hash, key_version,
    cooling_until FROM names";

/// Steps through the rows and looks at every column; nothing is copied.
fn bare(conn: &rusqlite::Connection) -> u64 {
    let mut statement = conn.prepare(COLUMNS).unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut count = 0;
    while let Some(row) = rows.next().unwrap() {
        for text in 0..4 {
            black_box(row.get_ref(text).unwrap().as_str().unwrap());
        }
        let hashes: (i64, i64) = (row.get(4).unwrap(), row.get(5).unwrap());
        let rest: (i32, Option<i64>) = (row.get(6).unwrap(), row.get(7).unwrap());
        black_box((hashes, rest));
        count += 1;
    }
    count
}

pub fn sqlite(count: u64) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("names.sqlite3");
    let db = world::sqlite(&path, count);
    let conn = rusqlite::Connection::open(&path).unwrap();
    told(
        "names_load",
        count,
        || timed(|| load(&db), count),
        || timed(|| bare(&conn), count),
    );
    let client = timed(|| guildhall_store::names::read_bare(&db).unwrap(), count);
    println!(
        "names_load: the server's own client reads the same in {:.2} ms",
        client.as_secs_f64() * 1000.0
    );
}

pub fn postgres(count: u64) {
    let database = guildhall_testkit::postgres::create_database();
    let dir = tempfile::tempdir().unwrap();
    let db = world::postgres(&database.url(), &dir.path().join("names.csv"), count);
    told(
        "names_load_postgres",
        count,
        || timed(|| load(&db), count),
        || timed(|| guildhall_store::names::read_bare(&db).unwrap(), count),
    );
}
