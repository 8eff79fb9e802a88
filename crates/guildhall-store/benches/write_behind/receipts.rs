//! How long a save waits for its durable receipt, of which the window is part: saves come one by one all the
//! while, and the batches go as the windows close. The worst of a hundred against window + 3 commits.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use guildhall_testkit::postgres::{DURABLE, Postgres};

use super::engine::{Cast, Engine, state};

pub const SQLITE: &str = "durable_p99_sqlite";
pub const POSTGRES: &str = "durable_p99_postgres";
const WINDOW: Duration = Duration::from_millis(10);
/// Five seconds of them, and one before that is not counted: the first batches have statements to prepare.
const SAVES: usize = 25_000;
const FIRST: usize = 5_000;
/// 5,000 saves a second: fifty to a window.
const BETWEEN: Duration = Duration::from_micros(200);

pub fn sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("world.sqlite3");
    let cast = Cast::new();
    let database = cast.populate(&format!("sqlite://{}", path.display()));
    measure(SQLITE, Engine::new(&cast, &database));
}

pub fn postgres() {
    let server = Postgres::start(DURABLE);
    let database = server.create_database();
    let cast = Cast::new();
    let database = cast.populate(&database.url());
    measure(POSTGRES, Engine::new(&cast, &database));
}

fn measure(name: &str, mut engine: Engine) {
    let (send, saves) = channel();
    let sender = thread::spawn(move || {
        let started = Instant::now();
        for number in 0..FIRST + SAVES {
            let due = BETWEEN * u32::try_from(number).unwrap();
            thread::sleep(due.saturating_sub(started.elapsed()));
            send.send(Instant::now()).unwrap();
        }
    });
    let (mut waits, mut commits) = drive(&mut engine, &saves);
    sender.join().unwrap();
    waits.sort_unstable();
    commits.sort_unstable();
    let (p99, commit) = (waits[waits.len() * 99 / 100], commits[commits.len() / 2]);
    let bound = WINDOW + 3 * commit;
    println!(
        "{name}: {} saves, median {:?}, p99 {p99:?}; commit median {commit:?} of {}; window {WINDOW:?}",
        waits.len(),
        waits[waits.len() / 2],
        commits.len(),
    );
    println!(
        "RATIO {name} {:.2} (of window + 3 commits, aim <= 1)",
        p99.as_secs_f64() / bound.as_secs_f64()
    );
}

/// What the persistence process does, without its mailbox. The waits for receipts and the times of commits.
fn drive(engine: &mut Engine, saves: &Receiver<Instant>) -> (Vec<Duration>, Vec<Duration>) {
    let origin = Instant::now();
    let (mut sent, mut waits, mut commits) = (Vec::with_capacity(SAVES), Vec::new(), Vec::new());
    let mut is_open = true;
    while is_open || !engine.buffer.is_empty() {
        let due = engine.buffer.next_flush();
        let rest = due.map_or(WINDOW, |due| due.saturating_sub(origin.elapsed()));
        match saves.recv_timeout(rest) {
            Ok(at) => take(engine, &mut sent, at, origin),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => is_open = false,
        }
        while let Ok(at) = saves.try_recv() {
            take(engine, &mut sent, at, origin);
        }
        let now = origin.elapsed() + if is_open { Duration::ZERO } else { WINDOW };
        let Some(batch) = engine.buffer.take_batch(now) else {
            continue;
        };
        let report = engine.writer.flush(&batch).unwrap();
        commits.push(report.took);
        for (receipt, outcome) in engine.buffer.finish(report) {
            assert!(outcome.is_durable());
            let wait: &Instant = &sent[receipt];
            if receipt >= FIRST {
                waits.push(wait.elapsed());
            }
        }
        engine.writer.rest();
    }
    (waits, commits)
}

/// Takes a save up at the time when it was sent: in a server the writer has a thread of its own, and nothing waits
/// for it to be taken up.
fn take(engine: &mut Engine, sent: &mut Vec<Instant>, at: Instant, origin: Instant) {
    let character = sent.len() % engine.versions.len();
    let version = &mut engine.versions[character];
    let save = engine.cast.save(character, *version, state(*version));
    *version += 1;
    let receipt = sent.len();
    sent.push(at);
    engine
        .buffer
        .submit(save.into(), receipt, at.duration_since(origin))
        .unwrap();
}
