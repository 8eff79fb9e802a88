//! Many saves in one statement over arrays. It tells which rows it touched; whatever it did not touch,
//! or was refused for, is left to be written by itself, where its cause is found.

use std::collections::HashSet;

use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text};

use super::errors::named_row;
use super::is_environment;
use crate::backend::save::Row;
use crate::write_behind::EntityKind;

/// Rows of one statement. One refused row undoes and repeats a statement, so a poisoned batch wants small
/// ones; a clean batch wants large ones, and gains little beyond this.
const ROWS_PER_STATEMENT: usize = 64;

/// Writes the rows, all of one kind, no id twice (`UPDATE … FROM unnest` would keep any one of them), and
/// returns the ids that were touched. Rows that are refused are not among them.
///
/// # Errors
/// The transaction cannot go on, or, unless `blames`, the database failed for a reason that may be nobody's
/// fault.
pub(in crate::backend) fn save_many<'a>(
    conn: &mut PgConnection,
    kind: EntityKind,
    rows: &'a [Row<'a>],
    blames: bool,
) -> QueryResult<HashSet<String>> {
    let mut touched = HashSet::with_capacity(rows.len());
    for some in rows.chunks(ROWS_PER_STATEMENT) {
        save_some(conn, kind, some.iter().collect(), blames, &mut touched)?;
    }
    Ok(touched)
}

/// Leaves out the row that the database names and tries again; where it names none, tries each half. Every
/// turn has fewer rows than the one before, so there is an end.
fn save_some(
    conn: &mut PgConnection,
    kind: EntityKind,
    mut rows: Vec<&Row<'_>>,
    blames: bool,
    touched: &mut HashSet<String>,
) -> QueryResult<()> {
    while !rows.is_empty() {
        conn.batch_execute("SAVEPOINT several")?;
        match UpdateRows::new(kind, &rows).load::<String>(conn) {
            Ok(ids) => {
                touched.extend(ids);
                return conn.batch_execute("RELEASE several");
            }
            Err(error) if !is_rows_fault(&error) && (!blames || is_environment(&error)) => {
                return Err(error);
            }
            Err(error) => {
                conn.batch_execute("ROLLBACK TO several; RELEASE several")?;
                let Some(at) = position(&rows, &error) else {
                    return each_half(conn, kind, rows, blames, touched);
                };
                rows.swap_remove(at);
            }
        }
    }
    Ok(())
}

fn each_half(
    conn: &mut PgConnection,
    kind: EntityKind,
    mut rows: Vec<&Row<'_>>,
    blames: bool,
    touched: &mut HashSet<String>,
) -> QueryResult<()> {
    if rows.len() < 2 {
        return Ok(());
    }
    let second = rows.split_off(rows.len() / 2);
    save_some(conn, kind, rows, blames, touched)?;
    save_some(conn, kind, second, blames, touched)
}

fn is_rows_fault(error: &Error) -> bool {
    super::cause(error).is_some()
}

fn position(rows: &[&Row<'_>], error: &Error) -> Option<usize> {
    let named = named_row(error)?.to_string();
    rows.iter().position(|row| row.id == named)
}

/// The update of many rows; one text per kind, so it is prepared once.
struct UpdateRows<'a> {
    kind: EntityKind,
    at_us: i64,
    ids: Vec<&'a str>,
    bases: Vec<i64>,
    versions: Vec<i64>,
    fences: Vec<Option<i64>>,
    schema_versions: Vec<i32>,
    states: Vec<&'a [u8]>,
}

impl<'a> UpdateRows<'a> {
    fn new(kind: EntityKind, rows: &[&'a Row<'a>]) -> Self {
        Self {
            kind,
            at_us: rows.first().map_or(0, |row| row.at_us),
            ids: rows.iter().map(|row| row.id.as_str()).collect(),
            bases: rows.iter().map(|row| row.base).collect(),
            versions: rows.iter().map(|row| row.version).collect(),
            fences: rows.iter().map(|row| row.fence).collect(),
            schema_versions: rows.iter().map(|row| row.schema_version).collect(),
            states: rows.iter().map(|row| row.state).collect(),
        }
    }
}

impl QueryId for UpdateRows<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for UpdateRows<'_> {}

impl diesel::query_builder::Query for UpdateRows<'_> {
    type SqlType = Text;
}

impl QueryFragment<Pg> for UpdateRows<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(match self.kind {
            EntityKind::Character => "UPDATE characters AS t",
            EntityKind::Ship => "UPDATE ships AS t",
        });
        out.push_sql(
            " SET version = u.version, schema_version = u.schema_version, state = u.state, \
             updated_at = ",
        );
        out.push_bind_param::<BigInt, i64>(&self.at_us)?;
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<Text>, Vec<&str>>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, Vec<i64>>(&self.bases)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, Vec<i64>>(&self.versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<BigInt>>, Vec<Option<i64>>>(&self.fences)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, Vec<i32>>(&self.schema_versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, Vec<&[u8]>>(&self.states)?;
        out.push_sql(") AS u (id, base, version, fence, schema_version, state) WHERE ");
        out.push_sql(match self.kind {
            EntityKind::Character => {
                "t.id = u.id AND t.version = u.base AND (u.fence IS NULL OR t.play_epoch = u.fence) \
                 RETURNING t.id"
            }
            EntityKind::Ship => {
                "t.guild_id = u.id AND t.version = u.base RETURNING t.guild_id"
            }
        });
        Ok(())
    }
}
