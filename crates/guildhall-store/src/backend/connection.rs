//! One connection, to whichever database holds the world. Queries and changes are written once, against
//! this type; where the two databases differ, `backend/sqlite` and `backend/postgres` speak to their own.

use diesel::connection::SimpleConnection;
use diesel::{MultiConnection, PgConnection, QueryResult, SqliteConnection};

use super::postgres;
use crate::error::StoreError;

/// A connection to one of the databases that a world can live in.
#[derive(MultiConnection)]
pub enum AnyConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// How long a statement of the writer may take.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deadline {
    /// As long as may be.
    Batch,
    /// Short, while a batch goes in parts to see which one is slow.
    Part,
    /// For one unit that was too slow.
    Alone,
}

impl AnyConnection {
    /// Sets the deadline of the statements to come; SQLite has none.
    pub(super) fn set_deadline(&mut self, deadline: Deadline) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(conn) => postgres::set_deadline(conn, deadline),
        }
    }

    /// Runs `query` on one state of the database: all of it sees the same commits. Begun and ended
    /// here and not by diesel, whose transaction answers `Ok` where PostgreSQL has rolled back
    /// because of an error that `query` swallowed; a query that only reads loses nothing by it.
    pub(crate) fn snapshot<T>(
        &mut self,
        query: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let begin = match self {
            Self::Sqlite(_) => "BEGIN",
            Self::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        self.batch_execute(begin)?;
        let read = query(self);
        let ended = self.batch_execute("ROLLBACK");
        let value = read?;
        ended?;
        Ok(value)
    }
}
