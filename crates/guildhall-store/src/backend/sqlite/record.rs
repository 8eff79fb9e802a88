//! The lines that every write leaves: one of history, and one more when it was refused.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::Sqlite;
use uuid::Uuid;

use crate::backend::Connection;
use crate::columns::signed;
use crate::schema::refused_writes;
use crate::write_behind::{Author, WriteRefusal};

/// Which write it was, and what became of it in one word. Ids as the text that is stored.
pub(super) struct Line {
    pub seq: u64,
    pub kind: &'static str,
    pub id: String,
    pub cause: &'static str,
    pub is_refusal: bool,
    write_seq: i64,
    stored_version: i64,
    account: String,
    session: Option<String>,
}

impl Line {
    /// The line of a write that was taken; [`Line::of_refusal`] makes it one of a refused write.
    pub fn new(
        seq: u64,
        (kind, id): (&'static str, Uuid),
        version: u32,
        cause: &'static str,
        by: &Author,
    ) -> Self {
        Self {
            seq,
            kind,
            id: id.to_string(),
            cause,
            is_refusal: false,
            write_seq: signed(seq),
            stored_version: version.into(),
            account: by.account.to_string(),
            session: by.session.map(|id| id.to_string()),
        }
    }

    pub fn of_refusal(self) -> Self {
        Self {
            is_refusal: true,
            ..self
        }
    }
}

/// Lines per statement: a few fixed sizes, so that each statement is prepared once.
const LINES_PER_STATEMENT: [usize; 3] = [64, 8, 1];

/// Writes as many lines as one statement takes, at most `lines_max`, and returns the others.
pub(super) fn history<'a>(
    conn: &mut Connection,
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

impl RunQueryDsl<Connection> for InsertHistory<'_> {}

impl QueryFragment<Sqlite> for InsertHistory<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "INSERT OR FAIL INTO entity_history (entity_kind, entity_id, version, account_id, \
             session_id, batch, write_seq, cause, at) VALUES ",
        );
        for (at, line) in self.lines.iter().enumerate() {
            out.push_sql(if at == 0 { "(" } else { ", (" });
            out.push_bind_param::<Text, str>(line.kind)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, String>(&line.id)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, i64>(&line.stored_version)?;
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
            out.push_sql(")");
        }
        Ok(())
    }
}

/// Keeps what was refused, with its payload.
pub(super) fn refused(
    conn: &mut Connection,
    batch: i64,
    at_us: i64,
    line: &Line,
    refusal: &WriteRefusal,
    payload: &[u8],
) -> QueryResult<()> {
    let present = refusal.present.as_ref();
    diesel::insert_into(refused_writes::table)
        .values((
            refused_writes::at.eq(at_us),
            refused_writes::account_id.eq(&line.account),
            refused_writes::session_id.eq(&line.session),
            refused_writes::batch.eq(batch),
            refused_writes::write_seq.eq(line.write_seq),
            refused_writes::entity_kind.eq(line.kind),
            refused_writes::entity_id.eq(&line.id),
            refused_writes::version.eq(line.stored_version),
            refused_writes::cause.eq(refusal.cause.as_str()),
            refused_writes::constraint_name.eq(&refusal.constraint),
            refused_writes::detail.eq(&refusal.detail),
            refused_writes::present_version.eq(present.map(|row| i64::from(row.version))),
            refused_writes::kept_as.eq(refusal.kept_as.map(i64::from)),
            refused_writes::payload.eq(payload),
        ))
        .execute(conn)
        .map(drop)
}
