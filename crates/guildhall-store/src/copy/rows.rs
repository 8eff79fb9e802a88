//! How rows travel: each as a JSON list of its values, bytes as hexadecimal digits, in batches; what one
//! database writes so, the other reads. The checksum of a table is the sum of the hashes of its rows, so it
//! does not depend on their order.

use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, SqliteConnection, sql_query};
use serde_json::Value;

use super::tables::{Column, Kind, Table};
use crate::backend::Connection;
use crate::error::StoreError;

/// Rows in one statement: at 64 KiB each, twice that as digits, some 32 MiB.
const ROWS_PER_BATCH: usize = 256;

/// Rows and checksum of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub rows: u64,
    checksum: u128,
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows, checksum {:032x}", self.rows, self.checksum)
    }
}

impl Sum {
    /// Adds a row, in the one form that both databases' JSON comes to.
    fn add(&mut self, row: &str) -> Result<(), StoreError> {
        let values: Value = serde_json::from_str(row).map_err(unreadable)?;
        let hash = blake3::hash(values.to_string().as_bytes());
        let mut short = [0; 16];
        for (to, from) in short.iter_mut().zip(hash.as_bytes()) {
            *to = *from;
        }
        self.rows = self.rows.saturating_add(1);
        self.checksum = self.checksum.wrapping_add(u128::from_be_bytes(short));
        Ok(())
    }
}

fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Database {
        detail: format!("a row could not be read as JSON: {error}"),
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

pub(super) fn count(conn: &mut Connection, table: &Table) -> Result<u64, StoreError> {
    let sql = sql_query(format!("SELECT count(*) AS rows FROM {}", table.name));
    let Count { rows } = match conn {
        Connection::Sqlite(conn) => sql.get_result(conn)?,
        Connection::Postgres(conn) => sql.get_result(conn)?,
    };
    Ok(u64::try_from(rows).unwrap_or(0))
}

pub(super) fn empty(conn: &mut Connection, table: &Table) -> Result<(), StoreError> {
    let sql = sql_query(format!("DELETE FROM {}", table.name));
    match conn {
        Connection::Sqlite(conn) => sql.execute(conn)?,
        Connection::Postgres(conn) => sql.execute(conn)?,
    };
    Ok(())
}

/// Rows and checksum of a table as it is.
pub(super) fn sum(conn: &mut Connection, table: &Table) -> Result<Sum, StoreError> {
    let mut sum = Sum::default();
    each_batch(conn, table, &mut |rows| {
        rows.iter().try_for_each(|row| sum.add(row))
    })?;
    Ok(sum)
}

/// Writes every row of the table into the target, in one transaction of its own.
pub(super) fn transfer(
    source: &mut Connection,
    target: &mut Connection,
    table: &Table,
    tell: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    execute(target, "BEGIN")?;
    let insert = insert_statement(target, table);
    let transferred = each_batch(source, table, &mut |rows| {
        insert_batch(target, &insert, rows).map_err(|error| StoreError::CopyRefused {
            table: table.name.clone(),
            detail: error.to_string(),
        })?;
        tell(u64::try_from(rows.len()).unwrap_or(0));
        Ok(())
    });
    let end = match &transferred {
        Ok(()) => "COMMIT",
        Err(_) => "ROLLBACK",
    };
    let ended = execute(target, end);
    transferred.and(ended)
}

fn execute(conn: &mut Connection, sql: &str) -> Result<(), StoreError> {
    use diesel::connection::SimpleConnection;
    Ok(conn.batch_execute(sql)?)
}

fn insert_batch(conn: &mut Connection, insert: &str, rows: &[String]) -> Result<(), StoreError> {
    let list = format!("[{}]", rows.join(","));
    let insert = sql_query(insert).bind::<Text, _>(list);
    let written = match conn {
        Connection::Sqlite(conn) => insert.execute(conn)?,
        Connection::Postgres(conn) => insert.execute(conn)?,
    };
    match written == rows.len() {
        true => Ok(()),
        false => Err(StoreError::Database {
            detail: format!("{written} of {} rows were written", rows.len()),
        }),
    }
}

fn names(table: &Table) -> String {
    let names: Vec<_> = table.columns.iter().map(|it| it.name.as_str()).collect();
    names.join(", ")
}

/// The statement that writes a JSON list of rows. The names in it come from the schema.
fn insert_statement(conn: &Connection, table: &Table) -> String {
    let (name, names) = (&table.name, names(table));
    let values = |value: fn(usize, Kind) -> String| {
        let columns = table.columns.iter().enumerate();
        let values: Vec<_> = columns.map(|(at, column)| value(at, column.kind)).collect();
        values.join(", ")
    };
    match conn {
        Connection::Sqlite(_) => format!(
            "INSERT INTO {name} ({names}) SELECT {} FROM json_each(?)",
            values(|at, kind| match kind {
                Kind::Bytes => format!("unhex(value ->> {at})"),
                _ => format!("value ->> {at}"),
            })
        ),
        Connection::Postgres(_) => format!(
            "INSERT INTO {name} ({names}) SELECT {} FROM json_array_elements($1::json) AS value",
            values(|at, kind| match kind {
                Kind::Text => format!("value ->> {at}"),
                Kind::Number => format!("(value ->> {at})::bigint"),
                Kind::Bool => format!("(value ->> {at})::integer::boolean"),
                Kind::Bytes => format!("decode(value ->> {at}, 'hex')"),
            })
        ),
    }
}

type Batch<'a> = dyn FnMut(&[String]) -> Result<(), StoreError> + 'a;

/// Hands on every row of the table, in batches, none of which outlives the next.
fn each_batch(
    conn: &mut Connection,
    table: &Table,
    take: &mut Batch<'_>,
) -> Result<(), StoreError> {
    match conn {
        Connection::Sqlite(conn) => each_of_sqlite(conn, table, take),
        Connection::Postgres(conn) => each_of_postgres(conn, table, take),
    }
}

fn each_of_sqlite(
    conn: &mut SqliteConnection,
    table: &Table,
    take: &mut Batch<'_>,
) -> Result<(), StoreError> {
    let value = |column: &Column| match (column.kind, &column.name) {
        // Of nothing, `hex` makes an empty text.
        (Kind::Bytes, name) => format!("CASE WHEN {name} IS NOT NULL THEN lower(hex({name})) END"),
        (_, name) => name.clone(),
    };
    let values: Vec<_> = table.columns.iter().map(value).collect();
    let sql = format!(
        "SELECT json_array({}) AS row FROM {}",
        values.join(", "),
        table.name
    );
    let mut batch = Vec::with_capacity(ROWS_PER_BATCH);
    for row in sql_query(sql).load_iter::<Row, _>(conn)? {
        batch.push(row?.row);
        if batch.len() == ROWS_PER_BATCH {
            take(&batch)?;
            batch.clear();
        }
    }
    match batch.is_empty() {
        true => Ok(()),
        false => take(&batch),
    }
}

/// Through a cursor: without one the client library holds the whole table. A cursor needs a transaction,
/// and whoever only compares has none.
fn each_of_postgres(
    conn: &mut PgConnection,
    table: &Table,
    take: &mut Batch<'_>,
) -> Result<(), StoreError> {
    let value = |column: &Column| match (column.kind, &column.name) {
        (Kind::Bytes, name) => format!("encode({name}, 'hex')"),
        (Kind::Bool, name) => format!("{name}::integer"),
        (_, name) => name.clone(),
    };
    let values: Vec<_> = table.columns.iter().map(value).collect();
    sql_query(format!(
        "DECLARE copied NO SCROLL CURSOR WITH HOLD FOR SELECT json_build_array({})::text AS row FROM {}",
        values.join(", "),
        table.name
    ))
    .execute(conn)?;
    // After an error it cannot be closed, and goes with the transaction; the error is what is told.
    fetch(conn, take)?;
    sql_query("CLOSE copied").execute(conn)?;
    Ok(())
}

fn fetch(conn: &mut PgConnection, take: &mut Batch<'_>) -> Result<(), StoreError> {
    loop {
        let fetched: Vec<Row> =
            sql_query(format!("FETCH {ROWS_PER_BATCH} FROM copied")).load(conn)?;
        if fetched.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = fetched.into_iter().map(|row| row.row).collect();
        take(&rows)?;
    }
}
