//! The shelf: entries found by a user's keys, of which each key may have several. Hashing happens
//! before the lock, comparing after it: entries of one hash are visited one by one in the order of
//! their ids, so that neither a slow nor a panicking `Eq` or `Drop` of a key can harm the shelf.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::ops::Bound;
use std::sync::Arc;

use crate::cell::NameId;
use crate::sync::{KeyHash, Mutex, MutexGuard, lock};

/// Where an entry stands: by the hash of its key, then by age.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    hash: u64,
    id: NameId,
}

impl Place {
    /// Where the entry of this name stands.
    pub fn with_id(self, id: NameId) -> Self {
        Self { id, ..self }
    }

    pub fn id(self) -> NameId {
        self.id
    }
}

pub(crate) trait Keyed {
    type Key: Eq + Hash;

    /// `None` only while the entry is dropped, and then it stands on no shelf.
    fn key(&self) -> Option<&Self::Key>;
}

type Entries<E> = BTreeMap<Place, Arc<E>>;

pub(crate) struct Shelf<E> {
    hasher: KeyHash,
    entries: Mutex<Entries<E>>,
}

impl<E> Default for Shelf<E> {
    fn default() -> Self {
        Self {
            hasher: KeyHash::new(),
            entries: Mutex::default(),
        }
    }
}

impl<E: Keyed> Shelf<E> {
    /// The place before all entries with this key.
    pub fn before(&self, key: &E::Key) -> Place {
        Place {
            hash: self.hasher.hash_one(key),
            id: NameId::NONE,
        }
    }

    /// The first entry with this key after `place`.
    pub fn after(&self, place: Place, key: &E::Key) -> Option<(Place, Arc<E>)> {
        self.find(place, Some(key)).ok()
    }

    pub fn first(&self, key: &E::Key) -> Option<(Place, Arc<E>)> {
        self.after(self.before(key), key)
    }

    /// All entries with this key, the oldest first. Each stood there at one moment of the call.
    pub fn all_of<'a>(&'a self, key: &'a E::Key) -> impl Iterator<Item = (Place, Arc<E>)> + 'a {
        let mut place = self.before(key);
        std::iter::from_fn(move || {
            let found = self.after(place, key)?;
            place = found.0;
            Some(found)
        })
    }

    /// Adds an entry behind all others, if `publish` agrees; it runs under the lock.
    pub fn add(&self, before: Place, entry: &Arc<E>, publish: impl FnOnce(NameId) -> bool) -> bool {
        add_to(&mut lock(&self.entries), before, entry, publish)
    }

    /// [`Shelf::add`] if no entry has the key; that one is the error, and `Ok(false)` means that
    /// `publish` did not agree.
    pub fn add_only(
        &self,
        before: Place,
        entry: &Arc<E>,
        publish: impl FnOnce(NameId) -> bool,
    ) -> Result<bool, (Place, Arc<E>)> {
        match self.find(before, entry.key()) {
            Ok(other) => Err(other),
            Err(mut entries) => Ok(add_to(&mut entries, before, entry, publish)),
        }
    }

    /// The first entry after `place` with this key, or the lock under which there is none: what is
    /// added later stands behind all that has been compared.
    fn find(
        &self,
        mut place: Place,
        key: Option<&E::Key>,
    ) -> Result<(Place, Arc<E>), MutexGuard<'_, Entries<E>>> {
        loop {
            let entries = lock(&self.entries);
            let Some((next, entry)) = next_in_hash(&entries, place) else {
                return Err(entries);
            };
            drop(entries);
            if entry.key() == key {
                return Ok((next, entry));
            }
            place = next;
        }
    }
}

impl<E> Shelf<E> {
    pub fn remove(&self, place: Place) -> Option<Arc<E>> {
        lock(&self.entries).remove(&place)
    }

    /// Removes this very entry, if it stands behind `place`.
    pub fn take_out(&self, place: Place, entry: &E) {
        let mut entries = lock(&self.entries);
        let end = place.with_id(NameId::LAST);
        let found = entries
            .range(place..=end)
            .find(|(_, other)| std::ptr::eq(&***other, entry))
            .map(|(place, _)| *place);
        let removed = found.and_then(|place| entries.remove(&place));
        drop(entries);
        drop(removed);
    }

    pub fn len(&self) -> usize {
        lock(&self.entries).len()
    }

    /// All entries at one moment, in no order.
    pub fn all(&self) -> Vec<Arc<E>> {
        lock(&self.entries).values().cloned().collect()
    }
}

fn next_in_hash<E>(entries: &Entries<E>, place: Place) -> Option<(Place, Arc<E>)> {
    let mut behind = entries.range((Bound::Excluded(place), Bound::Unbounded));
    let (next, entry) = behind.next()?;
    (next.hash == place.hash).then(|| (*next, Arc::clone(entry)))
}

/// The id is drawn under the lock, so that ids only grow along the shelf.
fn add_to<E>(
    entries: &mut Entries<E>,
    before: Place,
    entry: &Arc<E>,
    publish: impl FnOnce(NameId) -> bool,
) -> bool {
    let place = before.with_id(NameId::next());
    let agreed = publish(place.id);
    if agreed {
        entries.insert(place, Arc::clone(entry));
    }
    agreed
}
