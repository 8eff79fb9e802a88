//! The ledger of taken names: loaded completely and proven equal to the database before anyone
//! may rely on it. Who writes names is `changes`; who decides what a good name is are the rules.

mod compare;
mod index;
mod load;
mod lookup;
mod tally;

use uuid::Uuid;

use crate::changes::NameOwner;

pub use compare::{NameDiff, NameRef, compare};
pub use index::{NameClash, NameIndex, Reservation};
pub use load::load_names;
pub use lookup::entry;
pub use tally::LoadProof;

/// A taken name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameEntry {
    pub realm: Uuid,
    pub owner: NameOwner,
    /// Canonical key, unique in the realm.
    pub key: String,
    pub display: String,
    pub skeleton: String,
}
