//! The ledger of taken names: loaded completely and proven equal to the database before anyone
//! may rely on it. Who writes names is `changes`; who decides what a good name is are the rules.

mod backfill;
mod hash;
mod index;
mod load;
mod lookup;
mod pieces;
mod rows;
mod slice;
mod table;

use uuid::Uuid;

use crate::changes::NameOwner;

pub(crate) use backfill::backfill;
pub use hash::{LoadProof, NameHashes, key_hash};
pub use index::{Held, NameClash, NameDiff, NameIndex, Reservation, Slice};
pub use lookup::{before, by_hashes, clash, due, gave_up, holder, present, shown_to};
pub use slice::{SliceRows, read_slice};

/// A name with its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameEntry {
    pub realm: Uuid,
    pub owner: NameOwner,
    /// Canonical key, unique in the realm.
    pub key: String,
    pub display: String,
    pub skeleton: String,
}

/// A name as the index knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub hashes: NameHashes,
    pub owner: NameOwner,
    /// Given up, and kept for the owner until then, in microseconds since 1970.
    pub cooling_until_us: Option<i64>,
}

impl Known {
    /// What the index holds of it.
    pub fn held(&self) -> Held {
        Held {
            owner: self.owner,
            cooling: self.cooling_until_us.is_some(),
        }
    }
}

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredName {
    pub entry: NameEntry,
    /// See [`Known::cooling_until_us`].
    pub cooling_until_us: Option<i64>,
}

impl StoredName {
    /// What the index holds of it, computed from its texts.
    pub fn known(&self) -> Known {
        Known {
            hashes: NameHashes::from(&self.entry),
            owner: self.entry.owner,
            cooling_until_us: self.cooling_until_us,
        }
    }
}
