//! The stable hashes of a name, which the database keeps beside its texts, and the order-free sum of them.
//! A change of a hash needs a migration that empties the columns: they are filled again at the next start.

use std::io::Write as _;

use guildhall_rules::names::{NAME_BYTES_MAX, written_skeleton};
use uuid::Uuid;

use super::NameEntry;

/// Of what makes a name unique, and of both its looks; each within its realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameHashes {
    pub key: u64,
    /// Of what the key looks like.
    pub folded: u64,
    /// Of what the name as it is written looks like.
    pub written: u64,
}

impl NameHashes {
    /// The hashes of a name in a realm, from its key, its skeleton and how it is written.
    pub fn of(realm: Uuid, key: &str, skeleton: &str, display: &str) -> Self {
        Self {
            key: key_hash(realm, key),
            folded: hash(realm, 1, skeleton),
            written: hash(realm, 2, &written_skeleton(display)),
        }
    }
}

impl From<&NameEntry> for NameHashes {
    fn from(name: &NameEntry) -> Self {
        Self::of(name.realm, &name.key, &name.skeleton, &name.display)
    }
}

/// The hash of a key in its realm.
pub fn key_hash(realm: Uuid, key: &str) -> u64 {
    hash(realm, 0, key)
}

/// Realm, kind of hash and the longest text that the rules allow.
const USUAL_BYTES: usize = 16 + 1 + NAME_BYTES_MAX;

/// Below the largest number, which the index uses for empty places. What comes before the text has one
/// length, so no two texts read alike. In one piece, since millions are hashed at a start and the parts one by
/// one take longer.
fn hash(realm: Uuid, what: u8, text: &str) -> u64 {
    let parts = [realm.as_bytes().as_slice(), &[what], text.as_bytes()];
    let mut piece = [0; USUAL_BYTES];
    let mut rest = piece.as_mut_slice();
    let fits = parts.iter().all(|part| rest.write_all(part).is_ok());
    let unused = rest.len();
    let hash = match piece.get(..USUAL_BYTES - unused) {
        Some(used) if fits => blake3::hash(used),
        _ => blake3::hash(&parts.concat()),
    };
    let first = hash.as_bytes().first_chunk().copied().unwrap_or_default();
    u64::from_le_bytes(first).min(u64::MAX - 1)
}

/// What two sets of names have in common when they are equal: how many there are, and the sums of both
/// halves of their hashes. The database can compute it by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadProof {
    pub rows: u64,
    pub high: u64,
    pub low: u64,
}

impl LoadProof {
    pub(super) fn add(&mut self, hash: u64) {
        self.rows = self.rows.wrapping_add(1);
        self.high = self.high.wrapping_add(hash >> 32);
        self.low = self.low.wrapping_add(hash & 0xFFFF_FFFF);
    }

    pub(super) fn remove(&mut self, hash: u64) {
        self.rows = self.rows.wrapping_sub(1);
        self.high = self.high.wrapping_sub(hash >> 32);
        self.low = self.low.wrapping_sub(hash & 0xFFFF_FFFF);
    }
}

impl std::fmt::Display for LoadProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rows, high, low } = self;
        write!(f, "{rows} names (checksum {high:x}.{low:x})")
    }
}

#[cfg(test)]
mod tests;
