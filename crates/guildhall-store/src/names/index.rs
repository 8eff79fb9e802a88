//! The index of taken names, without their texts. Pure. A claim goes reserve → (the database's answer) →
//! confirm or abandon. That a name is not in it is certain; that it is, or that it looks like one that is,
//! is a doubt which the database settles ([`super::clash`]). Claims under way are held as texts.

use std::collections::{HashMap, HashSet};

use guildhall_rules::names::written_skeleton;
use thiserror::Error;
use uuid::Uuid;

use super::hash::{LoadProof, NameHashes, key_hash};
use super::table::{Key, SHARDS, Table};
use super::{Known, NameEntry};
use crate::changes::{NameOwner, OwnerKind};

/// Why a name cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameClash {
    #[error("the name is taken")]
    Taken { by: NameOwner },
    #[error("the name was given up and is kept for who had it")]
    Cooling { by: NameOwner, until_us: i64 },
    #[error("the name looks like one that is taken")]
    LooksLike { by: NameOwner },
}

/// A name that waits for the database. Give it back to the index it came from, with
/// [`NameIndex::confirm`] or [`NameIndex::abandon`].
#[derive(Debug)]
#[must_use = "a reservation that is neither confirmed nor abandoned blocks its name"]
pub struct Reservation {
    entry: NameEntry,
    hashes: NameHashes,
    doubtful: bool,
}

impl Reservation {
    pub fn entry(&self) -> &NameEntry {
        &self.entry
    }

    pub fn hashes(&self) -> NameHashes {
        self.hashes
    }

    /// Whether the database must say if the name is free; else it is.
    pub fn is_doubtful(&self) -> bool {
        self.doubtful
    }
}

/// Who holds a name of some hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    pub owner: NameOwner,
    /// Given up by the owner, and kept for a while.
    pub cooling: bool,
}

impl Default for Held {
    fn default() -> Self {
        let owner = NameOwner {
            kind: OwnerKind::Character,
            id: Uuid::nil(),
        };
        Self {
            owner,
            cooling: false,
        }
    }
}

/// All taken names of all realms.
#[derive(Default)]
pub struct NameIndex {
    taken: Table<u64, Held>,
    /// Looks of taken names. One too many costs a question to the database, one too few a wrong answer.
    folded: Table<u32, ()>,
    written: Table<u32, ()>,
    proof: LoadProof,
    /// Claims under way.
    reserved: HashMap<(Uuid, String), NameOwner>,
    reserved_looks: HashMap<(Uuid, Look), Vec<NameOwner>>,
}

/// Names for [`NameIndex::extend`].
#[derive(Default)]
pub struct Gathered {
    taken: Vec<(u64, Held)>,
    folded: Vec<u32>,
    written: Vec<u32>,
}

impl Gathered {
    pub fn push(&mut self, name: &Known) {
        self.taken.push((name.hashes.key, name.held()));
        self.folded.push(short(name.hashes.folded));
        self.written.push(short(name.hashes.written));
    }

    pub fn len(&self) -> usize {
        self.taken.len()
    }

