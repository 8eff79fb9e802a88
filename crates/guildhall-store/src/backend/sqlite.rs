//! SQLite. A failing statement takes back only itself and the transaction lives, so a batch is
//! a loop over its units. What could end the whole transaction (`RAISE(ROLLBACK)` in a trigger)
//! is seen, and the batch is run again without the write that did it.
//! The steps of a run are in `sqlite/`: `run` (units), `save`, `record` (refusals, history).

mod connect;
mod errors;
mod group;
mod record;
mod run;
mod save;
mod watermark;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use diesel::connection::SimpleConnection;

use super::{Backend, Connection};
use crate::error::StoreError;
use crate::write_behind::{Batch, BatchReport, WriteRefusal};

pub(crate) use connect::{Access, connect, prepare, url};
pub(crate) use errors::store_error;

/// Writes that a run leaves out, since an earlier run found that they end the transaction.
type Banned = HashMap<u64, WriteRefusal>;

/// Why a run ended without a commit.
enum Stop {
    /// This write took the whole transaction with it: run again without it.
    Without { seq: u64, refusal: WriteRefusal },
    /// One of several lines of history was refused: run again to see which.
    OneLineEach,
    /// Nobody's fault: give the batch again later.
    Failed(StoreError),
}

impl From<diesel::result::Error> for Stop {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(store_error(&error))
    }
}

/// The writing connection, opened when it is needed.
pub(crate) struct SqliteBackend {
    path: PathBuf,
    conn: Option<Connection>,
}

impl SqliteBackend {
    pub(crate) fn open(path: PathBuf) -> Result<Self, StoreError> {
        let conn = Some(connect(&path, Access::Write)?);
        Ok(Self { path, conn })
    }
}

impl Backend for SqliteBackend {
    /// The connection is taken out and put back only after a commit: after an error or a panic
    /// it is closed, which undoes whatever was open, and the next batch gets a fresh one.
    fn flush(&mut self, batch: &Batch) -> Result<BatchReport, StoreError> {
        let started = Instant::now();
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => connect(&self.path, Access::Write)?,
        };
        let written = commit_without_the_banned(&mut conn, batch)?;
        self.conn = Some(conn);
        Ok(BatchReport {
            batch: batch.id,
            outcomes: written.outcomes,
            rows: written.rows,
            took: started.elapsed(),
        })
    }
}

/// Each turn but one bans one more write, so there are at most as many turns as writes and one.
fn commit_without_the_banned(
    conn: &mut Connection,
    batch: &Batch,
) -> Result<run::Written, StoreError> {
    let mut banned = Banned::new();
    let mut lines_max = usize::MAX;
    loop {
        match run::run(conn, batch, &banned, lines_max) {
            Ok(written) => return Ok(written),
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Without { seq, refusal }) => {
                banned.insert(seq, refusal);
            }
            Err(Stop::OneLineEach) => lines_max = 1,
        }
        // Fails when the write has already ended the transaction, which is all we want.
        let _ended = conn.batch_execute("ROLLBACK");
    }
}
