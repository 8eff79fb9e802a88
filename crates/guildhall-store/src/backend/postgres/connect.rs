//! Opening a connection to PostgreSQL: the deadlines that every one has, and the lock by which one server
//! holds one world.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Bool, Integer};

use crate::backend::{Access, Target};
use crate::error::StoreError;

/// Set on every connection unless the URL says otherwise: nobody waits for ever for a host that is gone.
/// Seconds, but for `tcp_user_timeout`, which is milliseconds.
const DEADLINES: [(&str, &str); 6] = [
    ("connect_timeout", "3"),
    ("tcp_user_timeout", "4000"),
    ("keepalives_idle", "2"),
    ("keepalives_interval", "1"),
    ("keepalives_count", "2"),
    ("application_name", "guildhall"),
];

/// What both kinds of connection are told. A commit is on the disk before it is reported, whatever the
/// server's own default; the language of messages is English where this user may choose it.
const COMMON: &str = "SET client_min_messages = warning; SET timezone = 'UTC'; \
     SET idle_in_transaction_session_timeout = '60s'; SET synchronous_commit = on;";

/// The writer gives up a statement after 10 s and a lock after 2 s; its batch is given again.
const WRITE: &str = "SET statement_timeout = '10s'; SET lock_timeout = '2s';";

/// Readers are told not to write.
const READ: &str = "SET statement_timeout = '30s'; SET default_transaction_read_only = on;";

/// "guild" and "hall" as two numbers: the advisory lock of a world, one per database.
const WORLD_LOCK: (i32, i32) = (0x6775_696c, 0x6861_6c6c);

/// Opens a connection. The oldest server that is taken is 15.
pub(crate) fn connect(url: &str, access: Access) -> Result<PgConnection, StoreError> {
    let unreachable = |detail: String| StoreError::Unreachable {
        url: Target::Postgres(url.to_owned()).to_string(),
        detail,
    };
    let mut conn =
        PgConnection::establish(&with_deadlines(url)).map_err(|e| unreachable(e.to_string()))?;
    let settings = match access {
        Access::Read => READ,
        Access::Write => WRITE,
    };
    conn.batch_execute(COMMON)
        .and_then(|()| conn.batch_execute(settings))
        .map_err(|error| unreachable(error.to_string()))?;
    expect_version(&mut conn)?;
    Ok(conn)
}

/// The oldest version that is tested.
const VERSION_MIN: i32 = 150_000;

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Integer)]
    version: i32,
}

fn expect_version(conn: &mut PgConnection) -> Result<(), StoreError> {
    let sql = "SELECT current_setting('server_version_num')::integer AS version";
    let Version { version } = sql_query(sql).get_result(conn)?;
    if version >= VERSION_MIN {
        return Ok(());
    }
    Err(StoreError::TooOld {
        found: (version / 10_000).to_string(),
    })
}

fn with_deadlines(url: &str) -> String {
    let missing = DEADLINES
        .iter()
        .filter(|(key, _)| !url.contains(&format!("{key}=")));
    missing.fold(url.to_owned(), |url, (key, value)| {
        let joint = if url.contains('?') { '&' } else { '?' };
        format!("{url}{joint}{key}={value}")
    })
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = Bool)]
    held: bool,
}

/// Takes the lock of the world for as long as this connection lives; false when another has it. A
/// connection of ours that we have lost may hold it still: it is ended by its process id.
pub(crate) fn hold_world(conn: &mut PgConnection, lost: Option<i32>) -> QueryResult<bool> {
    if let Some(lost) = lost {
        sql_query(
            "SELECT coalesce(bool_or(pg_terminate_backend(pid, 1000)), false) AS held FROM pg_locks \
             WHERE locktype = 'advisory' AND classid::integer = $1 AND objid::integer = $2 \
             AND pid = $3 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .bind::<Integer, _>(WORLD_LOCK.0)
        .bind::<Integer, _>(WORLD_LOCK.1)
        .bind::<Integer, _>(lost)
        .get_result::<Held>(conn)?;
    }
    let held: Held = sql_query("SELECT pg_try_advisory_lock($1, $2) AS held")
        .bind::<Integer, _>(WORLD_LOCK.0)
        .bind::<Integer, _>(WORLD_LOCK.1)
        .get_result(conn)?;
    Ok(held.held)
}

#[derive(QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

/// The server's process that serves this connection.
pub(crate) fn backend_pid(conn: &mut PgConnection) -> QueryResult<i32> {
    let Backend { pid } = sql_query("SELECT pg_backend_pid() AS pid").get_result(conn)?;
    Ok(pid)
}
