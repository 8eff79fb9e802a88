//! The databases. One run of a batch is written once (`run`, `save`, `record`, `watermark`); what each
//! database does in its own way is in `sqlite/` and `postgres/`: opening, telling errors apart, and the
//! statements of the hot path. SQLite fails a statement and lets the transaction live; PostgreSQL fails
//! the transaction, hence a savepoint around whatever may be refused.

mod blame;
mod connection;
mod errors;
mod flush;
mod group;
mod postgres;
mod record;
mod repeat;
mod run;
mod save;
mod sqlite;
mod target;
mod watermark;

use crate::database::House;
use crate::error::StoreError;

pub use connection::AnyConnection as Connection;
pub(crate) use errors::store_error;
pub(crate) use flush::BatchWriter;
pub(crate) use postgres::is_away;
pub use target::Target;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// Looks at the database before it is used, for plain words; makes a missing file where it may.
pub(crate) fn prepare(target: &Target, create: bool) -> Result<(), StoreError> {
    match target {
        Target::Sqlite(path) => sqlite::prepare(path, create),
        Target::Postgres(_) => connect(target, Access::Write).map(drop),
    }
}

/// Refuses a file that is none or no database, without a change to it.
pub(crate) fn expect_database(path: &std::path::Path) -> Result<(), StoreError> {
    sqlite::expect_database(path)
}

/// A new connection.
pub(crate) fn connect(target: &Target, access: Access) -> Result<Connection, StoreError> {
    match target {
        Target::Sqlite(path) => sqlite::connect(path, access).map(Connection::Sqlite),
        Target::Postgres(url) => postgres::connect(url, access).map(Connection::Postgres),
    }
}

/// A connection as the database itself knows it: what may hold a lock of ours after we have lost it. The
/// number of a process comes back after a restart of the database, hence its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub pid: i32,
    pub started_us: i64,
}

/// Takes the lock of the world on this connection, where there is such a lock; false when another has it.
/// `lost` is an earlier connection of ours.
pub(crate) fn hold_world(conn: &mut Connection, lost: Option<Holder>) -> Result<bool, StoreError> {
    match conn {
        Connection::Sqlite(_) => Ok(true),
        Connection::Postgres(conn) => Ok(postgres::hold_world(conn, lost)?),
    }
}

/// Signs the connection that holds the world with the house of its server.
pub(crate) fn sign_world(conn: &mut Connection, house: &House) -> Result<(), StoreError> {
    match conn {
        Connection::Sqlite(_) => Ok(()),
        Connection::Postgres(conn) => Ok(postgres::sign_world(conn, house)?),
    }
}

/// Ends what a dead server of this house left behind and waits a second for that; the number of the process
/// that is there still, if one is.
pub(crate) fn end_former(conn: &mut Connection, house: &House) -> Result<Option<i32>, StoreError> {
    match conn {
        Connection::Sqlite(_) => Ok(None),
        Connection::Postgres(conn) => Ok(postgres::end_former(conn, house)?),
    }
}

/// Warns where errors come in a language in which not all of them are known.
pub(crate) fn warn_of_language(conn: &mut Connection) -> Result<(), StoreError> {
    if let Connection::Postgres(conn) = conn
        && let Some(language) = postgres::foreign_language(conn)?
    {
        log::warn!(
            "PostgreSQL reports errors in {language}, and some are known by their English words only: a full disk may \
             be taken for the fault of a save, which is then refused and its state kept. Let this user choose: \
             GRANT SET ON PARAMETER lc_messages TO its name, or ALTER ROLE its name SET lc_messages = 'C'"
        );
    }
    Ok(())
}

/// Who this connection is to the database, where that matters.
pub(crate) fn world_holder(conn: &mut Connection) -> Result<Option<Holder>, StoreError> {
    match conn {
        Connection::Sqlite(_) => Ok(None),
        Connection::Postgres(conn) => Ok(Some(postgres::holder(conn)?)),
    }
}
