//! One transaction of the journal, and what its failure means.

use diesel::SqliteConnection;
use diesel::connection::SimpleConnection;
use diesel::result::{Error, QueryResult};

use super::record::Head;
use super::{Journal, rows};
use crate::error::StoreError;

/// What is written before the write-ahead log goes back into the file: SQLite's own figure, 1,000
/// pages of 4 KiB. Ours to do, since SQLite hides the errors of a checkpoint that it does itself.
const CHECKPOINT_BYTES: usize = 4_096_000;

/// What a transaction writes beside its records, roughly: its first and its last page.
const COMMIT_BYTES: usize = 8_192;

impl Journal {
    /// Does `work` and writes the new head, in one transaction; `bytes` is what that adds to the
    /// write-ahead log. The head in memory changes only with the one on the disk. On a full disk
    /// it is tried again where the log can begin anew, in the room that it has.
    pub(super) fn commit(
        &mut self,
        mut head: Head,
        bytes: usize,
        work: impl Fn(&mut SqliteConnection) -> QueryResult<()>,
    ) -> Result<(), StoreError> {
        head.commits = self.head.commits.saturating_add(1);
        let record = head.encode();
        let write = |conn: &mut _| work(conn).and_then(|()| rows::update_head(conn, &record));
        let mut committed = transaction(&mut self.conn, write);
        if committed.as_ref().is_err_and(is_full) && self.since_checkpoint > 0 {
            self.checkpoint()?;
            committed = transaction(&mut self.conn, write);
        }
        committed.map_err(|error| self.judge(&error))?;
        self.mark.set(&head);
        self.head = head;
        let bytes = bytes.saturating_add(COMMIT_BYTES);
        self.since_checkpoint = self.since_checkpoint.saturating_add(bytes);
        Ok(())
    }

    /// Moves the write-ahead log into the file when it has grown enough, so that it begins anew.
    pub(super) fn checkpoint_if_due(&mut self) -> Result<(), StoreError> {
        match self.since_checkpoint < CHECKPOINT_BYTES {
            true => Ok(()),
            false => self.checkpoint(),
        }
    }

    /// A full disk only puts it off: the log stays as it is. Not truncated: on a disk that fills
    /// up, the room that the log has is the journal's own.
    fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.since_checkpoint = 0;
        match self.conn.batch_execute("PRAGMA wal_checkpoint(PASSIVE)") {
            Err(error) if !is_full(&error) => Err(self.judge(&error)),
            _ => Ok(()),
        }
    }

    /// Of all failures only a full disk leaves things as they were. After a failed sync nobody
    /// knows what is on the disk: the system may have dropped what it could not write, and the next
    /// sync would succeed without it.
    pub(super) fn judge(&mut self, error: &Error) -> StoreError {
        let detail = error.to_string();
        if is_full(error) {
            return StoreError::DiskFull { detail };
        }
        self.failed = Some(detail.clone());
        self.failure(detail)
    }

    pub(super) fn still_good(&self) -> Result<(), StoreError> {
        match &self.failed {
            None => Ok(()),
            Some(detail) => Err(self.failure(detail.clone())),
        }
    }

    fn failure(&self, detail: String) -> StoreError {
        StoreError::JournalFailed {
            path: self.path.clone(),
            detail,
        }
    }
}

fn transaction(
    conn: &mut SqliteConnection,
    work: impl Fn(&mut SqliteConnection) -> QueryResult<()>,
) -> QueryResult<()> {
    conn.batch_execute("BEGIN IMMEDIATE")?;
    let done = work(conn).and_then(|()| conn.batch_execute("COMMIT"));
    if done.is_err() {
        // Fails where the error has already ended the transaction, which is all we want.
        let _ended = conn.batch_execute("ROLLBACK");
    }
    done
}

/// SQLite's own fixed message: diesel hands on no code.
fn is_full(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, info) if info.message() == "database or disk is full")
}
