//! Bare cursors over the columns that the loading reads, by one connection, as a program would write them that
//! wants to see every row once: every column is looked at, nothing is kept.

use std::hint::black_box;

use diesel::connection::{DefaultLoadingMode, SimpleConnection};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use diesel::{PgConnection, SqliteConnection};

const COLUMNS: &str = "SELECT realm_id, owner_kind, owner_id, name_key, skeleton_hash, \
    written_hash, key_version, cooling_until FROM names";

/// Steps through the rows of SQLite; nothing is copied.
pub fn sqlite(conn: &rusqlite::Connection) -> u64 {
    let mut statement = conn.prepare(COLUMNS).unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut count = 0;
    while let Some(row) = rows.next().unwrap() {
        for text in 0..4 {
            black_box(row.get_ref(text).unwrap().as_str().unwrap());
        }
        let hashes: (i64, i64) = (row.get(4).unwrap(), row.get(5).unwrap());
        let rest: (i32, Option<i64>) = (row.get(6).unwrap(), row.get(7).unwrap());
        black_box((hashes, rest));
        count += 1;
    }
    count
}

type Types = (
    Text,
    Text,
    Text,
    Text,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Integer,
    Nullable<BigInt>,
);
type Row = (
    String,
    String,
    String,
    String,
    Option<i64>,
    Option<i64>,
    i32,
    Option<i64>,
);

/// The same rows of SQLite by the client library that the server uses.
pub fn sqlite_by_client(conn: &mut SqliteConnection) -> u64 {
    let rows = sql::<Types>(COLUMNS).load_iter::<Row, DefaultLoadingMode>(conn);
    let rows = rows.unwrap().map(|row| {
        black_box(row.unwrap());
    });
    rows.count() as u64
}

/// A cursor of PostgreSQL: the client library holds a whole answer in memory, so it comes part by part.
pub fn postgres(conn: &mut PgConnection) -> u64 {
    conn.batch_execute(&format!(
        "BEGIN; DECLARE every NO SCROLL CURSOR FOR {COLUMNS}"
    ))
    .unwrap();
    let mut count = 0;
    loop {
        let rows: Vec<Row> = sql::<Types>("FETCH 20000 FROM every").load(conn).unwrap();
        if rows.is_empty() {
            conn.batch_execute("ROLLBACK").unwrap();
            return count;
        }
        count += rows.len() as u64;
        black_box(rows);
    }
}
