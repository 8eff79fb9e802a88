//! The sessions that are here, by process, by account and by token. Pure: who is struck off is decided by the
//! monitors of the presence process.

use std::collections::hash_map::Entry as MapEntry;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use guildhall_process::Pid;
use uuid::Uuid;

use super::{Arrival, Entry};
use crate::auth::secrets::SecretHash;

/// See the file's head.
#[derive(Default)]
pub(super) struct Roll {
    here: HashMap<Pid, Entry>,
    accounts: HashMap<Uuid, Vec<Pid>>,
    tokens: HashMap<SecretHash, Vec<Pid>>,
}

impl Roll {
    /// False when it is here already.
    pub fn call_in(&mut self, arrival: Arrival) -> bool {
        let pid = arrival.session.pid();
        let MapEntry::Vacant(place) = self.here.entry(pid) else {
            return false;
        };
        let (account, token) = (arrival.who.account, arrival.who.token);
        self.accounts.entry(account).or_default().push(pid);
        self.tokens.entry(token).or_default().push(pid);
        place.insert(Entry {
            arrival,
            characters: HashSet::new(),
        });
        true
    }

    /// Takes a session out that was here.
    pub fn strike(&mut self, pid: Pid) -> Option<Entry> {
        let entry = self.here.remove(&pid)?;
        take_out(&mut self.accounts, entry.arrival.who.account, pid);
        take_out(&mut self.tokens, entry.arrival.who.token, pid);
        Some(entry)
    }

    pub fn get(&self, pid: Pid) -> Option<&Entry> {
        self.here.get(&pid)
    }

    pub fn get_mut(&mut self, pid: Pid) -> Option<&mut Entry> {
        self.here.get_mut(&pid)
    }

    pub fn len(&self) -> usize {
        self.here.len()
    }

    /// All sessions, in no order.
    pub fn everybody(&self) -> impl Iterator<Item = &Arrival> {
        self.here.values().map(|entry| &entry.arrival)
    }

    /// The sessions of an account, the oldest first.
    pub fn of_account(&self, account: Uuid) -> impl Iterator<Item = &Arrival> {
        self.all(self.accounts.get(&account))
    }

    /// The sessions that came in with a token, the oldest first.
    pub fn of_token(&self, token: SecretHash) -> impl Iterator<Item = &Arrival> {
        self.all(self.tokens.get(&token))
    }

    fn all<'a>(&'a self, pids: Option<&'a Vec<Pid>>) -> impl Iterator<Item = &'a Arrival> {
        let entries = pids
            .into_iter()
            .flatten()
            .filter_map(|pid| self.here.get(pid));
        entries.map(|entry| &entry.arrival)
    }
}

fn take_out<K: Eq + Hash>(of: &mut HashMap<K, Vec<Pid>>, key: K, pid: Pid) {
    if let MapEntry::Occupied(mut pids) = of.entry(key) {
        pids.get_mut().retain(|it| *it != pid);
        if pids.get().is_empty() {
            pids.remove();
        }
    }
}
