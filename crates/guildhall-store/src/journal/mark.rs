//! A small file beside the journal that says how many transactions it had: a write-ahead log that
//! was cut, damaged or deleted looks to SQLite like one that ends earlier. Written after every
//! commit and never synced, so that after a loss of power it may say too little, never too much.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use uuid::Uuid;

use super::contents::Contents;
use super::file::{beside, damaged};
use super::record::{Head, Reader};
use crate::error::StoreError;

/// 16 of the journal's id, 8 of the count.
const MARK_BYTES: usize = 24;

/// The open file.
pub(super) struct Mark(File);

impl Mark {
    pub fn open(journal: &Path) -> Result<Self, StoreError> {
        let path = beside(journal, "-mark");
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let doing = StoreError::files(format!("opening {}", path.display()));
        opened.map(Self).map_err(doing)
    }

    /// The mark of another journal, or none, says nothing.
    pub fn witnesses(&self, path: &Path, contents: &Contents) -> Result<(), StoreError> {
        let head = &contents.head;
        let missing = self.commits(head.journal).saturating_sub(head.commits);
        match missing {
            0 => Ok(()),
            _ => {
                let detail = format!("its newest {missing} transactions are missing");
                Err(damaged(path, contents.entries.len())(&detail))
            }
        }
    }

    /// How many transactions this journal had at least.
    pub fn commits(&self, journal: Uuid) -> u64 {
        let mut bytes = [0; MARK_BYTES];
        let read = self.0.read_exact_at(&mut bytes, 0);
        let mut bytes = Reader::new(&bytes);
        match (read, bytes.uuid(), bytes.u64()) {
            (Ok(()), Some(id), Some(commits)) if id == journal => commits,
            _ => 0,
        }
    }

    /// What cannot be written is left: an older mark is true as well.
    pub fn set(&self, head: &Head) {
        let mut bytes = Vec::with_capacity(MARK_BYTES);
        bytes.extend_from_slice(head.journal.as_bytes());
        bytes.extend_from_slice(&head.commits.to_le_bytes());
        let _older_is_true_too = self.0.write_all_at(&bytes, 0);
    }
}