    /// Puts them in the order of the tables: each is then put in near the one before, where the memory is at hand.
    pub fn sort(&mut self) {
        self.taken.sort_unstable_by_key(|(key, _)| *key);
        self.folded.sort_unstable();
        self.written.sort_unstable();
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Look {
    Folded(String),
    Written(String),
}

fn looks(entry: &NameEntry) -> [(Uuid, Look); 2] {
    let folded = Look::Folded(entry.skeleton.clone());
    let written = Look::Written(written_skeleton(&entry.display));
    [(entry.realm, folded), (entry.realm, written)]
}

/// The part of a look's hash that the index keeps.
fn short(hash: u64) -> u32 {
    u32::try_from(hash >> 32)
        .unwrap_or_default()
        .min(u32::EMPTY - 1)
}

impl NameIndex {
    /// An empty index that takes so many names without growing.
    pub fn with_room_for(names: u64) -> Self {
        let names = usize::try_from(names).unwrap_or(0);
        Self {
            taken: Table::with_room_for(names),
            folded: Table::with_room_for(names),
            written: Table::with_room_for(names),
            ..Self::default()
        }
    }

    /// Confirmed names, those that cool included.
    pub fn len(&self) -> u64 {
        self.proof.rows
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Claims that wait for the database.
    pub fn pending(&self) -> usize {
        self.reserved.len()
    }

    /// Count and checksum of the confirmed names.
    pub fn proof(&self) -> LoadProof {
        self.proof
    }

    /// Who has a name of this key's hash. Almost always nobody or one.
    pub fn holders(&self, realm: Uuid, key: &str) -> &[Held] {
        self.held(key_hash(realm, key))
    }

    /// As [`NameIndex::holders`], for a hash.
    pub fn held(&self, key_hash: u64) -> &[Held] {
        self.taken.get(key_hash)
    }

    /// Whether some taken name may look like this one.
    pub fn may_look_alike(&self, hashes: &NameHashes) -> bool {
        self.folded.contains(short(hashes.folded)) || self.written.contains(short(hashes.written))
    }

    /// Takes in a name that the database holds.
    pub fn insert(&mut self, hashes: &NameHashes, held: Held) {
        self.taken.insert(hashes.key, held);
        self.folded.insert(short(hashes.folded), ());
        self.written.insert(short(hashes.written), ());
        self.proof.add(hashes.key);
    }

    /// Takes in many names that the database holds, faster than one by one, and leaves none of them behind.
    pub fn extend(&mut self, names: &mut Gathered) {
        for (key, held) in names.taken.drain(..) {
            self.taken.insert(key, held);
            self.proof.add(key);
        }
        for look in names.folded.drain(..) {
            self.folded.insert(look, ());
        }
        for look in names.written.drain(..) {
            self.written.insert(look, ());
        }
    }

    /// Frees a name of this owner; false when the index has none such.
    pub fn remove(&mut self, hashes: &NameHashes, owner: NameOwner) -> bool {
        let removed = self.taken.remove(hashes.key, |held| held.owner == owner);
        if removed {
            self.folded.remove(short(hashes.folded), |()| true);
            self.written.remove(short(hashes.written), |()| true);
            self.proof.remove(hashes.key);
        }
        removed
    }

    /// Notes that a name of this owner cools.
    pub fn cool(&mut self, hashes: &NameHashes, owner: NameOwner) {
        let held = self.taken.get_mut(hashes.key).iter_mut();
        for held in held.filter(|held| held.owner == owner) {
            held.cooling = true;
        }
    }

    /// Takes a name before the database is asked. An owner may reserve the key it has, to write it
    /// another way. `overrule` lets a look-alike pass.
    ///
    /// # Errors
    /// A claim under way is in the way.
    pub fn reserve(&mut self, entry: NameEntry, overrule: bool) -> Result<Reservation, NameClash> {
        let key = (entry.realm, entry.key.clone());
        if let Some(by) = self.reserved.get(&key) {
            return Err(NameClash::Taken { by: *by });
        }
        let looks = looks(&entry);
        let others = looks
            .iter()
            .filter_map(|look| self.reserved_looks.get(look));
        if let Some(by) = others.flatten().find(|by| !overrule && **by != entry.owner) {
            return Err(NameClash::LooksLike { by: *by });
        }
        let hashes = NameHashes::from(&entry);
        let mut held = self.taken.get(hashes.key).iter();
        let doubtful = held.any(|held| held.owner != entry.owner)
            || (!overrule && self.may_look_alike(&hashes));
        self.reserved.insert(key, entry.owner);
        for look in looks {
            let bearers = self.reserved_looks.entry(look).or_default();
            bearers.push(entry.owner);
        }
        Ok(Reservation {
            entry,
            hashes,
            doubtful,
        })
    }

    /// The database has written the name, in the place of what the owner had `before`.
    pub fn confirm(&mut self, reservation: Reservation, before: &[Known]) {
        let (owner, hashes) = (reservation.entry.owner, reservation.hashes);
        for known in before {
            if known.hashes.key == hashes.key {
                self.remove(&known.hashes, owner);
            } else {
                self.cool(&known.hashes, owner);
            }
        }
        let cooling = false;
        self.insert(&hashes, Held { owner, cooling });
        self.abandon(reservation);
    }

    /// The database did not write the name.
    pub fn abandon(&mut self, reservation: Reservation) {
        let entry = reservation.entry;
        for look in looks(&entry) {
            let bearers = self.reserved_looks.get_mut(&look);
            if bearers.is_some_and(|bearers| unbear(bearers, entry.owner)) {
                self.reserved_looks.remove(&look);
            }
        }
        self.reserved.remove(&(entry.realm, entry.key));
    }
}

/// Whether nobody is left.
fn unbear(bearers: &mut Vec<NameOwner>, owner: NameOwner) -> bool {
    if let Some(at) = bearers.iter().position(|by| *by == owner) {
        bearers.swap_remove(at);
    }
    bearers.is_empty()
}

/// How index and database differ in a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameDiff {
    /// Hashes of names that only the index has, or has for another owner.
    pub index_minus_database: Vec<u64>,
    /// Hashes of names that only the database has, or whose looks the index lacks.
    pub database_minus_index: Vec<u64>,
}

impl NameDiff {
    pub fn is_empty(&self) -> bool {
        self.index_minus_database.is_empty() && self.database_minus_index.is_empty()
    }

    /// Every hash in which the two differ.
    pub fn hashes(&self) -> HashSet<u64> {
        let both = self
            .index_minus_database
            .iter()
            .chain(&self.database_minus_index);
        both.copied().collect()
    }
}

/// A part of the names by their hashes: the index and the database are compared slice by slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    first: usize,
    shards: usize,
}

impl Slice {
    /// All slices of at most about `rows` names each, for an index of so many.
    pub fn all(names: u64, rows: u64) -> impl Iterator<Item = Self> {
        let wanted = names.div_ceil(rows.max(1)).next_power_of_two();
        let count = usize::try_from(wanted).unwrap_or(SHARDS).min(SHARDS);
        let shards = SHARDS / count;
        (0..count).map(move |nth| Self {
            first: nth * shards,
            shards,
        })
    }

