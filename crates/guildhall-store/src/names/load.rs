//! Reading all names, row by row (a list of ten million would take gigabytes), and proving that
//! none was lost. No query here has a condition: a name is taken however long ago it was used.

use diesel::connection::SimpleConnection;
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::{PgConnection, SqliteConnection, sql_query};
use guildhall_rules::names::KEY_VERSION;

use super::Known;
use super::hash::{LoadProof, NameHashes, key_hash};
use super::index::NameIndex;
use super::rows::{owner, unreadable, uuid};
use crate::backend::Connection;
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
            let mut index = Self::with_room_for(expected.rows);
            stream(conn, |row| {
                let known = row.known()?;
                index.insert(&known.hashes, known.held());
                Ok(())
            })?;
            expect_equal(index.proof(), expected)?;
            Ok((index, expected))
        })
    }
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

/// A row, in the order of [`COLUMNS`].
#[derive(Queryable, QueryableByName)]
#[diesel(table_name = names)]
struct Row {
    realm_id: String,
    owner_kind: String,
    owner_id: String,
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
                key: key_hash(uuid(&self.realm_id)?, &self.name_key),
                folded: folded.cast_unsigned(),
                written: written.cast_unsigned(),
            },
            owner: owner(&self.owner_kind, &self.owner_id)?,
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
