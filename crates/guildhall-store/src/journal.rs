//! The local journal: what was promised as safe before a distant database committed it. A table in
//! a SQLite file of its own; one thread owns it and calls [`Journal::append`] for each group of
//! saves, [`Journal::take_off`] before their batch goes to the database, [`Journal::landed`] after
//! its commit. A crash in between is cleared up by [`Journal::replay`] at the next start.
//! In `journal/`: `record` and `entry` (bytes, checksums), `file` (making, opening), `contents`
//! (reading all of it), `commit` and `rows` (SQL), `flights`, `mark`, `replay`, `salvage` (reading a damaged one).

mod commit;
mod contents;
mod entry;
mod file;
mod flights;
mod mark;
mod record;
mod replay;
mod rows;
mod salvage;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diesel::SqliteConnection;
use uuid::Uuid;

use crate::error::StoreError;
use contents::Contents;
use flights::Out;
use mark::Mark;
use record::Head;
use rows::EntryRow;

pub use entry::Entry;
pub use replay::{Flight, Left, Replay, Run, replay};
pub use salvage::{Salvage, SavedWrite, salvage};

/// An open journal. Everything blocks, and what returned `Ok` is on the disk.
pub struct Journal {
    conn: SqliteConnection,
    path: PathBuf,
    head: Head,
    mark: Mark,
    /// The checksums of the entries that are in the file, by sequence number.
    live: BTreeMap<u64, u128>,
    flights: Vec<Out>,
    /// Where records are put together; kept for its capacity.
    bytes: Vec<u8>,
    since_checkpoint: usize,
    /// Why nothing may be promised any more.
    failed: Option<String>,
}

impl Journal {
    /// Opens the journal of a world, or makes it, and verifies every byte that counts. `known` is
    /// the journal that the database remembers, `None` when it remembers none.
    ///
    /// # Errors
    /// [`StoreError::JournalDamaged`], [`StoreError::JournalVersion`],
    /// [`StoreError::JournalOfAnotherWorld`], [`StoreError::JournalMissing`]: the server must not
    /// start, since saves that were promised may be in the file. Else what opening a file may say.
    pub fn open(path: &Path, world: Uuid, known: Option<Uuid>) -> Result<(Self, Left), StoreError> {
        if file::is_missing(path)? {
            if let Some(journal) = known {
                let path = path.to_owned();
                return Err(StoreError::JournalMissing { path, journal });
            }
            file::make(path, Uuid::now_v7(), world)?;
        }
        let mut conn = file::connect(path)?;
        let contents = contents::read(&mut conn, path)?;
        contents.belongs_to(path, world, known)?;
        let mark = Mark::open(path)?;
        mark.witnesses(path, &contents)?;
        Ok(Self::with(conn, path, mark, contents))
    }

    fn with(conn: SqliteConnection, path: &Path, mark: Mark, contents: Contents) -> (Self, Left) {
        let journal = Self {
            conn,
            path: path.to_owned(),
            head: contents.head,
            mark,
            live: contents.checks.into_iter().collect(),
            flights: contents.flights.iter().cloned().map(Out::open).collect(),
            bytes: Vec::new(),
            since_checkpoint: 0,
            failed: None,
        };
        let flights = contents.flights.into_iter();
        let left = Left {
            entries: contents.entries,
            flights: flights.map(|row| row.flight).collect(),
        };
        (journal, left)
    }

    /// Which journal this is; the database should remember it before the first promise.
    pub fn id(&self) -> Uuid {
        self.head.journal
    }

    /// The lowest sequence number that no entry of this journal ever had.
    pub fn next_seq(&self) -> u64 {
        self.head.next_seq
    }

    /// Entries in the file, those of the newest landed flight included.
    pub fn len(&self) -> usize {
        self.live.len()
    }

    /// Whether nothing is in the file.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// Writes entries in one transaction; when it returns they are on the disk, all of them.
    /// Their numbers rise from [`Journal::next_seq`] on; gaps are fine. All entries of a batch are
    /// appended before its [`Journal::take_off`].
    ///
    /// # Errors
    /// [`StoreError::DiskFull`]: nothing was written and nothing promised, and it may be tried again.
    /// [`StoreError::JournalRefused`]: a number out of order, or a write that is no save.
    /// [`StoreError::JournalFailed`]: end the process. Whether the entries are on the disk is not
    /// known, and no later success would tell.
    pub fn append(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        self.still_good()?;
        let Some(last) = entries.last() else {
            return Ok(());
        };
        let rows = self.encode(entries)?;
        let checks = rows.iter().map(|row| row.check);
        let mut head = self.head.clone().with_rows(checks);
        head.next_seq = last.seq.saturating_add(1);
        // Out of the way of the borrow, and back for its capacity.
        let bytes = std::mem::take(&mut self.bytes);
        let insert = |conn: &mut _| rows::insert_entries(conn, &rows, &bytes);
        let written = self.commit(head, bytes.len(), insert);
        self.bytes = bytes;
        written?;
        self.live
            .extend(rows.iter().map(|row| (row.seq, row.check)));
        self.checkpoint_if_due()
    }

    /// Puts the records of the entries into `bytes`.
    fn encode(&mut self, entries: &[Entry]) -> Result<Vec<EntryRow>, StoreError> {
        self.bytes.clear();
        let mut rows = Vec::with_capacity(entries.len());
        let mut next_seq = self.head.next_seq;
        for entry in entries {
            if entry.seq < next_seq {
                let (seq, path) = (entry.seq, self.path.clone());
                let detail = format!("number {seq} comes after {next_seq} was due");
                return Err(StoreError::JournalRefused { path, detail });
            }
            next_seq = entry.seq.saturating_add(1);
            let start = self.bytes.len();
            let check = entry.seal(&mut self.bytes);
            let check = check.ok_or_else(|| StoreError::JournalRefused {
                path: self.path.clone(),
                detail: format!("number {} is no save", entry.seq),
            })?;
            rows.push(EntryRow {
                seq: entry.seq,
                check,
                place: start..self.bytes.len(),
            });
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests;
