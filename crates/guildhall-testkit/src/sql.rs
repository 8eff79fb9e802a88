//! Another program with the server's database open: it reads back what the server left there, breaks the server's
//! picture of it, and holds its locks. One way to speak to both databases; `sql/cell.rs` is one value,
//! `sql/session.rs` a session of `psql`, `sql/trigger.rs` what makes the database refuse.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

mod cell;
mod session;
mod trigger;

pub use cell::Cell;
use session::Session;
pub use trigger::Then;

/// How long a statement waits for somebody else's lock.
const PATIENCE: Duration = Duration::from_secs(20);

const SQLITE: &str = "sqlite://";

/// See the file's head. What is run in a transaction that is begun here stays in it.
#[derive(Debug)]
pub struct Sql(Inner);

#[derive(Debug)]
enum Inner {
    Sqlite(Connection),
    Postgres(Mutex<Session>),
}

impl Sql {
    /// Opens the database of an address, `sqlite://path` or `postgres://…`.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub fn open(url: &str) -> Self {
        match url.strip_prefix(SQLITE) {
            Some(path) => Self::open_file(Path::new(path)),
            None => Self(Inner::Postgres(Mutex::new(Session::open(url)))),
        }
    }

    /// Opens a file of SQLite.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub fn open_file(path: &Path) -> Self {
        let connection = Connection::open(path).expect("a database in a file");
        connection.busy_timeout(PATIENCE).expect("a busy timeout");
        Self(Inner::Sqlite(connection))
    }

    /// Runs statements.
    ///
    /// # Panics
    /// When one is refused, with the words of the database.
    pub fn run(&self, sql: &str) {
        match &self.0 {
            Inner::Sqlite(connection) => {
                let ran = connection.execute_batch(sql);
                ran.unwrap_or_else(|error| panic!("{sql}: {error}"));
            }
            Inner::Postgres(session) => {
                session
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .ask(sql);
            }
        }
    }

    /// The rows of one query. Both databases give the same cells: numbers as digits, truth as `1` and `0`, bytes as
    /// hexadecimal digits.
    ///
    /// # Panics
    /// When it is refused, with the words of the database.
    pub fn rows(&self, sql: &str) -> Vec<Vec<Cell>> {
        match &self.0 {
            Inner::Sqlite(connection) => {
                file_rows(connection, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
            }
            Inner::Postgres(session) => session
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .rows(sql),
        }
    }

    /// The number in the first cell of the first row.
    ///
    /// # Panics
    /// When there is none.
    pub fn number(&self, sql: &str) -> i64 {
        let rows = self.rows(sql);
        let cell = rows.first().and_then(|row| row.first());
        cell.unwrap_or_else(|| panic!("{sql}: no row")).number()
    }

    /// Begins a transaction that lets nobody else write to this table; with SQLite, to any table.
    /// `COMMIT` or `ROLLBACK` ends it.
    pub fn begin_and_lock(&self, table: &str) {
        match self.0 {
            Inner::Sqlite(_) => self.run("BEGIN IMMEDIATE"),
            Inner::Postgres(_) => self.run(&format!("BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE")),
        }
    }

    /// From now on rows may refer to nothing here: damage that the server itself can never do.
    pub fn ignore_references(&self) {
        match self.0 {
            Inner::Sqlite(_) => self.run("PRAGMA foreign_keys = OFF"),
            Inner::Postgres(_) => self.run("SET session_replication_role = replica"),
        }
    }
}

fn file_rows(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<Vec<Cell>>> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..columns)
            .map(|column| Ok(of_file(row.get_ref(column)?)))
            .collect()
    })?;
    rows.collect()
}

fn of_file(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::null(),
        ValueRef::Integer(number) => Cell::text(number.to_string()),
        ValueRef::Real(number) => Cell::text(number.to_string()),
        ValueRef::Text(text) => Cell::text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Cell::bytes_of(bytes),
    }
}

/// A text as a literal of SQL.
pub fn quoted(text: impl ToString) -> String {
    format!("'{}'", text.to_string().replace('\'', "''"))
}

#[cfg(test)]
mod tests;
