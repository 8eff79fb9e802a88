//! Moving the write-ahead log into the file between batches, after the answers of the batch that filled it: left
//! to SQLite it is a part of some commit, which then takes several times as long as others.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Integer;

/// SQLite's own figure, in pages of 4 KiB: what is moved at once is about the same as ever.
const DUE_AT_PAGES: i32 = 1_000;

#[derive(QueryableByName)]
struct Log {
    /// Pages in the log.
    #[diesel(sql_type = Integer, column_name = "log")]
    pages: i32,
    /// Those that are in the file already.
    #[diesel(sql_type = Integer, column_name = "checkpointed")]
    moved: i32,
}

/// Moves the log into the file if it has grown enough. Its next writer begins it anew, unless somebody still
/// reads an older state.
///
/// # Errors
/// The disk; the log is as it was, and what is in it as durable as before.
pub(in crate::backend) fn checkpoint_if_due(conn: &mut SqliteConnection) -> QueryResult<()> {
    let Log { pages, moved } = log(conn, "NOOP")?;
    match pages.saturating_sub(moved) < DUE_AT_PAGES {
        true => Ok(()),
        false => log(conn, "PASSIVE").map(drop),
    }
}

/// The log after a checkpoint of this kind.
fn log(conn: &mut SqliteConnection, kind: &str) -> QueryResult<Log> {
    sql_query(format!("PRAGMA wal_checkpoint({kind})")).get_result(conn)
}

#[cfg(test)]
mod tests;
