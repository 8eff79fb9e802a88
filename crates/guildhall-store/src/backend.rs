//! What a database must be able to do for the engine. One file per database under `backend/`,
//! with SQL of its own on the hot path, since each isolates a bad row in its own way: SQLite
//! fails the statement and lets the transaction live; others need a savepoint.

mod sqlite;

use crate::error::StoreError;
use crate::write_behind::{Batch, BatchReport};

pub(crate) use sqlite::{Access, SqliteBackend, connect, prepare, store_error, url};

/// The connection that the queries of this crate run on.
pub type Connection = diesel::SqliteConnection;

/// One writing connection to a database.
pub(crate) trait Backend: Send {
    /// Writes the batch in one transaction and reports only after the commit. An `Err` means
    /// that nothing of the batch may be called durable; the same batch may be given again.
    fn flush(&mut self, batch: &Batch) -> Result<BatchReport, StoreError>;
}
