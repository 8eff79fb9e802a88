//! The statements of the hot path, as PostgreSQL likes them best: one row alone, history over arrays.

use diesel::PgConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text};

use crate::backend::record::Line;
use crate::backend::save::Row;
use crate::columns::StoredId;
use crate::write_behind::EntityKind;

/// Writes one row over the version and the fence that it builds on; the number of rows that were there.
pub(in crate::backend) fn update(conn: &mut PgConnection, row: &Row<'_>) -> QueryResult<usize> {
    UpdateRow(row).execute(conn)
}

struct UpdateRow<'a>(&'a Row<'a>);

impl QueryId for UpdateRow<'_> {
    type QueryId = ();
    /// One text per kind of entity and fence; it is kept by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for UpdateRow<'_> {}

impl QueryFragment<Pg> for UpdateRow<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
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
        out.push_bind_param::<Text, str>(self.0.id.as_str())?;
        out.push_sql(" AND version = ");
        out.push_bind_param::<BigInt, i64>(&self.0.base)?;
        if let Some(fence) = &self.0.fence {
            out.push_sql(" AND play_epoch = ");
            out.push_bind_param::<BigInt, i64>(fence)?;
        }
        Ok(())
    }
}

/// Writes as many lines as one statement takes, at most `lines_max`, and returns the others.
pub(in crate::backend) fn history<'a>(
    conn: &mut PgConnection,
    batch: i64,
    at_us: i64,
    lines: &'a [Line],
    lines_max: usize,
) -> QueryResult<&'a [Line]> {
    let size = lines.len().min(lines_max);
    let (lines, others) = lines.split_at_checked(size).unwrap_or_default();
    let made = |line: &'a Line| line.made.as_ref();
    InsertHistory {
        batch,
        at_us,
        kinds: lines.iter().map(|line| line.kind).collect(),
        ids: lines.iter().map(|line| line.id.as_str()).collect(),
        versions: lines.iter().map(|line| line.version).collect(),
        accounts: lines.iter().map(|line| line.account.as_str()).collect(),
        sessions: lines
            .iter()
            .map(|line| line.session.as_ref().map(StoredId::as_str))
            .collect(),
        seqs: lines.iter().map(|line| line.write_seq).collect(),
        causes: lines.iter().map(|line| line.cause).collect(),
        schema_versions: lines
            .iter()
            .map(|line| made(line).map(|made| made.schema_version))
            .collect(),
        states: lines
            .iter()
            .map(|line| made(line).map(|made| made.state.as_ref()))
            .collect(),
    }
    .execute(conn)?;
    Ok(others)
}

/// One statement for all lines; its text never changes, so it is prepared once.
struct InsertHistory<'a> {
    batch: i64,
    at_us: i64,
    kinds: Vec<&'a str>,
    ids: Vec<&'a str>,
    versions: Vec<i64>,
    accounts: Vec<&'a str>,
    sessions: Vec<Option<&'a str>>,
    seqs: Vec<i64>,
    causes: Vec<&'a str>,
    schema_versions: Vec<Option<i32>>,
    states: Vec<Option<&'a [u8]>>,
}

impl QueryId for InsertHistory<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for InsertHistory<'_> {}

impl QueryFragment<Pg> for InsertHistory<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO entity_history (entity_kind, entity_id, version, account_id, session_id, \
             write_seq, cause, schema_version, state, batch, at) SELECT u.*, ",
        );
        out.push_bind_param::<BigInt, i64>(&self.batch)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, i64>(&self.at_us)?;
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.kinds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, Vec<i64>>(&self.versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.accounts)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, Vec<Option<&str>>>(&self.sessions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, Vec<i64>>(&self.seqs)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.causes)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Integer>>, Vec<Option<i32>>>(&self.schema_versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Binary>>, Vec<Option<&[u8]>>>(&self.states)?;
        out.push_sql(") AS u");
        Ok(())
    }
}
