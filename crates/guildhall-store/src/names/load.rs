//! Reading all names, row by row (a list of ten million would take gigabytes), and proving that
//! none was lost. No query here has a condition: a name is taken however long ago it was used.

use std::str::FromStr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::dsl::{count_star, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, SqliteConnection, sql_query};
use guildhall_rules::names::KEY_VERSION;
use uuid::Uuid;

use super::Known;
use super::hash::{LoadProof, NameHashes, key_hash};
use super::index::NameIndex;
use super::rows::unreadable;
use crate::backend::Connection;
use crate::changes::{NameOwner, OwnerKind};
use crate::database::Database;
use crate::error::StoreError;
use crate::schema::names;

impl NameIndex {
    /// An index of all names, proven to hold what the database holds: the database's count and sum of its
    /// stored hashes are those of the hashes that were computed anew from the keys.
    ///
    /// # Errors
    /// [`StoreError::NamesIncomplete`] when the two differ, [`StoreError::NamesOfOtherVersion`] when a key
    /// was made by other rules; a row that cannot be understood.
    pub fn load(db: &Database) -> Result<(Self, LoadProof), StoreError> {
        db.read(|conn| {
            patiently(conn)?;
            let expected = proof(conn)?;
            let index = fill(conn, Self::with_room_for(expected.rows))?;
            expect_equal(index.proof(), expected)?;
            Ok((index, expected))
        })
    }
}

/// Rows that are handed from the reading thread to the indexing one at a time.
const ROWS_AT_ONCE: usize = 4_096;
/// Such parts that may wait: the faster thread runs ahead no further.
const PARTS_WAITING_MAX: usize = 4;

/// Reads on this thread and hashes on another, so that the loading takes little longer than the reading.
fn fill(conn: &mut Connection, index: NameIndex) -> Result<NameIndex, StoreError> {
    std::thread::scope(|scope| {
        let (sender, parts) = sync_channel(PARTS_WAITING_MAX);
        let indexing = std::thread::Builder::new()
            .name("names-load".to_owned())
            .spawn_scoped(scope, move || take_in(index, parts))
            .map_err(StoreError::files("a thread cannot be started"))?;
        let read = send_all(conn, sender);
        let index = indexing.join().map_err(|_| StoreError::Database {
            detail: "the names could not be taken into the index".to_owned(),
        })?;
        // When indexing failed the reading stopped because of that.
        let index = index?;
        read.map(|()| index)
    })
}

fn take_in(mut index: NameIndex, parts: Receiver<Vec<Row>>) -> Result<NameIndex, StoreError> {
    for row in parts.into_iter().flatten() {
        let known = row.known()?;
        index.insert(&known.hashes, known.held());
    }
    Ok(index)
}

fn send_all(conn: &mut Connection, parts: SyncSender<Vec<Row>>) -> Result<(), StoreError> {
    let gone = |_| StoreError::Database {
        detail: "the index of names takes no more".to_owned(),
    };
    let mut part = Vec::with_capacity(ROWS_AT_ONCE);
    stream(conn, |row| {
        part.push(row);
        if part.len() < ROWS_AT_ONCE {
            return Ok(());
        }
        let full = std::mem::replace(&mut part, Vec::with_capacity(ROWS_AT_ONCE));
        parts.send(full).map_err(gone)
    })?;
    parts.send(part).map_err(gone)
}

fn expect_equal(loaded: LoadProof, in_database: LoadProof) -> Result<(), StoreError> {
    if loaded == in_database {
        return Ok(());
    }
    Err(StoreError::NamesIncomplete {
        loaded: loaded.to_string(),
        in_database: in_database.to_string(),
    })
}

/// What the database says of its names by itself; a hash that is missing is missing in the sum.
fn proof(conn: &mut Connection) -> Result<LoadProof, StoreError> {
    let sums = (
        count_star(),
        sql::<BigInt>("CAST(coalesce(sum((key_hash >> 32) & 4294967295), 0) AS BIGINT)"),
        sql::<BigInt>("CAST(coalesce(sum(key_hash & 4294967295), 0) AS BIGINT)"),
    );
    let (rows, high, low): (i64, i64, i64) = names::table.select(sums).get_result(conn)?;
    Ok(LoadProof {
        rows: rows.cast_unsigned(),
        high: high.cast_unsigned(),
        low: low.cast_unsigned(),
    })
}

