//! The index of taken names. Pure. A claim goes reserve → (the database's answer) → confirm or
//! abandon; a reserved name is taken for everybody else but not yet counted.

use std::collections::{HashMap, HashSet};

use guildhall_rules::names::written_skeleton;
use thiserror::Error;
use uuid::Uuid;

use super::NameEntry;
use super::tally::{LoadProof, digest};
use crate::changes::NameOwner;

/// Why a name cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameClash {
    #[error("the name is taken")]
    Taken { by: NameOwner },
    #[error("the name looks like one that is taken")]
    LooksLike { by: NameOwner },
}

/// A name that waits for the database. Give it back to the index it came from, with
/// [`NameIndex::confirm`] or [`NameIndex::abandon`].
#[derive(Debug)]
#[must_use = "a reservation that is neither confirmed nor abandoned blocks its name"]
pub struct Reservation(NameEntry);

impl Reservation {
    pub fn entry(&self) -> &NameEntry {
        &self.0
    }
}

/// Who holds a name.
#[derive(Clone, Debug)]
struct Holder {
    owner: NameOwner,
    display: String,
    skeleton: Box<str>,
    /// What the name looks like as it is written.
    written: Box<str>,
    /// Claims under way for this name by its owner.
    pending: u32,
    /// The database has it.
    confirmed: bool,
}

type Looks = HashMap<Box<str>, Vec<NameOwner>>;

#[derive(Clone, Debug, Default)]
struct Realm {
    by_key: HashMap<Box<str>, Holder>,
    /// Who bears a name of this look: almost always one.
    by_skeleton: Looks,
    /// The same for names as they are written: the two do not find the same look-alikes.
    by_written: Looks,
}

/// All taken names of all realms.
#[derive(Clone, Debug, Default)]
pub struct NameIndex {
    realms: HashMap<Uuid, Realm>,
    /// The confirmed name of each owner.
    by_owner: HashMap<NameOwner, (Uuid, Box<str>)>,
    proof: LoadProof,
}

