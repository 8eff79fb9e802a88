//! One row in a hundred is refused by the schema: the engine against itself without, and against a writer
//! that gives up the whole batch for one bad row. Counted are rows that became durable.

use std::cell::RefCell;
use std::collections::HashSet;
use std::time::{Duration, Instant};

use guildhall_testkit::Seed;
use guildhall_testkit::postgres::{DURABLE, Postgres};

use super::bare_postgres::BarePostgres;
use super::engine::{BATCH, Cast, Engine};
use crate::report;

pub const NAME: &str = "poison_1_percent";
/// Enough for abort-all to have a few batches without a bad row in each round.
const BATCHES_PER_ROUND: u32 = 64;
const ROUNDS: usize = 15;
const AIM_CLEAN: f64 = 0.45;
const AIM_ABORT_ALL: f64 = 2.5;

/// Time per durable row.
fn per_row(mut batch: impl FnMut() -> usize) -> Duration {
    let started = Instant::now();
    let rows: usize = (0..BATCHES_PER_ROUND).map(|_| batch()).sum();
    started.elapsed() / u32::try_from(rows.max(1)).unwrap()
}

/// Which rows of the next batch are bad: each with one chance in a hundred.
fn bad(seed: &RefCell<Seed>) -> HashSet<usize> {
    let mut seed = seed.borrow_mut();
    (0..BATCH).filter(|_| seed.chance(1)).collect()
}

pub fn measure() {
    let server = Postgres::start(DURABLE);
    let databases = [(); 3].map(|()| server.create_database());
    let cast = Cast::new();
    let [clean, poisoned] =
        [0, 1].map(|at| Engine::new(&cast, &cast.populate(&databases[at].url())));
    let (clean, poisoned) = (RefCell::new(clean), RefCell::new(poisoned));
    cast.populate(&databases[2].url());
    let mut abort_all = BarePostgres::open(&cast, &databases[2].url());
    let seed = RefCell::new(Seed::new(NAME));
    let ours = || {
        let bad = bad(&seed);
        poisoned.borrow_mut().batch(|at| bad.contains(&at))
    };
    let (poison, clean) = report::in_turns(
        ROUNDS,
        || per_row(ours),
        || per_row(|| clean.borrow_mut().batch(|_| false)),
    );
    report::side(NAME, "engine, a durable row", &poison, 1.0, "rows");
    report::side(NAME, "engine, clean, a row", &clean, 1.0, "rows");
    report::ratio("poison_against_clean", &poison, &clean, AIM_CLEAN);
    let theirs = || {
        let bad = bad(&seed);
        usize::from(abort_all.batch(|at| bad.contains(&at))) * BATCH
    };
    let mut theirs = theirs;
    let (poison, aborted) = report::in_turns(ROUNDS, || per_row(ours), || per_row(&mut theirs));
    report::side(NAME, "abort-all, a durable row", &aborted, 1.0, "rows");
    report::ratio("poison_against_abort_all", &poison, &aborted, AIM_ABORT_ALL);
}