/// A text that is read as what it means where it lies: three strings fewer for each of millions of rows.
#[derive(FromSqlRow)]
struct Read<T>(T);

impl<T: FromStr<Err: std::error::Error + Send + Sync + 'static>> FromSql<Text, Sqlite> for Read<T> {
    fn from_sql(mut value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(value.read_text().parse()?))
    }
}

impl<T: FromStr<Err: std::error::Error + Send + Sync + 'static>> FromSql<Text, Pg> for Read<T> {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(std::str::from_utf8(value.as_bytes())?.parse()?))
    }
}

/// A row, in the order of [`COLUMNS`].
#[derive(Queryable, QueryableByName)]
#[diesel(table_name = names)]
struct Row {
    realm_id: Read<Uuid>,
    owner_kind: Read<OwnerKind>,
    owner_id: Read<Uuid>,
    name_key: String,
    skeleton_hash: Option<i64>,
    written_hash: Option<i64>,
    key_version: i32,
    cooling_until: Option<i64>,
}

type Columns = (
    names::realm_id,
    names::owner_kind,
    names::owner_id,
    names::name_key,
    names::skeleton_hash,
    names::written_hash,
    names::key_version,
    names::cooling_until,
);

const COLUMNS: Columns = (
    names::realm_id,
    names::owner_kind,
    names::owner_id,
    names::name_key,
    names::skeleton_hash,
    names::written_hash,
    names::key_version,
    names::cooling_until,
);

impl Row {
    fn known(self) -> Result<Known, StoreError> {
        if self.key_version != i32::from(KEY_VERSION) {
            return Err(StoreError::NamesOfOtherVersion {
                found: self.key_version,
                known: KEY_VERSION,
            });
        }
        let (Some(folded), Some(written)) = (self.skeleton_hash, self.written_hash) else {
            return Err(unreadable(&self.name_key, "a hash is missing"));
        };
        Ok(Known {
            hashes: NameHashes {
                key: key_hash(self.realm_id.0, &self.name_key),
                folded: folded.cast_unsigned(),
                written: written.cast_unsigned(),
            },
            owner: NameOwner {
                kind: self.owner_kind.0,
                id: self.owner_id.0,
            },
            cooling_until_us: self.cooling_until,
        })
    }
}

/// The names as they lie in the table.
fn stream(
    conn: &mut Connection,
    sink: impl FnMut(Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    match conn {
        Connection::Sqlite(conn) => by_rows(conn, sink),
        Connection::Postgres(conn) => by_cursor(conn, sink),
    }
}

fn by_rows(
    conn: &mut SqliteConnection,
    mut sink: impl FnMut(Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let rows = names::table.select(COLUMNS).load_iter::<Row, _>(conn)?;
    for row in rows {
        sink(row?)?;
    }
    Ok(())
}

/// The client library holds a whole answer in memory, so a cursor gives them part by part.
fn by_cursor(
    conn: &mut PgConnection,
    mut sink: impl FnMut(Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    conn.batch_execute(
        "DECLARE all_names NO SCROLL CURSOR FOR SELECT realm_id, owner_kind, owner_id, name_key, \
         skeleton_hash, written_hash, key_version, cooling_until FROM names",
    )?;
    loop {
        let rows: Vec<Row> = sql_query("FETCH 20000 FROM all_names").load(conn)?;
        if rows.is_empty() {
            return Ok(conn.batch_execute("CLOSE all_names")?);
        }
        rows.into_iter().try_for_each(&mut sink)?;
    }
}

/// Reads what the loading reads and does nothing with it; how many rows. For its measurement.
///
/// # Errors
/// The database.
#[doc(hidden)]
pub fn read_bare(db: &Database) -> Result<u64, StoreError> {
    db.read(|conn| {
        patiently(conn)?;
        let mut count = 0;
        stream(conn, |row| {
            std::hint::black_box(&row);
            count += 1;
            Ok(())
        })?;
        Ok(count)
    })
}

/// Summing up millions of rows may take longer than a reader usually waits. Until the transaction ends.
fn patiently(conn: &mut Connection) -> Result<(), StoreError> {
    if let Connection::Postgres(conn) = conn {
        conn.batch_execute("SET LOCAL statement_timeout = 0")?;
    }
    Ok(())
}
