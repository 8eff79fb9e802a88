//! A map that remembers something about so many keys at most: what matters least goes first. For what strangers make
//! entries in, such as the addresses that knock at the door.

use std::collections::BTreeMap;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Something that matters less and less, and from some time on not at all.
pub trait Fades {
    /// From then on it is as if it had never been. Time since the caller's origin.
    fn fades_at(&self) -> Duration;
}

/// See the file's head.
#[derive(Clone, Debug)]
pub struct Kept<K, V> {
    entries: BTreeMap<K, V>,
    max: usize,
}

impl<K: Ord + Copy, V: Fades + Default> Kept<K, V> {
    /// Nothing, and room for `max`, at least one.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            max: max.max(1),
        }
    }

    /// What is kept for the key, made if there is nothing. Where there is no room, whatever has faded at `now` goes,
    /// and then the eighth that fades first.
    pub fn of(&mut self, key: K, now: Duration) -> &mut V {
        if self.entries.len() >= self.max && !self.entries.contains_key(&key) {
            self.make_room(now);
        }
        self.entries.entry(key).or_default()
    }

    /// What is kept for the key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    /// What is kept for the key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    /// Forgets the key.
    pub fn forget(&mut self, key: &K) {
        self.entries.remove(key);
    }

    /// How many keys are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Once for an eighth of all that come, so that a flood of strangers costs little each.
    fn make_room(&mut self, now: Duration) {
        self.entries.retain(|_, entry| entry.fades_at() > now);
        let room_from = self.max - self.max.div_ceil(8);
        if self.entries.len() <= room_from {
            return;
        }
        let mut ends: Vec<(Duration, K)> = self
            .entries
            .iter()
            .map(|(key, entry)| (entry.fades_at(), *key))
            .collect();
        ends.sort_unstable();
        for (_, key) in ends.iter().take(self.entries.len() - room_from) {
            self.entries.remove(key);
        }
    }
}
