//! Characters that were in play when their session ended: kept for whoever comes back with the same token, who
//! goes on under the epoch that he has. Handed out once, so an epoch is never two sessions' at a time. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use crate::auth::secrets::SecretHash;

/// What was left, by the token of the session that ended.
pub(super) struct Left {
    of: HashMap<SecretHash, Bundle>,
    /// In the order in which they were left.
    order: BTreeMap<u64, SecretHash>,
    next: u64,
    sessions_max: usize,
}

struct Bundle {
    at: u64,
    characters: HashSet<Uuid>,
}

impl Left {
    /// Keeps what this many sessions left; of more the ones that ended first are forgotten.
    pub fn new(sessions_max: usize) -> Self {
        Self {
            of: HashMap::new(),
            order: BTreeMap::new(),
            next: 0,
            sessions_max,
        }
    }

    /// A session ended that played these; returns what there is no room for any more.
    pub fn put(&mut self, token: SecretHash, characters: HashSet<Uuid>) -> HashSet<Uuid> {
        if characters.is_empty() {
            return characters;
        }
        let mut all = self.take(token);
        all.extend(characters);
        let at = self.next;
        self.next = at.saturating_add(1);
        self.order.insert(at, token);
        let characters = all;
        self.of.insert(token, Bundle { at, characters });
        match self.of.len() > self.sessions_max {
            true => self.forget_first(),
            false => HashSet::new(),
        }
    }

    fn forget_first(&mut self) -> HashSet<Uuid> {
        let first = self.order.pop_first();
        let bundle = first.and_then(|(_, token)| self.of.remove(&token));
        bundle.map(|it| it.characters).unwrap_or_default()
    }

    /// Somebody comes with this token.
    pub fn take(&mut self, token: SecretHash) -> HashSet<Uuid> {
        let Some(bundle) = self.of.remove(&token) else {
            return HashSet::new();
        };
        self.order.remove(&bundle.at);
        bundle.characters
    }

    /// Somebody else plays this one now.
    pub fn remove(&mut self, token: SecretHash, character: Uuid) {
        let Some(bundle) = self.of.get_mut(&token) else {
            return;
        };
        bundle.characters.remove(&character);
        if bundle.characters.is_empty() {
            self.take(token);
        }
    }
}

#[cfg(test)]
mod tests;
