//! A set of hashes with a value each, dense and ordered: linear probing whose entries lie in the order of
//! their keys, so that a search ends at the first larger key and a table can be almost full. Shards grow
//! one at a time, so growing never needs twice the memory. One key may be in it several times. Pure.

#[cfg(test)]
mod tests;

/// Shards by the key's highest 8 bits.
pub(super) const SHARDS: usize = 256;
/// A shard grows when more than this many of [`FULL_OF`] of its places are taken.
const FULL_NUM: usize = 23;
/// See [`FULL_NUM`]: 92 %.
const FULL_OF: usize = 25;
/// A shard that grows becomes 6/5 of its size: right after it, 76 % of its places are taken.
const GROW_NUM: usize = 6;
/// See [`GROW_NUM`].
const GROW_OF: usize = 5;
/// Places that are added at least.
const GROW_MIN: usize = 4;

/// A hash whose highest bits are as good as its others.
pub(super) trait Key: Copy + Ord {
    /// No key: larger than all of them.
    const EMPTY: Self;
    /// The highest 8 bits.
    fn shard(self) -> usize;
    /// The place of this key among so many, rising with the key within a shard.
    fn home(self, places: usize) -> usize;
}

impl Key for u64 {
    const EMPTY: Self = Self::MAX;
    fn shard(self) -> usize {
        usize::from(self.to_be_bytes()[0])
    }
    fn home(self, places: usize) -> usize {
        let scaled = u128::from(self << 8) * u128::try_from(places).unwrap_or(0);
        usize::try_from(scaled >> 64).unwrap_or(0)
    }
}

impl Key for u32 {
    const EMPTY: Self = Self::MAX;
    fn shard(self) -> usize {
        usize::from(self.to_be_bytes()[0])
    }
    fn home(self, places: usize) -> usize {
        let scaled = u64::from(self << 8) * u64::try_from(places).unwrap_or(0);
        usize::try_from(scaled >> 32).unwrap_or(0)
    }
}

/// See the file's head. `Key::EMPTY` itself must not be put in.
pub(super) struct Table<K, V> {
    shards: Vec<Shard<K, V>>,
}

/// Entries lie at their home or right of it, in the order of their keys, without a gap between home and
/// place. There is no wrapping around: what finds no place at the end lengthens the shard.
struct Shard<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
    homes: usize,
    len: usize,
}

impl<K: Key, V: Copy + Default> Default for Table<K, V> {
    fn default() -> Self {
        Self::with_room_for(0)
    }
}

impl<K: Key, V: Copy + Default> Table<K, V> {
    /// An empty table that takes so many entries, evenly spread, without growing.
    pub(super) fn with_room_for(entries: usize) -> Self {
        // An eighth more: shards are not equally full.
        let homes = match entries {
            0 => 0,
            _ => entries.div_ceil(SHARDS) * 9 / 8 + GROW_MIN,
        };
        Self {
            shards: (0..SHARDS).map(|_| Shard::new(homes)).collect(),
        }
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if let Some(shard) = self.shards.get_mut(key.shard()) {
            shard.insert(key, value);
        }
    }

    /// Removes one entry of this key whose value is such a one; false when there is none.
    pub(super) fn remove(&mut self, key: K, which: impl Fn(&V) -> bool) -> bool {
        let shard = self.shards.get_mut(key.shard());
        shard.is_some_and(|shard| shard.remove(key, which))
    }

    /// The values of a key.
    pub(super) fn get(&self, key: K) -> &[V] {
        let shard = self.shards.get(key.shard());
        shard.map_or(&[], |shard| shard.get(key))
    }

    pub(super) fn get_mut(&mut self, key: K) -> &mut [V] {
        let shard = self.shards.get_mut(key.shard());
        shard.map_or(&mut [], |shard| shard.get_mut(key))
    }

    pub(super) fn contains(&self, key: K) -> bool {
        !self.get(key).is_empty()
    }

    /// The entries of some shards, in the order of their keys.
    pub(super) fn entries(&self, shards: std::ops::Range<usize>) -> impl Iterator<Item = (K, V)> {
        let shards = self.shards.get(shards).unwrap_or_default();
        shards.iter().flat_map(Shard::entries)
    }
}

