//! The local journal on real files: what was promised is found again, whatever was cut off where.

mod bounds;
mod crashes;
mod damage;
mod disk;
mod random_steps;
mod salvages;
mod with_database;

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use guildhall_store::journal::{Entry, Left};
use guildhall_store::{Author, EntityKey, EntityKind, Journal, Save, StoreError, Write};
use tempfile::TempDir;
use uuid::Uuid;

const WORLD: Uuid = Uuid::from_u128(7);

/// Everything that belongs to a journal: the file and what lies beside it.
const FILES: [&str; 3] = [
    "journal.sqlite3",
    "journal.sqlite3-wal",
    "journal.sqlite3-mark",
];

/// Bytes of a page of the file.
const PAGE: usize = 4_096;

/// A directory for one journal.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join(FILES[0])
    }

    pub fn wal(&self) -> PathBuf {
        self.0.path().join(FILES[1])
    }

    pub fn mark(&self) -> PathBuf {
        self.0.path().join(FILES[2])
    }

    /// What a crash at this moment leaves behind.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        for file in FILES {
            let from = self.0.path().join(file);
            if from.exists() {
                fs::copy(from, copy.0.path().join(file)).unwrap();
            }
        }
        copy
    }

    pub fn open(&self) -> (Journal, Left) {
        self.try_open().unwrap()
    }

    pub fn try_open(&self) -> Result<(Journal, Left), StoreError> {
        Journal::open(&self.path(), WORLD, None)
    }

    pub fn refusal(&self) -> StoreError {
        self.try_open().err().unwrap()
    }

    /// Looks into the closed file, or changes it, as nobody should.
    pub fn meddle(&self, sql: &str) {
        let conn = rusqlite::Connection::open(self.path()).unwrap();
        conn.execute_batch(sql).unwrap();
    }
}

/// A save of `bytes` bytes that differs from every other one.
pub fn entry(seq: u64, bytes: usize) -> Entry {
    let mut state = vec![0x5A; bytes.max(8)];
    state[..8].copy_from_slice(&seq.to_be_bytes());
    let save = Save {
        key: EntityKey {
            kind: EntityKind::Character,
            id: Uuid::from_u128((seq % 5).into()),
        },
        base_version: seq as u32,
        schema_version: 1,
        state: Bytes::from(state),
        fence: Some(3),
        by: Author {
            account: Uuid::from_u128(1),
            session: Some(Uuid::from_u128(2)),
        },
    };
    Entry {
        seq,
        at_us: 1_000 - seq as i64,
        write: Write::Save(save),
    }
}

pub fn entries(seqs: impl IntoIterator<Item = u64>, bytes: usize) -> Vec<Entry> {
    seqs.into_iter().map(|seq| entry(seq, bytes)).collect()
}

/// Entries whole, so that they can be compared.
pub fn whole(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| format!("{entry:?}")).collect()
}

pub fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq).collect()
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A closed journal with 50 entries and an open flight.
fn closed() -> Place {
    let place = Place::new();
    let (mut journal, _) = place.open();
    journal.append(&entries(1..51, 1_000)).unwrap();
    journal.take_off(Uuid::from_u128(1), &[1, 2, 9]).unwrap();
    drop(journal);
    assert!(!place.wal().exists(), "all of it is in the file");
    place
}

#[test]
fn a_new_journal_is_empty_and_for_its_owner_alone() {
    let place = Place::new();
    let (mut journal, left) = place.open();
    assert!(left.entries.is_empty() && left.flights.is_empty());
    assert_eq!((journal.next_seq(), journal.is_empty()), (1, true));
    journal.append(&entries(1..3, 100)).unwrap();
    for path in [place.path(), place.wal(), place.mark()] {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn what_was_appended_is_found_in_its_order_whatever_the_clock_said() {
    let place = Place::new();
    let (mut journal, _) = place.open();
    let id = journal.id();
    let promised = entries([1, 2, 5, 6, 40], 3_000);
    journal.append(&promised[..2]).unwrap();
    journal.append(&promised[2..]).unwrap();
    drop(journal);
    // Each was made before the one in front of it, as by a clock that is set back.
    let (journal, left) = place.open();
    assert_eq!(whole(&left.entries), whole(&promised));
    assert_eq!((journal.id(), journal.next_seq()), (id, 41));
}

#[test]
fn numbers_only_rise_even_when_everything_has_landed() {
    let place = Place::new();
    let (mut journal, _) = place.open();
    journal.append(&entries(1..4, 100)).unwrap();
    journal.take_off(WORLD, &[1, 2, 3]).unwrap();
    journal.landed(WORLD);
    journal.close().unwrap();
    let (mut journal, left) = place.open();
    assert!(left.entries.is_empty() && left.flights.is_empty());
    assert_eq!(journal.next_seq(), 4);
    for old in [vec![3], vec![5, 4], vec![5, 5]] {
        let error = journal.append(&entries(old, 100)).unwrap_err();
        assert!(
            matches!(error, StoreError::JournalRefused { .. }),
            "{error}"
        );
    }
    journal.append(&entries([4, 9], 100)).unwrap();
    assert_eq!(journal.next_seq(), 10);
}

#[test]
fn a_second_process_cannot_open_it() {
    let place = Place::new();
    let (_journal, _) = place.open();
    let error = place.refusal();
    assert!(matches!(error, StoreError::CannotOpen { .. }), "{error}");
    assert!(error.to_string().contains("locked"), "{error}");
}
