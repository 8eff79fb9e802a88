//! A disk that is full, and one that fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use guildhall_store::{Journal, StoreError};
use guildhall_testkit::SmallDisk;

use super::{WORLD, entries};

/// Set for the process that fails, to the path of its journal.
const FAILS_HERE: &str = "GUILDHALL_TEST_JOURNAL";

/// Appends until that fails; how many entries were promised before, and the failure.
fn fill(journal: &mut Journal) -> (u64, StoreError) {
    for seq in journal.next_seq().. {
        if let Err(error) = journal.append(&entries([seq], 10_000)) {
            return (seq - 1, error);
        }
    }
    unreachable!("there are not so many numbers")
}

fn found(path: &Path) -> Vec<u64> {
    let (_, left) = Journal::open(path, WORLD, None).unwrap();
    super::seqs(&left.entries)
}

#[test]
fn on_a_full_disk_nothing_promised_is_lost_and_it_goes_on_when_there_is_room() {
    let disk = SmallDisk::with_bytes(2 << 20);
    let path = disk.path().join("journal.sqlite3");
    let filler = disk.path().join("filler");
    let (mut journal, _) = Journal::open(&path, WORLD, None).unwrap();
    fs::write(&filler, vec![1; 1 << 20]).unwrap();
    let (promised, error) = fill(&mut journal);
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert!(promised > 10, "{promised}");
    let elsewhere = super::Place::new();
    for file in super::FILES {
        fs::copy(disk.path().join(file), elsewhere.0.path().join(file)).unwrap();
    }
    assert_eq!(found(&elsewhere.path()), Vec::from_iter(1..=promised));
    fs::remove_file(filler).unwrap();
    let (more, error) = fill(&mut journal);
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert!(more > promised + 10, "{more} after {promised}");
}

/// A file may not grow past a limit in the process that this test starts: to SQLite that is a disk
/// that fails, as a failed sync is.
#[test]
fn after_a_failed_write_nothing_is_promised_and_what_was_promised_is_there() {
    if let Ok(path) = std::env::var(FAILS_HERE) {
        return fail_at(PathBuf::from(path));
    }
    let place = super::Place::new();
    let limited = "trap '' XFSZ; ulimit -f 1000; exec \"$0\" --exact --nocapture \"$1\"";
    let name =
        "journal::disk::after_a_failed_write_nothing_is_promised_and_what_was_promised_is_there";
    let output = Command::new("sh")
        .args(["-c", limited])
        .arg(std::env::current_exe().unwrap())
        .arg(name)
        .env(FAILS_HERE, place.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let promised = said.lines().find_map(|line| line.strip_prefix("promised "));
    let promised: u64 = promised.expect("a figure").parse().unwrap();
    assert!(promised > 10, "{promised}");
    assert_eq!(found(&place.path()), Vec::from_iter(1..=promised));
}

fn fail_at(path: PathBuf) {
    let (mut journal, _) = Journal::open(&path, WORLD, None).unwrap();
    let (promised, error) = fill(&mut journal);
    assert!(matches!(error, StoreError::JournalFailed { .. }), "{error}");
    // A smaller one would fit; it is not tried.
    let small = journal.append(&entries([promised + 1], 10));
    assert!(matches!(small, Err(StoreError::JournalFailed { .. })));
    println!("\npromised {promised}");
}
