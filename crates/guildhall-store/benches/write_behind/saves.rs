//! Durable saves: batches of 256 states of 1 KiB through buffer and writer, against a bare loop that writes
//! the same rows (state, history with its state, batch) to a database that began the same.

use std::time::{Duration, Instant};

use guildhall_testkit::postgres::{DURABLE, Postgres};

use super::bare_postgres::BarePostgres;
use super::bare_sqlite::BareSqlite;
use super::engine::{BATCH, Cast, Engine};
use crate::report;

pub const SQLITE: &str = "durable_saves_sqlite_256";
pub const POSTGRES: &str = "durable_saves_postgres_256";
const AIM: f64 = 0.9;
/// Enough for a few checkpoints of SQLite in each round.
const BATCHES_PER_ROUND: u32 = 16;
const ROUNDS: usize = 25;

pub fn sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let cast = Cast::new();
    let url = |name: &str| format!("sqlite://{}", dir.path().join(name).display());
    let database = cast.populate(&url("engine.sqlite3"));
    cast.populate(&url("bare.sqlite3"));
    let mut bare = BareSqlite::open(&cast, &dir.path().join("bare.sqlite3"));
    let mut engine = Engine::new(&cast, &database);
    measure(SQLITE, &mut engine, || {
        bare.batch();
        let took = round(|| bare.batch());
        bare.release_cache();
        took
    });
}

pub fn postgres() {
    let server = Postgres::start(DURABLE);
    let (ours, theirs) = (server.create_database(), server.create_database());
    let cast = Cast::new();
    let database = cast.populate(&ours.url());
    cast.populate(&theirs.url());
    let mut bare = BarePostgres::open(&cast, &theirs.url());
    let mut engine = Engine::new(&cast, &database);
    measure(POSTGRES, &mut engine, || {
        assert!(bare.batch(|_| false));
        round(|| assert!(bare.batch(|_| false)))
    });
}

/// Before each round comes a batch that is not counted: the other side had the machine.
fn measure(name: &str, engine: &mut Engine, bare: impl FnMut() -> Duration) {
    let ours = || {
        engine.batch(|_| false);
        round(|| {
            engine.batch(|_| false);
        })
    };
    let (ours, bare) = report::in_turns(ROUNDS, ours, bare);
    let rows = f64::from(BATCHES_PER_ROUND) * BATCH as f64;
    report::side(name, "buffer and writer", &ours, rows, "rows");
    report::side(name, "bare loop", &bare, rows, "rows");
    report::ratio(name, &ours, &bare, AIM);
}

fn round(mut batch: impl FnMut()) -> Duration {
    let started = Instant::now();
    for _ in 0..BATCHES_PER_ROUND {
        batch();
    }
    started.elapsed()
}
