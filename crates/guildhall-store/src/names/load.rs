//! Reading all names, row by row (a list of ten million would take gigabytes), and proving that
//! none was lost. No query here has a condition on what a row says: a name is taken however long ago it was
//! used. Two connections read pieces of the table in turns, where it is large.

use std::sync::{Mutex, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::dsl::{count_star, max, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::hash::LoadProof;
use super::index::{Gathered, NameIndex};
use super::pieces::{self, Pieces};
use crate::backend::Connection;
use crate::database::Database;
use crate::error::StoreError;
use crate::schema::{batches, names};

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
            let filling = Filling::begin(conn)?;
            let expected = filling.by_two(db, conn)?;
            let index = filling.into_index();
            if index.proof() == expected {
                return Ok((index, expected));
            }
            // Whoever moves rows past the server may have had the two see them in different places.
            let alone = Filling::begin(conn)?;
            alone.read(conn)?;
            let index = alone.into_index();
            expect_equal(index.proof(), expected)?;
            Ok((index, expected))
        })
    }
}

/// Names that a reader gathers before it puts them into the index, which one does at a time: a part of all, so
/// that in their order they lie near each other.
const PART_GATHERED: u64 = 16;
/// See [`PART_GATHERED`]; at least.
const GATHERED_MIN: u64 = 16_384;

/// An index on its way.
struct Filling {
    /// The batch after which the names are as they are read.
    state: Option<i64>,
    /// What nobody has begun to read.
    pieces: Mutex<Pieces>,
    index: Mutex<NameIndex>,
    at_once: usize,
}

impl Filling {
    fn begin(conn: &mut Connection) -> Result<Self, StoreError> {
        let count = count(conn)?;
        let at_once = (count / PART_GATHERED).max(GATHERED_MIN);
        Ok(Self {
            state: state(conn)?,
            pieces: Mutex::new(Pieces::of(conn)?),
            index: Mutex::new(NameIndex::with_room_for(count)),
            at_once: usize::try_from(at_once).unwrap_or(usize::MAX),
        })
    }

    fn into_index(self) -> NameIndex {
        let index = self.index.into_inner();
        index.unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads on this connection, and on one more where there is one and it sees the same state. What the
    /// database says of its names by itself.
    fn by_two(&self, db: &Database, conn: &mut Connection) -> Result<LoadProof, StoreError> {
        let is_small = lock(&self.pieces).is_one();
        if is_small {
            self.read(conn)?;
            return proof(conn);
        }
        std::thread::scope(|scope| {
            let helper = std::thread::Builder::new()
                .name("names-load".to_owned())
                .spawn_scoped(scope, || self.help(db));
            let read = proof(conn).and_then(|proof| self.read(conn).map(|()| proof));
            let Ok(helper) = helper else {
                return read;
            };
            let helped = helper.join().map_err(|_| StoreError::Database {
                detail: "the names could not be taken into the index".to_owned(),
            })?;
            helped.and(read)
        })
    }

    /// Where this cannot begin the other reads everything. On a connection of its own: those of the readers are for
    /// others, who may be waiting.
    fn help(&self, db: &Database) -> Result<(), StoreError> {
        let mut begun = false;
        let helped = db.read_apart(|conn| {
            patiently(conn)?;
            begun = state(conn)? == self.state;
            match begun {
                true => self.read(conn),
                false => Ok(()),
            }
        });
        match helped {
            Err(_) if !begun => Ok(()),
            helped => helped,
        }
    }

    fn read(&self, conn: &mut Connection) -> Result<(), StoreError> {
        let mut gathered = Gathered::default();
        loop {
            let piece = lock(&self.pieces).next();
            let Some(piece) = piece else {
                self.take_in(&mut gathered);
                return Ok(());
            };
            let read = pieces::read(conn, piece, |known| {
                gathered.push(&known);
                if gathered.len() >= self.at_once {
                    self.take_in(&mut gathered);
                }
                Ok(())
            });
            if read.is_err() {
                // The other need not go on.
                lock(&self.pieces).end();
                return read;
            }
        }
    }

    fn take_in(&self, gathered: &mut Gathered) {
        gathered.sort();
        lock(&self.index).extend(gathered);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The newest batch: whoever sees the same one sees the same names, since names are written in batches only.
fn state(conn: &mut Connection) -> Result<Option<i64>, StoreError> {
    Ok(batches::table.select(max(batches::seq)).get_result(conn)?)
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

fn count(conn: &mut Connection) -> Result<u64, StoreError> {
    let rows: i64 = names::table.select(count_star()).get_result(conn)?;
    Ok(rows.cast_unsigned())
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

/// Summing up millions of rows may take longer than a reader usually waits. Until the transaction ends.
fn patiently(conn: &mut Connection) -> Result<(), StoreError> {
    if let Connection::Postgres(conn) = conn {
        conn.batch_execute("SET LOCAL statement_timeout = 0")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
