//! A map for what most processes have one of, or none: in place while it is one, a list while it is short, and a
//! hash map when it has grown.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;

use crate::hooks::in_order;
use crate::sync::NumberHash;

/// Up to this many entries a list is faster to search than a hash map, and smaller.
const LIST_MAX: usize = 8;

#[derive(Debug, Default)]
pub(crate) enum Few<K, V> {
    #[default]
    None,
    One(K, V),
    List(Vec<(K, V)>),
    #[expect(
        clippy::box_collection,
        reason = "the rare large shape must not make the others large"
    )]
    Map(Box<HashMap<K, V, NumberHash>>),
}

impl<K: Copy + Eq + Hash, V> Few<K, V> {
    /// Puts a value in; what was there under the key comes back.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self {
            Self::None => *self = Self::One(key, value),
            Self::One(only, old) if *only == key => return Some(mem::replace(old, value)),
            Self::One(..) => {
                if let Self::One(first, one) = mem::take(self) {
                    *self = Self::List(vec![(first, one), (key, value)]);
                }
            }
            Self::List(list) => {
                if let Some((_, old)) = list.iter_mut().find(|(k, _)| *k == key) {
                    return Some(mem::replace(old, value));
                }
                list.push((key, value));
                if list.len() > LIST_MAX {
                    *self = Self::Map(Box::new(list.drain(..).collect()));
                }
            }
            Self::Map(map) => return map.insert(key, value),
        }
        None
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        match self {
            Self::Map(map) => map.remove(key),
            Self::List(list) => {
                let at = list.iter().position(|(k, _)| k == key)?;
                Some(list.swap_remove(at).1)
            }
            Self::One(only, _) if only == key => match mem::take(self) {
                Self::One(_, value) => Some(value),
                _ => None,
            },
            Self::None | Self::One(..) => None,
        }
    }

    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        match self {
            Self::None => None,
            Self::One(only, value) => (only == key).then_some(value),
            Self::List(list) => list.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            Self::Map(map) => map.get(key),
        }
    }

    /// In no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let (one, list, map) = match self {
            Self::None => (None, &[][..], None),
            Self::One(key, value) => (Some((key, value)), &[][..], None),
            Self::List(list) => (None, list.as_slice(), None),
            Self::Map(map) => (None, &[][..], Some(map)),
        };
        let list = list.iter().map(|(key, value)| (key, value));
        one.into_iter()
            .chain(list)
            .chain(map.into_iter().flat_map(|map| map.iter()))
    }

    /// In no order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// In no order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// Takes everything out, in the order of the keys where a seed must always mean the same, and in no order
    /// elsewhere. One call for each, as moving an iterator over all shapes costs more than a death.
    pub fn consume(self, mut f: impl FnMut(K, V))
    where
        K: Ord,
    {
        match self {
            Self::None => {}
            Self::One(key, value) => f(key, value),
            Self::List(list) => {
                in_order(list, |(key, _)| *key).for_each(|(key, value)| f(key, value))
            }
            Self::Map(map) => {
                in_order(*map, |(key, _)| *key).for_each(|(key, value)| f(key, value))
            }
        }
    }
}

#[cfg(test)]
mod tests;