impl<K: Key, V: Copy + Default> Shard<K, V> {
    fn new(homes: usize) -> Self {
        Self {
            keys: vec![K::EMPTY; homes],
            values: vec![V::default(); homes],
            homes,
            len: 0,
        }
    }

    fn entries(&self) -> impl Iterator<Item = (K, V)> {
        let both = self.keys.iter().copied().zip(self.values.iter().copied());
        both.filter(|(key, _)| *key != K::EMPTY)
    }

    /// The first place, from the key's home on, whose key is not below this one (or, with `after`, is
    /// above it): empty places are above all.
    fn place(&self, key: K, after: bool) -> usize {
        let home = key.home(self.homes);
        let right = self.keys.get(home..).unwrap_or_default();
        let ends = |there: &K| *there > key || (!after && *there == key);
        home + right.iter().position(ends).unwrap_or(right.len())
    }

    fn places(&self, key: K) -> std::ops::Range<usize> {
        let first = self.place(key, false);
        let right = self.keys.get(first..).unwrap_or_default();
        let count = right.iter().take_while(|there| **there == key).count();
        first..first + count
    }

    fn get(&self, key: K) -> &[V] {
        self.values.get(self.places(key)).unwrap_or_default()
    }

    fn get_mut(&mut self, key: K) -> &mut [V] {
        let places = self.places(key);
        self.values.get_mut(places).unwrap_or_default()
    }

    fn insert(&mut self, key: K, value: V) {
        if (self.len + 1) * FULL_OF > self.homes * FULL_NUM {
            self.grow();
        }
        self.put(key, value);
    }

    fn put(&mut self, key: K, value: V) {
        let at = self.place(key, true);
        let right = self.keys.get(at..).unwrap_or_default();
        let gap = right.iter().position(|there| *there == K::EMPTY);
        let gap = gap.map_or(self.keys.len(), |gap| at + gap);
        if gap == self.keys.len() {
            self.lengthen();
        }
        shift_in(&mut self.keys, at, gap, key);
        shift_in(&mut self.values, at, gap, value);
        self.len += 1;
    }

    fn lengthen(&mut self) {
        self.keys.reserve_exact(1);
        self.values.reserve_exact(1);
        self.keys.push(K::EMPTY);
        self.values.push(V::default());
    }

    fn grow(&mut self) {
        let homes = (self.homes * GROW_NUM / GROW_OF).max(self.homes + GROW_MIN);
        let smaller = std::mem::replace(self, Self::new(homes));
        for (key, value) in smaller.entries() {
            self.put(key, value);
        }
    }

    /// Closes the gap by moving left whatever stands right of its home.
    fn remove(&mut self, key: K, which: impl Fn(&V) -> bool) -> bool {
        let places = self.places(key);
        let values = self.values.get(places.clone()).unwrap_or_default();
        let Some(nth) = values.iter().position(which) else {
            return false;
        };
        let at = places.start + nth;
        let right = self.keys.get(at + 1..).unwrap_or_default().iter();
        let stays =
            |(place, there): (usize, &K)| *there == K::EMPTY || there.home(self.homes) == place;
        let moved = right
            .len()
            .min((at + 1..).zip(right).position(stays).unwrap_or(usize::MAX));
        shift_out(&mut self.keys, at, at + moved, K::EMPTY);
        shift_out(&mut self.values, at, at + moved, V::default());
        self.len -= 1;
        true
    }
}

/// Moves what lies from `at` to before `gap` one place right and sets `at`.
fn shift_in<T>(places: &mut [T], at: usize, gap: usize, new: T) {
    if let Some(run) = places.get_mut(at..=gap) {
        run.rotate_right(1);
        if let Some(first) = run.first_mut() {
            *first = new;
        }
    }
}

/// Moves what lies right of `at`, up to `last`, one place left and clears `last`.
fn shift_out<T>(places: &mut [T], at: usize, last: usize, empty: T) {
    if let Some(run) = places.get_mut(at..=last) {
        run.rotate_left(1);
        if let Some(end) = run.last_mut() {
            *end = empty;
        }
    }
}
