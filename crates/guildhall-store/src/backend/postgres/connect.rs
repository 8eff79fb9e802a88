//! Opening a connection to PostgreSQL: the deadlines that every one has, and the lock by which one server
//! holds one world.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Integer, Text};

use super::errors::is_about_encryption;
use crate::backend::target::without_secrets;
use crate::backend::{Access, Holder, Target};
use crate::database::House;
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
/// server's own default. No statement of ours is worth compiling, which PostgreSQL begins to do for 0.2 s
/// apiece where it has no statistics yet.
const COMMON: &str = "SET client_min_messages = warning; SET timezone = 'UTC'; SET jit = off; \
     SET idle_in_transaction_session_timeout = '60s'; SET synchronous_commit = on; \
     SET default_transaction_isolation = 'read committed';";

/// So that the database, too, soon notices a host that is gone and gives back the lock of its world. Not every
/// system can look after a client while a statement runs.
const WATCHED: &str = "SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; \
     SET tcp_keepalives_count = 3; SET tcp_user_timeout = '5s'; \
     DO $$ BEGIN SET client_connection_check_interval = '1s'; EXCEPTION WHEN OTHERS THEN NULL; END $$";

/// Some errors are known by their words only, since diesel hands on no code. A user who may not choose the language
/// gets no error of it here: [`foreign_language`] tells at the start.
const ENGLISH: &str = "DO $$ BEGIN SET lc_messages = 'C'; EXCEPTION WHEN OTHERS THEN NULL; END $$";

/// The writer gives up a statement after 10 s and a lock after 2 s; its batch is given again. It looks
/// everything up by keys: each plan is made once and stays good however much the tables grow, where the
/// planner would now and then choose to read a table that was small yesterday.
const WRITE: &str = "SET statement_timeout = '10s'; SET lock_timeout = '2s'; \
     SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
     SET enable_hashjoin = off; SET enable_mergejoin = off;";

/// Readers are told not to write.
const READ: &str = "SET statement_timeout = '30s'; SET default_transaction_read_only = on;";

/// "guild" and "hall" as two numbers: the advisory lock of a world, one per database.
const WORLD_LOCK: (i32, i32) = (0x6775_696c, 0x6861_6c6c);

/// Opens a connection. The oldest server that is taken is 15.
pub(crate) fn connect(url: &str, access: Access) -> Result<PgConnection, StoreError> {
    let unreachable = |words: String| {
        let (shown, detail) = (
            Target::Postgres(url.to_owned()),
            without_secrets(url, &words),
        );
        let url = shown.to_string();
        match is_about_encryption(&detail) {
            true => StoreError::Encryption { url, detail },
            false => StoreError::Unreachable { url, detail },
        }
    };
    let mut conn =
        PgConnection::establish(&with_deadlines(url)).map_err(|e| unreachable(e.to_string()))?;
    let settings = match access {
        Access::Read => READ,
        Access::Write => WRITE,
    };
    let told = [COMMON, WATCHED, ENGLISH, settings];
    told.iter()
        .try_for_each(|words| conn.batch_execute(words))
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
struct Language {
    #[diesel(sql_type = Text)]
    language: String,
}

/// The language in which the database reports errors to us, where that is not English.
pub(crate) fn foreign_language(conn: &mut PgConnection) -> QueryResult<Option<String>> {
    let sql = "SELECT current_setting('lc_messages') AS language";
    let Language { language } = sql_query(sql).get_result(conn)?;
    Ok(Some(language).filter(|it| !is_english(it)))
}

/// By the name of a locale.
fn is_english(locale: &str) -> bool {
    let language = locale.split(['_', '.', '@']).next().unwrap_or_default();
    ["", "C", "POSIX", "en", "English"].contains(&language)
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = Bool)]
    held: bool,
}

/// Takes the lock of the world for as long as this connection lives; false when another has it. A
/// connection of ours that we have lost may hold it still, and may even be about to commit: it is ended.
pub(crate) fn hold_world(conn: &mut PgConnection, lost: Option<Holder>) -> QueryResult<bool> {
    if let Some(lost) = lost {
        sql_query(format!(
            "SELECT coalesce(bool_and(pg_terminate_backend(pid, 1000)), true) AS held \
             FROM pg_stat_activity WHERE pid = $1 AND {STARTED_US} = $2"
        ))
        .bind::<Integer, _>(lost.pid)
        .bind::<BigInt, _>(lost.started_us)
        .get_result::<Held>(conn)?;
    }
    let held: Held = sql_query("SELECT pg_try_advisory_lock($1, $2) AS held")
        .bind::<Integer, _>(WORLD_LOCK.0)
        .bind::<Integer, _>(WORLD_LOCK.1)
        .get_result(conn)?;
    Ok(held.held)
}

/// What the connection that holds the world is called.
fn signature(house: &House) -> String {
    format!("guildhall writer {}", house.as_str())
}

/// Signs this connection with the house of its server.
pub(crate) fn sign_world(conn: &mut PgConnection, house: &House) -> QueryResult<()> {
    sql_query("SELECT set_config('application_name', $1, false)")
        .bind::<Text, _>(signature(house))
        .execute(conn)
        .map(drop)
}

/// Ends whoever holds the world, signed with this house, and comes from where we come from; waits a second for
/// its end. Its number if it is there still. Who is signed otherwise is left alone.
pub(crate) fn end_former(conn: &mut PgConnection, house: &House) -> QueryResult<Option<i32>> {
    #[derive(QueryableByName)]
    struct Former {
        #[diesel(sql_type = Integer)]
        pid: i32,
        #[diesel(sql_type = Bool)]
        has_ended: bool,
    }
    let former: Option<Former> = sql_query(
        "SELECT pid, pg_terminate_backend(pid, 1000) AS has_ended \
         FROM pg_locks JOIN pg_stat_activity USING (pid) \
         WHERE locktype = 'advisory' AND granted AND classid::bigint = $1 AND objid::bigint = $2 \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND application_name = $3 AND usename = current_user \
         AND client_addr IS NOT DISTINCT FROM inet_client_addr()",
    )
    .bind::<BigInt, _>(i64::from(WORLD_LOCK.0))
    .bind::<BigInt, _>(i64::from(WORLD_LOCK.1))
    .bind::<Text, _>(signature(house))
    .get_result(conn)
    .optional()?;
    Ok(former.filter(|it| !it.has_ended).map(|it| it.pid))
}

/// When the process of a connection began.
const STARTED_US: &str = "(extract(epoch FROM backend_start) * 1000000)::bigint";

#[derive(QueryableByName)]
struct Activity {
    #[diesel(sql_type = Integer)]
    pid: i32,
    #[diesel(sql_type = BigInt)]
    started_us: i64,
}

/// The server's process that serves this connection.
pub(crate) fn holder(conn: &mut PgConnection) -> QueryResult<Holder> {
    let Activity { pid, started_us } = sql_query(format!(
        "SELECT pid, {STARTED_US} AS started_us FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    ))
    .get_result(conn)?;
    Ok(Holder { pid, started_us })
}

#[cfg(test)]
mod tests;
