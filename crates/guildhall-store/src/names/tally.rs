//! Count and checksum of a set of names, whatever their order.

use uuid::Uuid;

use crate::changes::NameOwner;

/// What two sets of names have in common when they are equal: how many there are, and the
/// wrapping sum of their digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadProof {
    pub rows: u64,
    pub checksum: u64,
}

impl LoadProof {
    pub(super) fn add(&mut self, digest: u64) {
        self.rows = self.rows.saturating_add(1);
        self.checksum = self.checksum.wrapping_add(digest);
    }

    pub(super) fn remove(&mut self, digest: u64) {
        self.rows = self.rows.saturating_sub(1);
        self.checksum = self.checksum.wrapping_sub(digest);
    }
}

impl std::fmt::Display for LoadProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} names (checksum {:016x})", self.rows, self.checksum)
    }
}

/// A digest of who holds which name. Every field has a fixed length but the last, so no two
/// names read alike.
pub(super) fn digest(realm: Uuid, owner: NameOwner, key: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(realm.as_bytes());
    hasher.update(&[match owner.kind {
        crate::changes::OwnerKind::Character => 0,
        crate::changes::OwnerKind::Guild => 1,
    }]);
    hasher.update(owner.id.as_bytes());
    hasher.update(key.as_bytes());
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    u64::from_le_bytes(first)
}
