//! Fills the hashes of names that have none yet: rows from before the columns, and rows whose hashes a
//! migration emptied because the rules of keys have changed. Those get the key of today's rules.

use diesel::Connection as _;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use guildhall_rules::names::{KEY_VERSION, rekeyed};

use super::hash::NameHashes;
use super::rows::uuid;
use crate::backend::Connection;
use crate::error::StoreError;
use crate::schema::names;

/// Rows of one transaction: readers and writers of a large world wait for one of them at most.
const ROWS_AT_ONCE: i64 = 1_000;

#[derive(Queryable)]
struct Row {
    id: String,
    realm: String,
    key: String,
    display: String,
    skeleton: String,
    key_version: i32,
}

/// Hashes every name that is not, in small transactions; how many there were. Before anything is loaded
/// and while nobody else writes.
///
/// # Errors
/// [`StoreError::NamesCollide`] when two names are one by today's rules,
/// [`StoreError::NamesOfOtherVersion`] for a key of rules that this program does not know.
pub fn backfill(conn: &mut Connection) -> Result<u64, StoreError> {
    let mut filled = 0;
    loop {
        let rows: Vec<Row> = names::table
            .filter(names::key_hash.is_null())
            .select((
                names::id,
                names::realm_id,
                names::name_key,
                names::display,
                names::skeleton,
                names::key_version,
            ))
            .limit(ROWS_AT_ONCE)
            .load(conn)?;
        if rows.is_empty() {
            return Ok(filled);
        }
        filled += u64::try_from(rows.len()).unwrap_or(0);
        conn.transaction(|conn| rows.into_iter().try_for_each(|row| fill(conn, row)))?;
    }
}

fn fill(conn: &mut Connection, mut row: Row) -> Result<(), StoreError> {
    let (found, known) = (row.key_version, i32::from(KEY_VERSION));
    if found > known {
        return Err(StoreError::NamesOfOtherVersion {
            found,
            known: KEY_VERSION,
        });
    }
    if found < known {
        let today = rekeyed(&row.display);
        (row.key, row.skeleton) = (today.key, today.skeleton);
    }
    let hashes = NameHashes::of(uuid(&row.realm)?, &row.key, &row.skeleton, &row.display);
    let filled = diesel::update(names::table.find(&row.id))
        .set((
            names::name_key.eq(&row.key),
            names::skeleton.eq(&row.skeleton),
            names::key_version.eq(known),
            names::key_hash.eq(hashes.key.cast_signed()),
            names::skeleton_hash.eq(hashes.folded.cast_signed()),
            names::written_hash.eq(hashes.written.cast_signed()),
        ))
        .execute(conn);
    match filled {
        Ok(_) => Ok(()),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Err(StoreError::NamesCollide { name: row.display })
        }
        Err(error) => Err(error.into()),
    }
}
