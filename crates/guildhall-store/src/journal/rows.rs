//! The SQL of the journal: four statements that stay prepared, and two that read.

use std::ops::Range;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary};
use diesel::sqlite::Sqlite;
use diesel::table;

use super::replay::Run;
use crate::columns::signed;

/// STRICT, and no column that SQLite would fill in by itself. The record of an entry says all of it;
/// `seq` is its order.
pub(super) const TABLES: &str = "
    CREATE TABLE head (
        id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, record BLOB NOT NULL
    ) STRICT;
    CREATE TABLE entries (seq INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;
    CREATE TABLE flights (id INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;";

table! { head (id) { id -> BigInt, version -> BigInt, record -> Binary, } }
table! { entries (seq) { seq -> BigInt, record -> Binary, } }
table! { flights (id) { id -> BigInt, record -> Binary, } }

/// Rows of one statement; what is left over goes one by one. More gain nothing.
const ROWS_AT_ONCE: usize = 16;

/// An entry on its way into the file: where its record lies, and the checksum of that.
pub(super) struct EntryRow {
    pub seq: u64,
    pub check: u128,
    pub place: Range<usize>,
}

/// Inserts the entries whose records lie in `bytes`.
pub(super) fn insert_entries(
    conn: &mut SqliteConnection,
    rows: &[EntryRow],
    bytes: &[u8],
) -> QueryResult<()> {
    let row = |row: &EntryRow| {
        let record = bytes.get(row.place.clone()).unwrap_or_default();
        (signed(row.seq), record)
    };
    let (many, rest) = rows.as_chunks::<ROWS_AT_ONCE>();
    for rows in many {
        exactly(
            Insert(rows.each_ref().map(row)).execute(conn)?,
            ROWS_AT_ONCE,
        )?;
    }
    for entry in rest {
        exactly(Insert([row(entry)]).execute(conn)?, 1)?;
    }
    Ok(())
}

/// Deletes `count` entries, which lie in these runs.
pub(super) fn delete_entries(
    conn: &mut SqliteConnection,
    runs: &[Run],
    count: usize,
) -> QueryResult<()> {
    let mut deleted: usize = 0;
    for run in runs {
        let between = entries::seq.between(signed(run.first), signed(run.last));
        let delete = diesel::delete(entries::table.filter(between));
        deleted = deleted.saturating_add(delete.execute(conn)?);
    }
    exactly(deleted, count)
}

pub(super) fn insert_flight(
    conn: &mut SqliteConnection,
    id: u64,
    record: &[u8],
) -> QueryResult<()> {
    let values = (flights::id.eq(signed(id)), flights::record.eq(record));
    exactly(
        diesel::insert_into(flights::table)
            .values(values)
            .execute(conn)?,
        1,
    )
}

pub(super) fn delete_flight(conn: &mut SqliteConnection, id: u64) -> QueryResult<()> {
    exactly(
        diesel::delete(flights::table.find(signed(id))).execute(conn)?,
        1,
    )
}

pub(super) fn update_head(conn: &mut SqliteConnection, record: &[u8]) -> QueryResult<()> {
    exactly(UpdateHead(record).execute(conn)?, 1)
}

/// A statement that touched other rows than it must is a failure: the transaction goes back.
fn exactly(touched: usize, wanted: usize) -> QueryResult<()> {
    match touched == wanted {
        true => Ok(()),
        false => Err(diesel::result::Error::NotFound),
    }
}

/// Several rows in one statement that is prepared once. diesel's own insert of several rows is
/// prepared anew each time.
struct Insert<'a, const N: usize>([(i64, &'a [u8]); N]);

impl<const N: usize> QueryId for Insert<'_, N> {
    type QueryId = Insert<'static, N>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const N: usize> RunQueryDsl<SqliteConnection> for Insert<'_, N> {}

impl<const N: usize> QueryFragment<Sqlite> for Insert<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let mut before = "INSERT INTO entries (seq, record) VALUES (";
        for (seq, record) in &self.0 {
            out.push_sql(before);
            out.push_bind_param::<BigInt, i64>(seq)?;
            out.push_sql(", ");
            out.push_bind_param::<Binary, [u8]>(record)?;
            before = "), (";
        }
        out.push_sql(")");
        Ok(())
    }
}

/// diesel's own update is prepared anew each time.
struct UpdateHead<'a>(&'a [u8]);

impl QueryId for UpdateHead<'_> {
    type QueryId = UpdateHead<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<SqliteConnection> for UpdateHead<'_> {}

impl QueryFragment<Sqlite> for UpdateHead<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE head SET record = ");
        out.push_bind_param::<Binary, [u8]>(self.0)
    }
}