impl NameIndex {
    /// Confirmed names.
    pub fn len(&self) -> u64 {
        self.proof.rows
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Claims that wait for the database.
    pub fn pending(&self) -> usize {
        let holders = self.realms.values().flat_map(|realm| realm.by_key.values());
        holders.filter(|holder| holder.pending > 0).count()
    }

    /// Count and checksum of the confirmed names.
    pub fn proof(&self) -> LoadProof {
        self.proof
    }

    /// Who has the name, reserved or confirmed.
    pub fn owner_of(&self, realm: Uuid, key: &str) -> Option<NameOwner> {
        Some(self.holder(realm, key)?.owner)
    }

    /// Who bears a name of this look, reserved or confirmed.
    pub fn lookalikes(&self, realm: Uuid, skeleton: &str) -> &[NameOwner] {
        let realm = self.realms.get(&realm);
        realm
            .and_then(|realm| realm.by_skeleton.get(skeleton))
            .map_or(&[], Vec::as_slice)
    }

    /// Who bears a name that looks so as it is written, reserved or confirmed.
    fn lookalikes_as_written(&self, realm: Uuid, written: &str) -> &[NameOwner] {
        let realm = self.realms.get(&realm);
        realm
            .and_then(|realm| realm.by_written.get(written))
            .map_or(&[], Vec::as_slice)
    }

    /// The confirmed name of an owner.
    pub fn name_of(&self, owner: NameOwner) -> Option<NameEntry> {
        let (realm, key) = self.by_owner.get(&owner)?;
        let holder = self.holder(*realm, key)?;
        Some(NameEntry {
            realm: *realm,
            owner,
            key: key.to_string(),
            display: holder.display.clone(),
            skeleton: holder.skeleton.to_string(),
        })
    }

    /// Takes in a name that the database holds. Look-alikes are no hindrance: what is taken is
    /// taken.
    ///
    /// # Errors
    /// The name has another owner in this index.
    pub fn insert(&mut self, entry: NameEntry) -> Result<(), NameClash> {
        self.check_key(&entry)?;
        self.hold(&entry);
        self.settle(entry);
        Ok(())
    }

    /// Takes a name before the database is asked. An owner may reserve the key it has, to write
    /// it another way.
    ///
    /// # Errors
    /// [`NameClash`] with who is in the way.
    pub fn reserve(&mut self, entry: NameEntry) -> Result<Reservation, NameClash> {
        self.check_key(&entry)?;
        let written = written_skeleton(&entry.display);
        let alike = self.lookalikes(entry.realm, &entry.skeleton).iter();
        let alike = alike.chain(self.lookalikes_as_written(entry.realm, &written));
        if let Some(by) = alike.copied().find(|by| *by != entry.owner) {
            return Err(NameClash::LooksLike { by });
        }
        self.hold(&entry).pending += 1;
        Ok(Reservation(entry))
    }

    /// The database has it: the owner's former name is free from now on.
    pub fn confirm(&mut self, reservation: Reservation) {
        let entry = reservation.0;
        self.end_claim(&entry);
        self.settle(entry);
    }

    /// The database has it not: the name is free again, unless its owner had it before.
    pub fn abandon(&mut self, reservation: Reservation) {
        let entry = reservation.0;
        self.end_claim(&entry);
        self.drop_if_unused(entry.realm, &entry.key);
    }

    /// Frees the confirmed name of an owner, and tells which it was.
    pub fn release(&mut self, owner: NameOwner) -> Option<NameEntry> {
        let entry = self.name_of(owner)?;
        self.by_owner.remove(&owner);
        self.proof.remove(digest(entry.realm, owner, &entry.key));
        if let Some(holder) = self.holder_mut(entry.realm, &entry.key) {
            holder.confirmed = false;
        }
        self.drop_if_unused(entry.realm, &entry.key);
        Some(entry)
    }

    /// The confirmed names, in no order.
    pub(super) fn confirmed(&self) -> impl Iterator<Item = (Uuid, NameOwner, &str)> {
        let names = self.by_owner.iter();
        names.map(|(owner, (realm, key))| (*realm, *owner, key.as_ref()))
    }

    /// Owners with a claim that waits for the database.
    pub(super) fn unsettled_owners(&self) -> HashSet<NameOwner> {
        let holders = self.realms.values().flat_map(|realm| realm.by_key.values());
        let pending = holders.filter(|holder| holder.pending > 0);
        pending.map(|holder| holder.owner).collect()
    }

    /// Whether the database's row is what this index holds.
    pub(super) fn holds(&self, realm: Uuid, owner: NameOwner, key: &str) -> bool {
        self.holder(realm, key)
            .is_some_and(|holder| holder.confirmed && holder.owner == owner)
    }

    fn holder(&self, realm: Uuid, key: &str) -> Option<&Holder> {
        self.realms.get(&realm)?.by_key.get(key)
    }

    fn holder_mut(&mut self, realm: Uuid, key: &str) -> Option<&mut Holder> {
        self.realms.get_mut(&realm)?.by_key.get_mut(key)
    }

    fn check_key(&self, entry: &NameEntry) -> Result<(), NameClash> {
        match self.owner_of(entry.realm, &entry.key) {
            Some(by) if by != entry.owner => Err(NameClash::Taken { by }),
            _ => Ok(()),
        }
    }

    /// The holder of a name, made if there is none; its look is taken with it.
    fn hold(&mut self, entry: &NameEntry) -> &mut Holder {
        let realm = self.realms.entry(entry.realm).or_default();
        let (by_skeleton, by_written) = (&mut realm.by_skeleton, &mut realm.by_written);
        realm
            .by_key
            .entry(entry.key.as_str().into())
            .or_insert_with(|| {
                let written = written_skeleton(&entry.display);
                bear(by_skeleton, &entry.skeleton, entry.owner);
                bear(by_written, &written, entry.owner);
                Holder {
                    owner: entry.owner,
                    display: entry.display.clone(),
                    skeleton: entry.skeleton.as_str().into(),
                    written: written.into(),
                    pending: 0,
                    confirmed: false,
                }
            })
    }

    fn end_claim(&mut self, entry: &NameEntry) {
        if let Some(holder) = self.holder_mut(entry.realm, &entry.key) {
            holder.pending = holder.pending.saturating_sub(1);
        }
    }

    /// Makes a held name the confirmed one of its owner.
    fn settle(&mut self, entry: NameEntry) {
        self.release(entry.owner);
        self.hold(&entry).confirmed = true;
        self.write_as(&entry);
        self.proof.add(digest(entry.realm, entry.owner, &entry.key));
        self.by_owner
            .insert(entry.owner, (entry.realm, entry.key.into()));
    }

    fn drop_if_unused(&mut self, realm: Uuid, key: &str) {
        let Some(names) = self.realms.get_mut(&realm) else {
            return;
        };
        let unused = |holder: &&Holder| !holder.confirmed && holder.pending == 0;
        if names.by_key.get(key).filter(unused).is_none() {
            return;
        }
        let Some(holder) = names.by_key.remove(key) else {
            return;
        };
        unbear(&mut names.by_skeleton, &holder.skeleton, holder.owner);
        unbear(&mut names.by_written, &holder.written, holder.owner);
    }

    /// The same name may be written another way from now on.
    fn write_as(&mut self, entry: &NameEntry) {
        let Some(realm) = self.realms.get_mut(&entry.realm) else {
            return;
        };
        let Some(holder) = realm.by_key.get_mut(entry.key.as_str()) else {
            return;
        };
        if holder.display != entry.display {
            let written = written_skeleton(&entry.display);
            unbear(&mut realm.by_written, &holder.written, holder.owner);
            bear(&mut realm.by_written, &written, holder.owner);
            holder.written = written.into();
            holder.display.clone_from(&entry.display);
        }
    }
}

fn bear(looks: &mut Looks, look: &str, owner: NameOwner) {
    looks.entry(look.into()).or_default().push(owner);
}

fn unbear(looks: &mut Looks, look: &str, owner: NameOwner) {
    let Some(bearers) = looks.get_mut(look) else {
        return;
    };
    if let Some(at) = bearers.iter().position(|by| *by == owner) {
        bearers.swap_remove(at);
    }
    if bearers.is_empty() {
        looks.remove(look);
    }
}

#[cfg(test)]
mod tests;
