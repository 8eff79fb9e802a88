//! The statements of the hot path, as SQLite likes them best.

use diesel::SqliteConnection;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use diesel::sqlite::Sqlite;

use crate::backend::record::Line;
use crate::backend::save::Row;
use crate::write_behind::EntityKind;

/// Writes one row over the version and the fence that it builds on; the number of rows that were there.
pub(in crate::backend) fn update(conn: &mut SqliteConnection, row: &Row<'_>) -> QueryResult<usize> {
    match (row.kind, row.fence) {
        (EntityKind::Character, None) => UpdateRow::<false, false>(row).execute(conn),
        (EntityKind::Character, Some(_)) => UpdateRow::<false, true>(row).execute(conn),
        (EntityKind::Ship, _) => UpdateRow::<true, false>(row).execute(conn),
    }
}

/// The statement of the hot path: of a ship or a character, with or without a fence. diesel's own update is
/// prepared anew each time, which would cost more than its running.
struct UpdateRow<'a, const SHIP: bool, const FENCED: bool>(&'a Row<'a>);

impl<const SHIP: bool, const FENCED: bool> QueryId for UpdateRow<'_, SHIP, FENCED> {
    type QueryId = UpdateRow<'static, SHIP, FENCED>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const SHIP: bool, const FENCED: bool> RunQueryDsl<SqliteConnection>
    for UpdateRow<'_, SHIP, FENCED>
{
}

impl<const SHIP: bool, const FENCED: bool> QueryFragment<Sqlite> for UpdateRow<'_, SHIP, FENCED> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let (head, condition) = match SHIP {
            false => ("UPDATE characters SET version = ", " WHERE id = "),
            true => ("UPDATE ships SET version = ", " WHERE guild_id = "),
        };
        out.push_sql(head);
        out.push_bind_param::<BigInt, i64>(&self.0.version)?;
        out.push_sql(", schema_version = ");
        out.push_bind_param::<Integer, i32>(&self.0.schema_version)?;
        out.push_sql(", state = ");
        out.push_bind_param::<Binary, [u8]>(self.0.state)?;
        out.push_sql(", updated_at = ");
        out.push_bind_param::<BigInt, i64>(&self.0.at_us)?;
        out.push_sql(condition);
        out.push_bind_param::<Text, str>(self.0.id.as_str())?;
        out.push_sql(" AND version = ");
        out.push_bind_param::<BigInt, i64>(&self.0.base)?;
        if FENCED {
            out.push_sql(" AND play_epoch = ");
            out.push_bind_param::<Nullable<BigInt>, Option<i64>>(&self.0.fence)?;
        }
        Ok(())
    }
}

/// Writes as many lines as one statement takes, at most `lines_max`, and returns the others. A few fixed
/// sizes, so that each statement is prepared once.
pub(in crate::backend) fn history<'a>(
    conn: &mut SqliteConnection,
    batch: i64,
    at_us: i64,
    lines: &'a [Line],
    lines_max: usize,
) -> QueryResult<&'a [Line]> {
    let of_batch = (batch, at_us);
    match lines.len().min(lines_max) {
        64.. => insert::<64>(conn, of_batch, lines),
        8.. => insert::<8>(conn, of_batch, lines),
        _ => insert::<1>(conn, of_batch, lines),
    }
}

fn insert<'a, const LINES: usize>(
    conn: &mut SqliteConnection,
    (batch, at_us): (i64, i64),
    lines: &'a [Line],
) -> QueryResult<&'a [Line]> {
    let Some((lines, others)) = lines.split_first_chunk() else {
        return Ok(&[]);
    };
    InsertHistory::<LINES> {
        batch,
        at_us,
        lines,
    }
    .execute(conn)?;
    Ok(others)
}

/// One statement of several rows, which diesel's own insert does not keep prepared. OR FAIL: a
/// statement that may take back its own rows keeps a journal of every page it touches, a third
/// of the cost of a batch; here a refused line undoes the whole run anyway.
struct InsertHistory<'a, const LINES: usize> {
    batch: i64,
    at_us: i64,
    lines: &'a [Line; LINES],
}

impl<const LINES: usize> QueryId for InsertHistory<'_, LINES> {
    type QueryId = InsertHistory<'static, LINES>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const LINES: usize> RunQueryDsl<SqliteConnection> for InsertHistory<'_, LINES> {}

impl<const LINES: usize> QueryFragment<Sqlite> for InsertHistory<'_, LINES> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "INSERT OR FAIL INTO entity_history (entity_kind, entity_id, version, account_id, \
             session_id, batch, write_seq, cause, at, schema_version, state) VALUES ",
        );
        for (at, line) in self.lines.iter().enumerate() {
            out.push_sql(if at == 0 { "(" } else { ", (" });
            out.push_bind_param::<Text, str>(line.kind)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, str>(line.id.as_str())?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&line.version)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, str>(line.account.as_str())?;
            out.push_sql(", ");
            match &line.session {
                Some(session) => out.push_bind_param::<Text, str>(session.as_str())?,
                None => out.push_bind_param::<Nullable<Text>, Option<String>>(&None)?,
            }
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&self.batch)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&line.write_seq)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, str>(line.cause)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&self.at_us)?;
            out.push_sql(", ");
            // Bound also where they are missing: the text is one for all lines.
            match &line.made {
                Some(made) => {
                    out.push_bind_param::<Integer, i32>(&made.schema_version)?;
                    out.push_sql(", ");
                    out.push_bind_param::<Binary, [u8]>(made.state.as_ref())?;
                }
                None => {
                    out.push_bind_param::<Nullable<Integer>, Option<i32>>(&None)?;
                    out.push_sql(", ");
                    out.push_bind_param::<Nullable<Binary>, Option<Vec<u8>>>(&None)?;
                }
            }
            out.push_sql(")");
        }
        Ok(())
    }
}

/// A transaction can begin only where none is open.
pub(in crate::backend) fn transaction_is_gone(conn: &mut SqliteConnection) -> bool {
    conn.batch_execute("BEGIN").is_ok()
}
