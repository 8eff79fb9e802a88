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
    UpdateRow(row).execute(conn)
}

/// The statement of the hot path. diesel's own update is prepared anew each time, which would
/// cost more than its running.
struct UpdateRow<'a>(&'a Row<'a>);

impl QueryId for UpdateRow<'_> {
    type QueryId = ();
    /// One text per kind of entity and fence; it is kept by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<SqliteConnection> for UpdateRow<'_> {}

impl QueryFragment<Sqlite> for UpdateRow<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let (head, condition) = match self.0.kind {
            EntityKind::Character => ("UPDATE characters SET version = ", " WHERE id = "),
            EntityKind::Ship => ("UPDATE ships SET version = ", " WHERE guild_id = "),
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
        out.push_bind_param::<Text, String>(&self.0.id)?;
        out.push_sql(" AND version = ");
        out.push_bind_param::<BigInt, i64>(&self.0.base)?;
        if let Some(fence) = &self.0.fence {
            out.push_sql(" AND play_epoch = ");
            out.push_bind_param::<BigInt, i64>(fence)?;
        }
        Ok(())
    }
}

/// Lines per statement: a few fixed sizes, so that each statement is prepared once.
const LINES_PER_STATEMENT: [usize; 3] = [64, 8, 1];

/// Writes as many lines as one statement takes, at most `lines_max`, and returns the others.
pub(in crate::backend) fn history<'a>(
    conn: &mut SqliteConnection,
    batch: i64,
    at_us: i64,
    lines: &'a [Line],
    lines_max: usize,
) -> QueryResult<&'a [Line]> {
    let fits = |size: &usize| *size <= lines.len().min(lines_max);
    let size = LINES_PER_STATEMENT.into_iter().find(fits).unwrap_or(0);
    let (lines, others) = lines.split_at_checked(size).unwrap_or_default();
    InsertHistory {
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
struct InsertHistory<'a> {
    batch: i64,
    at_us: i64,
    lines: &'a [Line],
}

impl QueryId for InsertHistory<'_> {
    type QueryId = ();
    /// The statement depends on the number of lines; it is kept by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<SqliteConnection> for InsertHistory<'_> {}

impl QueryFragment<Sqlite> for InsertHistory<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "INSERT OR FAIL INTO entity_history (entity_kind, entity_id, version, account_id, \
             session_id, batch, write_seq, cause, at, schema_version, state) VALUES ",
        );
        for (at, line) in self.lines.iter().enumerate() {
            out.push_sql(if at == 0 { "(" } else { ", (" });
            out.push_bind_param::<Text, str>(line.kind)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, String>(&line.id)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&line.version)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, String>(&line.account)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, Option<String>>(&line.session)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&self.batch)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&line.write_seq)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, str>(line.cause)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&self.at_us)?;
            match &line.made {
                Some(made) => {
                    out.push_sql(", ");
                    out.push_bind_param::<Integer, i32>(&made.schema_version)?;
                    out.push_sql(", ");
                    out.push_bind_param::<Binary, [u8]>(made.state.as_ref())?;
                    out.push_sql(")");
                }
                None => out.push_sql(", NULL, NULL)"),
            }
        }
        Ok(())
    }
}

/// A transaction can begin only where none is open.
pub(in crate::backend) fn transaction_is_gone(conn: &mut SqliteConnection) -> bool {
    conn.batch_execute("BEGIN").is_ok()
}
