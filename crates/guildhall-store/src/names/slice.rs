//! A slice of the ledger by its stored hashes, for the comparison while the server runs. What is compared
//! is computed from the texts, so that a stored hash that rotted is found too.

use diesel::prelude::*;

use super::index::Slice;
use super::rows::{COLUMNS, Columns, Row};
use super::{Known, NameHashes, StoredName};
use crate::backend::Connection;
use crate::error::StoreError;
use crate::schema::names;

/// What the database has in a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SliceRows {
    /// The names, hashed anew: sound rows only.
    pub rows: Vec<Known>,
    /// Ids of rows whose stored hashes are not those of their texts.
    pub rotten: Vec<String>,
}

type Hashes = (Option<i64>, Option<i64>, Option<i64>);
type Hashed = (String, Hashes, Row);

const HASHED: (
    names::id,
    (names::key_hash, names::skeleton_hash, names::written_hash),
    Columns,
) = (
    names::id,
    (names::key_hash, names::skeleton_hash, names::written_hash),
    COLUMNS,
);

/// Reads a slice.
///
/// # Errors
/// The database, or a row that cannot be understood.
pub fn read_slice(conn: &mut Connection, slice: Slice) -> Result<SliceRows, StoreError> {
    let mut found = SliceRows::default();
    for (lowest, highest) in slice.signed_bounds() {
        let within = names::key_hash.between(lowest, highest);
        let rows: Vec<Hashed> = names::table.filter(within).select(HASHED).load(conn)?;
        found.take(rows)?;
    }
    if slice.is_first() {
        // What was never hashed is in no range.
        let unhashed = names::key_hash.is_null();
        let rows: Vec<Hashed> = names::table.filter(unhashed).select(HASHED).load(conn)?;
        found.take(rows)?;
    }
    Ok(found)
}

impl SliceRows {
    fn take(&mut self, rows: Vec<Hashed>) -> Result<(), StoreError> {
        for (id, hashes, row) in rows {
            let known = StoredName::try_from(row)?.known();
            if hashes == stored_as(&known.hashes) {
                self.rows.push(known);
            } else {
                self.rotten.push(id);
            }
        }
        Ok(())
    }
}
fn stored_as(hashes: &NameHashes) -> Hashes {
    (
        Some(hashes.key.cast_signed()),
        Some(hashes.folded.cast_signed()),
        Some(hashes.written.cast_signed()),
    )
}
