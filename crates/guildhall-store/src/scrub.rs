//! Looks at everything that a world keeps, beside its server or without one, and changes nothing: rows, what
//! they refer to, names, records, board files, and of a backup its manifest. Called by `guildhall scrub`.
//! In `scrub/`: `tables`, `references` and `entities` are SQL that selects sentences, `names` and `records`
//! read row by row, `files` compares rows with files.

mod backup;
mod entities;
mod files;
mod names;
mod records;
mod references;
mod tables;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use serde::Serialize;

use crate::backend::Connection;
use crate::blobs::BlobStore;
use crate::copy::reader;
use crate::database::Database;
use crate::error::StoreError;

pub use backup::scrub_backup;

/// Faults of one check that are told one by one; the others are counted.
const FAULTS_TOLD_MAX: usize = 100;
/// Rows that are read at a time where each is looked at: at 64 KiB, some 16 MiB.
const ROWS_AT_ONCE: i64 = 256;

/// What one check has found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at, as the plural of a thing.
    pub of: &'static str,
    pub looked_at: u64,
    /// What is wrong, each as a sentence; at most [`FAULTS_TOLD_MAX`] of them.
    pub faults: Vec<String>,
    pub faults_in_all: u64,
    /// What is worth knowing and no fault.
    pub notes: Vec<String>,
}

impl Check {
    fn new(of: &'static str) -> Self {
        Self {
            of,
            ..Self::default()
        }
    }

    fn fault(&mut self, sentence: String) {
        self.faults_in_all = self.faults_in_all.saturating_add(1);
        if self.faults.len() < FAULTS_TOLD_MAX {
            self.faults.push(sentence);
        }
    }
}

/// Whether bytes are a document as the server writes them; the store does not know.
pub type IsDocument<'a> = &'a dyn Fn(&[u8]) -> bool;

/// Looks at a world in one state of its database, and then at the files of that state. `begin` hears of each
/// check that is begun. What cannot be read is a fault that is found and no error.
///
/// # Errors
/// The database cannot be reached; the board files cannot be listed.
pub fn scrub(
    database: &Database,
    blobs: &dyn BlobStore,
    is_document: IsDocument<'_>,
    begin: &mut dyn FnMut(&str),
) -> Result<Vec<Check>, StoreError> {
    let (mut checks, named) = reader(database.target())?.snapshot(|conn| {
        let mut run = Run {
            conn,
            begin,
            checks: Vec::new(),
        };
        run.check("tables", tables::check)?;
        run.check("references", references::check)?;
        run.check("characters and ships", entities::check)?;
        run.check("names", names::check)?;
        run.check("states in the history", |conn, check| {
            records::history(conn, check, is_document)
        })?;
        run.check("refused writes", |conn, check| {
            records::refused(conn, check, is_document)
        })?;
        let mut named = Vec::new();
        run.check("rows of board files", |conn, check| {
            named = files::named(conn)?;
            check.looked_at = u64::try_from(named.len()).unwrap_or(u64::MAX);
            Ok(())
        })?;
        Ok((run.checks, named))
    })?;
    begin("board files");
    checks.push(files::check(&named, blobs)?);
    Ok(checks)
}

struct Run<'a> {
    conn: &'a mut Connection,
    begin: &'a mut dyn FnMut(&str),
    checks: Vec<Check>,
}

impl Run<'_> {
    /// In a savepoint: PostgreSQL answers nothing more after an error, and the next check must run.
    fn check(
        &mut self,
        of: &'static str,
        look: impl FnOnce(&mut Connection, &mut Check) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        (self.begin)(of);
        let mut check = Check::new(of);
        self.conn.batch_execute("SAVEPOINT one_check")?;
        if let Err(error) = look(self.conn, &mut check) {
            check.fault(format!("Not all of it could be read: {error}."));
        }
        self.conn
            .batch_execute("ROLLBACK TO one_check; RELEASE one_check")?;
        self.checks.push(check);
        Ok(())
    }
}

#[derive(QueryableByName)]
struct Fault {
    #[diesel(sql_type = Text)]
    fault: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// Every row of the query is a fault, in its column `fault`.
fn faults(conn: &mut Connection, check: &mut Check, query: &str) -> Result<(), StoreError> {
    let told: Vec<Fault> = load(
        conn,
        &format!("SELECT fault FROM ({query}) AS found LIMIT {FAULTS_TOLD_MAX}"),
    )?;
    let is_all = told.len() < FAULTS_TOLD_MAX;
    let before = check.faults_in_all;
    for Fault { fault } in told {
        check.fault(fault);
    }
    if !is_all {
        let all = count(conn, &format!("({query}) AS found"))?;
        check.faults_in_all = before.saturating_add(all);
    }
    Ok(())
}

fn count(conn: &mut Connection, from: &str) -> Result<u64, StoreError> {
    let rows: Vec<Count> = load(conn, &format!("SELECT count(*) AS rows FROM {from}"))?;
    let count = rows.first().map_or(0, |count| count.rows);
    Ok(u64::try_from(count).unwrap_or(0))
}

fn load<T>(conn: &mut Connection, sql: &str) -> Result<Vec<T>, StoreError>
where
    T: diesel::deserialize::QueryableByName<diesel::sqlite::Sqlite>
        + diesel::deserialize::QueryableByName<diesel::pg::Pg>
        + 'static,
{
    let sql = sql_query(sql);
    Ok(match conn {
        Connection::Sqlite(conn) => sql.load(conn)?,
        Connection::Postgres(conn) => sql.load(conn)?,
    })
}
