//! A statement that took too long: is it the write, or is the whole database slow? Deadlines while that is
//! found out, and a look at how long others take.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use uuid::Uuid;

use super::is_environment;
use crate::backend::connection::Deadline;
use crate::write_behind::{EntityKey, EntityKind};

/// The length of a statement, at most. From a batch of 256 units to one are 8 parts: the whole, those, the one
/// by itself and what is written of it then end before a flush is given up, which is after 25 s.
pub(in crate::backend) fn set_deadline(
    conn: &mut PgConnection,
    deadline: Deadline,
) -> QueryResult<()> {
    conn.batch_execute(match deadline {
        Deadline::Batch => "SET statement_timeout = '10s'",
        Deadline::Part => "SET statement_timeout = '500ms'",
        Deadline::Alone => "SET statement_timeout = '5s'",
    })
}

/// How long another row may take, at most: a small part of [`Deadline::Alone`], so that a database that is
/// slow for everybody is too slow for this.
const QUICK: &str = "SET LOCAL statement_timeout = '250ms'";

/// Whether another row of the same table is written in a moment. The row is one of the newest, another one each
/// time, for it might be slow too; nothing is changed. Of what is no row of a table of its own the characters
/// tell; where there is no other row, whether the database answers.
///
/// # Errors
/// The database does not answer any more.
pub(in crate::backend) fn others_are_quick(
    conn: &mut PgConnection,
    but: Option<EntityKey>,
) -> QueryResult<bool> {
    let (table, key) = match but.map(|it| it.kind) {
        Some(EntityKind::Ship) => ("ships", "guild_id"),
        Some(EntityKind::Character) | None => ("characters", "id"),
    };
    let but = but.map_or(Uuid::nil(), |it| it.id);
    conn.batch_execute("BEGIN")?;
    conn.batch_execute(QUICK)?;
    let written = conn.batch_execute(&format!(
        "UPDATE {table} SET version = version WHERE {key} = (SELECT {key} FROM (SELECT {key} \
         FROM {table} WHERE {key} <> '{but}' ORDER BY {key} DESC LIMIT 64) AS newest \
         ORDER BY random() LIMIT 1)"
    ));
    conn.batch_execute("ROLLBACK")?;
    // A rule that says no has said it in time.
    Ok(written.map_or_else(|error: Error| !is_environment(&error), |()| true))
}