    pub(super) fn is_first(self) -> bool {
        self.first == 0
    }

    /// Its hashes as the database has them: one or two ranges of signed numbers, both ends included.
    pub(super) fn signed_bounds(self) -> impl Iterator<Item = (i64, i64)> {
        let at = |shard: usize| u64::try_from(shard).unwrap_or_default() << 56;
        let (lowest, highest) = (
            at(self.first),
            at(self.first + self.shards - 1) | (u64::MAX >> 8),
        );
        let middle = u64::MAX >> 1;
        let halves = [
            (lowest, highest.min(middle)),
            (lowest.max(middle + 1), highest),
        ];
        let within = halves.into_iter().filter(|(low, high)| low <= high);
        within.map(|(low, high)| (low.cast_signed(), high.cast_signed()))
    }
}

impl NameIndex {
    /// Compares a slice with what the database has in it. `touched` are hashes of names that changed while
    /// it was read: they are no difference, whichever side has them.
    pub fn compare(&self, slice: Slice, rows: &[Known], touched: &HashSet<u64>) -> NameDiff {
        let mut here: Vec<(u64, Held)> = self
            .taken
            .entries(slice.first..slice.first + slice.shards)
            .collect();
        here.sort_unstable();
        let mut there: Vec<(u64, Held)> = rows
            .iter()
            .map(|row| (row.hashes.key, row.held()))
            .collect();
        there.sort_unstable();
        let lacks_look = |row: &&Known| {
            !self.folded.contains(short(row.hashes.folded))
                || !self.written.contains(short(row.hashes.written))
        };
        let unseen = rows.iter().filter(lacks_look).map(|row| row.hashes.key);
        let settled = |hash: &u64| !touched.contains(hash);
        let mut missing: Vec<u64> = only_in(&there, &here).chain(unseen).collect();
        missing.sort_unstable();
        missing.dedup();
        missing.retain(settled);
        NameDiff {
            index_minus_database: only_in(&here, &there).filter(settled).collect(),
            database_minus_index: missing,
        }
    }

    /// Makes the index hold for one hash what the database has of it. Looks of what goes stay: they are
    /// not known any more, and one too many does no harm.
    pub fn set_right(&mut self, hash: u64, rows: &[Known]) {
        while self.taken.remove(hash, |_| true) {
            self.proof.remove(hash);
        }
        for row in rows.iter().filter(|row| row.hashes.key == hash) {
            self.insert(&row.hashes, row.held());
        }
    }
}

/// Hashes of what only the first of two sorted lists has.
fn only_in(one: &[(u64, Held)], other: &[(u64, Held)]) -> impl Iterator<Item = u64> {
    one.iter()
        .filter(|it| other.binary_search(it).is_err())
        .map(|(hash, _)| *hash)
}

#[cfg(test)]
mod tests;
