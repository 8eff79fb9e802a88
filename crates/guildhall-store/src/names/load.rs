//! Reading all names, row by row (a list of ten million would take gigabytes), and proving that
//! none was lost. No query here has a condition: a name is taken however long ago it was used.

use diesel::prelude::*;
use uuid::Uuid;

use super::NameEntry;
use super::index::NameIndex;
use super::tally::{LoadProof, digest};
use crate::backend::Connection;
use crate::changes::{NameOwner, OwnerKind};
use crate::database::Database;
use crate::error::StoreError;
use crate::schema::names;

/// Gives every taken name to `sink` and returns the database's own count and checksum of them,
/// from a second read of another kind (through the unique index instead of the table) in the
/// same transaction.
///
/// # Errors
/// [`StoreError::NamesIncomplete`] when the two reads differ; a row that cannot be understood.
pub fn load_names(db: &Database, mut sink: impl FnMut(NameEntry)) -> Result<LoadProof, StoreError> {
    db.read(|conn| {
        let mut given = LoadProof::default();
        stream(conn, |entry| {
            given.add(digest(entry.realm, entry.owner, &entry.key));
            sink(entry);
        })?;
        let proof = proof(conn)?;
        expect_equal(given, proof)?;
        Ok(proof)
    })
}

impl NameIndex {
    /// An index of all names, proven to hold what the database holds.
    ///
    /// # Errors
    /// As [`load_names`]; also when the index itself lost a name.
    pub fn load(db: &Database) -> Result<(Self, LoadProof), StoreError> {
        let mut index = Self::default();
        let proof = load_names(db, |entry| {
            // Two entries for one name or one owner would show in the proof below.
            let _clash = index.insert(entry);
        })?;
        expect_equal(index.proof(), proof)?;
        Ok((index, proof))
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

type Row = (String, String, String, String, String, String);

/// The names as they lie in the table.
pub(super) fn stream(
    conn: &mut Connection,
    mut sink: impl FnMut(NameEntry),
) -> Result<(), StoreError> {
    let rows = names::table
        .select((
            names::realm_id,
            names::owner_kind,
            names::owner_id,
            names::name_key,
            names::display,
            names::skeleton,
        ))
        .load_iter::<Row, _>(conn)?;
    for row in rows {
        let (realm, kind, id, key, display, skeleton) = row?;
        sink(NameEntry {
            realm: uuid(&realm)?,
            owner: owner(&kind, &id)?,
            key,
            display,
            skeleton,
        });
    }
    Ok(())
}

/// Count and checksum in the order of the unique index.
fn proof(conn: &mut Connection) -> Result<LoadProof, StoreError> {
    let count: i64 = names::table.count().get_result(conn)?;
    let rows = names::table
        .order((names::realm_id, names::name_key))
        .select((
            names::realm_id,
            names::owner_kind,
            names::owner_id,
            names::name_key,
        ))
        .load_iter::<(String, String, String, String), _>(conn)?;
    let mut proof = LoadProof::default();
    for row in rows {
        let (realm, kind, id, key) = row?;
        proof.add(digest(uuid(&realm)?, owner(&kind, &id)?, &key));
    }
    let counted = LoadProof {
        rows: count.unsigned_abs(),
        ..proof
    };
    expect_equal(proof, counted)?;
    Ok(proof)
}

fn uuid(text: &str) -> Result<Uuid, StoreError> {
    Uuid::try_parse(text).map_err(|error| unreadable(text, &error.to_string()))
}

pub(super) fn owner(kind: &str, id: &str) -> Result<NameOwner, StoreError> {
    let kind = OwnerKind::from_word(kind).ok_or_else(|| unreadable(kind, "no kind of owner"))?;
    let id = uuid(id)?;
    Ok(NameOwner { kind, id })
}

fn unreadable(value: &str, why: &str) -> StoreError {
    StoreError::Database {
        detail: format!("a row of the names cannot be read: {value:?}: {why}"),
    }
}
