//! Loading the index, proof of equality included, against a bare cursor over the same columns; for SQLite also by
//! the client library that the server uses.

use std::hint::black_box;
use std::time::{Duration, Instant};

use diesel::{Connection, PgConnection, SqliteConnection};
use guildhall_store::{Database, NameIndex};

use super::{bare, world};
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

pub fn sqlite(count: u64) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("names.sqlite3");
    let db = world::sqlite(&path, count);
    let conn = rusqlite::Connection::open(&path).unwrap();
    told(
        "names_load",
        count,
        || timed(|| load(&db), count),
        || timed(|| bare::sqlite(&conn), count),
    );
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    told(
        "names_load_by_client",
        count,
        || timed(|| load(&db), count),
        || timed(|| bare::sqlite_by_client(&mut conn), count),
    );
}

pub fn postgres(count: u64) {
    let database = guildhall_testkit::postgres::create_database();
    let dir = tempfile::tempdir().unwrap();
    let url = database.url();
    let db = world::postgres(&url, &dir.path().join("names.csv"), count);
    let mut conn = PgConnection::establish(&url).unwrap();
    told(
        "names_load_postgres",
        count,
        || timed(|| load(&db), count),
        || timed(|| bare::postgres(&mut conn), count),
    );
}
