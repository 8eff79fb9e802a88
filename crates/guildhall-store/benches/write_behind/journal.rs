//! Appending to the journal beside a bare prepared insert of records of the same length into such a table,
//! with the same settings and as many rows in one commit.

use std::time::{Duration, Instant};

use bytes::Bytes;
use guildhall_store::journal::Entry;
use guildhall_store::{Author, EntityKey, EntityKind, Journal, Save, Write};
use rusqlite::params;
use tempfile::TempDir;
use uuid::Uuid;

use crate::report;

pub const NAMES: [&str; 2] = ["journal_append_32", "journal_append_256"];
const BATCHES: [u64; 2] = [32, 256];
const AIM: f64 = 0.8;
const STATE_BYTES: usize = 1024;
/// What an entry of a player's character needs beside its state: what it says of the save, and its checksum.
const ENTRY_BYTES: usize = 103;
/// Enough for two checkpoints in each round.
const ROWS_PER_ROUND: u64 = 8_192;
const ROUNDS: usize = 25;

/// Measures with the batches of `NAMES[at]`.
pub fn measure(at: usize) {
    let (name, batch) = (NAMES[at], BATCHES[at]);
    let dir = tempfile::tempdir().unwrap();
    let mut ours = Ours::open(&dir);
    let mut bare = Bare::open(&dir);
    let (ours, bare) = report::in_turns(ROUNDS, || ours.round(batch), || bare.round(batch));
    let rows = ROWS_PER_ROUND as f64;
    report::side(name, "journal", &ours, rows, "rows");
    report::side(name, "bare group-committed append", &bare, rows, "rows");
    report::ratio(name, &ours, &bare, AIM);
}

struct Ours {
    journal: Journal,
    by: Author,
    state: Bytes,
}

impl Ours {
    fn open(dir: &TempDir) -> Self {
        let path = dir.path().join("journal.sqlite3");
        Self {
            journal: Journal::open(&path, Uuid::nil(), None).unwrap().0,
            by: Author {
                account: Uuid::now_v7(),
                session: Some(Uuid::now_v7()),
            },
            state: vec![7; STATE_BYTES].into(),
        }
    }

    fn round(&mut self, batch: u64) -> Duration {
        let first = self.journal.next_seq();
        let seqs: Vec<u64> = (first..first + ROWS_PER_ROUND).collect();
        let entries: Vec<Entry> = seqs.iter().map(|seq| self.entry(*seq)).collect();
        let started = Instant::now();
        for group in entries.chunks(batch as usize) {
            self.journal.append(group).unwrap();
        }
        let took = started.elapsed();
        // Both begin every round with an empty table.
        let flight = Uuid::now_v7();
        self.journal.take_off(flight, &seqs).unwrap();
        self.journal.landed(flight);
        took
    }

    fn entry(&self, seq: u64) -> Entry {
        let save = Save {
            key: EntityKey {
                kind: EntityKind::Character,
                id: Uuid::from_u128(seq.into()),
            },
            base_version: 1,
            schema_version: 1,
            state: self.state.clone(),
            fence: Some(1),
            by: self.by,
        };
        let write = Write::Save(save);
        Entry {
            seq,
            at_us: 0,
            write,
        }
    }
}

struct Bare {
    conn: rusqlite::Connection,
    next: u64,
    record: Vec<u8>,
}

impl Bare {
    fn open(dir: &TempDir) -> Self {
        let conn = rusqlite::Connection::open(dir.path().join("bare.sqlite3")).unwrap();
        conn.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             CREATE TABLE entries (seq INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;",
        )
        .unwrap();
        Self {
            conn,
            next: 1,
            record: vec![7; STATE_BYTES + ENTRY_BYTES],
        }
    }

    fn round(&mut self, batch: u64) -> Duration {
        let started = Instant::now();
        for _ in 0..ROWS_PER_ROUND / batch {
            self.append(batch);
        }
        let took = started.elapsed();
        self.conn.execute("DELETE FROM entries", []).unwrap();
        took
    }

    fn append(&mut self, batch: u64) {
        let transaction = self.conn.transaction().unwrap();
        {
            let insert = "INSERT INTO entries (seq, record) VALUES (?1, ?2)";
            let mut insert = transaction.prepare_cached(insert).unwrap();
            for seq in self.next..self.next + batch {
                let record = self.record.as_slice();
                insert.execute(params![seq as i64, record]).unwrap();
            }
        }
        transaction.commit().unwrap();
        self.next += batch;
    }
}
