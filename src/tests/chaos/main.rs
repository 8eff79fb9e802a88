//! Kills the real server with signal 9 while four clients save and upload, starts it again on the same world,
//! and looks for what was lost: through the front door, in the database and in the files. PostgreSQL is killed and
//! stopped at once, too. `CHAOS_KILLS` sets how often (20), `GUILDHALL_TEST_BACKEND` the database, `GUILDHALL_SEED`
//! repeats a run. A kill keeps what the kernel has taken; a loss of power is not tested here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod checker;
mod crew;
mod damages;
mod faulty;
mod hands;
mod ledger;
mod look;
mod overload;
mod postgres;
mod voyage;

use std::hash::{BuildHasher, RandomState};
use std::process::Command;

use guildhall_testkit::postgres::DURABLE;
use guildhall_testkit::{ChildServer, TestWorld, backend};

use voyage::Voyage;

/// More than the clients come to in any run.
const PLENTY: &str = "1000000";
const KILLS: usize = 20;
/// Of a server or a database that acknowledges too early; the first should do.
const FAULTY_KILLS_MAX: usize = 10;
/// Kills between two lines that say how it goes.
const PROGRESS: usize = 10;

fn number(variable: &str) -> Option<u64> {
    let told = std::env::var(variable).ok()?;
    Some(
        told.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number")),
    )
}

fn seed() -> u64 {
    number("GUILDHALL_SEED").unwrap_or_else(|| RandomState::new().hash_one("chaos"))
}

/// The program itself, as an operator starts it, for players who never have enough.
fn real(world: &TestWorld) -> ChildServer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(["--admin-listen", "127.0.0.1:0", "--data"])
        .arg(world.path())
        .args(["--database", &world.url()])
        // The clients make and rename more than a player may.
        .env("GUILDHALL_LIMITS__CHARACTERS_PER_ACCOUNT_MAX", PLENTY)
        .env("GUILDHALL_LIMITS__NAMES_COOLING_MAX", PLENTY)
        // And they come back again and again, all from one address.
        .env(
            "GUILDHALL_LIMITS__DOORS__HANDSHAKES_PER_ADDRESS_BURST",
            PLENTY,
        )
        // Batches are held against their history: nothing of it is forgotten meanwhile, and forgetting leaves none.
        .env("GUILDHALL_LIMITS__RETENTION_INTERVAL_MS", PLENTY);
    ChildServer::spawn(command)
}

#[tokio::test]
async fn after_each_kill_every_receipt_is_kept_and_nothing_else_is_there() {
    let kills = number("CHAOS_KILLS").map_or(KILLS, |told| usize::try_from(told).unwrap());
    let mut voyage = Voyage::begin(real, backend(), DURABLE, seed()).await;
    for kill in 1..=kills {
        let verdict = voyage.kill().await;
        assert!(verdict.is_clean(), "{verdict:#?}\n{}", voyage.keep());
        if kill % PROGRESS == 0 {
            voyage.report("chaos goes on");
        }
    }
    let verdict = voyage.last_look().await;
    assert!(verdict.is_clean(), "{verdict:#?}\n{}", voyage.keep());
    voyage.report("chaos");
    assert!(
        verdict.receipts > 5 * kills,
        "{} receipts",
        verdict.receipts
    );
}

/// The positive control: this server gives its receipts before it writes, and the same checker finds what
/// that costs.
#[tokio::test]
async fn with_receipts_sent_before_the_write_the_checker_finds_loss() {
    let mut voyage = Voyage::begin(faulty::launch, backend(), DURABLE, seed()).await;
    for _ in 0..FAULTY_KILLS_MAX {
        let verdict = voyage.kill().await;
        if verdict.lost.is_empty() {
            continue;
        }
        voyage.report("chaos, receipts before the write");
        // What was not tampered with is held to the promise here too.
        let uploads = verdict.lost.iter().filter(|lost| lost.contains("board"));
        assert_eq!(uploads.count(), 0, "{verdict:#?}");
        return;
    }
    panic!("{FAULTY_KILLS_MAX} kills of a server that lies, and no loss was found");
}

/// The eyes' own positive control: what is damaged in the files of a server is seen.
#[tokio::test]
async fn what_is_damaged_in_the_files_is_seen() {
    let mut voyage = Voyage::begin(real, backend(), DURABLE, seed()).await;
    while !voyage.has_uploads() {
        assert!(voyage.kill().await.is_clean());
    }
    let world = voyage.wreck();
    assert_eq!(look::in_the_files(world).broken, [""; 0]);
    let sees = |what: &str| {
        let broken = look::in_the_files(world).broken;
        let seen = broken.iter().any(|sentence| sentence.contains(what));
        assert!(seen, "{what}: {broken:?}");
    };
    for (what, damage) in damages::DAMAGES {
        damage(world);
        sees(what);
    }
    damages::says_too(world).into_iter().for_each(sees);
}
