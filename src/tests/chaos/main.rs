//! Kills the real server with signal 9 while four clients save and upload, starts it again on the same data,
//! and looks for what was lost: through the front door and in the files. `CHAOS_KILLS` sets how often (20),
//! `GUILDHALL_SEED` repeats a run. A kill keeps what the kernel has taken; a loss of power is not tested here.
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
mod voyage;

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use guildhall_testkit::ChildServer;

use voyage::Voyage;

const KILLS: usize = 20;
/// Of the server that acknowledges too early; the first should do.
const FAULTY_KILLS_MAX: usize = 10;

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

/// The program itself, as an operator starts it.
fn real(data: &Path) -> ChildServer {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_guildhall"));
    let anywhere = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "127.0.0.1:0",
    ];
    ChildServer::start(&binary, &anywhere, data)
}

#[tokio::test]
async fn after_20_kills_every_durable_receipt_is_there_and_nothing_else() {
    let kills = number("CHAOS_KILLS").map_or(KILLS, |told| usize::try_from(told).unwrap());
    let mut voyage = Voyage::begin(real, seed()).await;
    for _ in 0..kills {
        let verdict = voyage.kill().await;
        assert!(verdict.is_clean(), "{verdict:#?}\n{}", voyage.keep());
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
    let mut voyage = Voyage::begin(faulty::launch, seed()).await;
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
    let mut voyage = Voyage::begin(real, seed()).await;
    while !voyage.has_uploads() {
        assert!(voyage.kill().await.is_clean());
    }
    let data = voyage.wreck();
    assert_eq!(look::in_the_files(data).broken, [""; 0]);
    for (what, damage) in damages::DAMAGES {
        damage(data);
        let broken = look::in_the_files(data).broken;
        let seen = broken.iter().any(|sentence| sentence.contains(what));
        assert!(seen, "{what}: {broken:?}");
    }
}
