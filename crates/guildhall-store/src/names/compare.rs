//! Index against database, while the server runs: both differences must be empty.

use std::collections::HashSet;

use uuid::Uuid;

use super::index::NameIndex;
use super::load::stream;
use super::tally::digest;
use crate::changes::NameOwner;
use crate::database::Database;
use crate::error::StoreError;

/// A name and its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRef {
    pub realm: Uuid,
    pub owner: NameOwner,
    pub key: String,
}

/// In what index and database differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameDiff {
    pub index_minus_database: Vec<NameRef>,
    pub database_minus_index: Vec<NameRef>,
}

impl NameDiff {
    pub fn is_empty(&self) -> bool {
        self.index_minus_database.is_empty() && self.database_minus_index.is_empty()
    }
}

/// Compares the two. Claims that wait for the database belong to neither side yet.
///
/// # Errors
/// The database cannot be read.
pub fn compare(db: &Database, index: &NameIndex) -> Result<NameDiff, StoreError> {
    let unsettled = index.unsettled_owners();
    let mut in_database = HashSet::new();
    let mut diff = NameDiff::default();
    db.read(|conn| {
        stream(conn, |entry| {
            in_database.insert(digest(entry.realm, entry.owner, &entry.key));
            let known = index.holds(entry.realm, entry.owner, &entry.key);
            if !known && !unsettled.contains(&entry.owner) {
                diff.database_minus_index.push(NameRef {
                    realm: entry.realm,
                    owner: entry.owner,
                    key: entry.key,
                });
            }
        })
    })?;
    let missing = index.confirmed().filter(|(realm, owner, key)| {
        !unsettled.contains(owner) && !in_database.contains(&digest(*realm, *owner, key))
    });
    diff.index_minus_database
        .extend(missing.map(|(realm, owner, key)| NameRef {
            realm,
            owner,
            key: key.to_owned(),
        }));
    Ok(diff)
}
