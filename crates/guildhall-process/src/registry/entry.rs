//! One key of one process, as the registries and the process know it.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, Weak};

use super::{Keyed, Place, Shelf};
use crate::cell::{Name, NameId, NameKind};
use crate::panics::{Quiet, catch};
use crate::process::Process;
use crate::process_ref::ProcRef;
use crate::trace::TraceEvent;

pub(super) struct Inner<K, P: Process> {
    pub name: &'static str,
    pub shelf: Shelf<Entry<K, P>>,
}

pub(super) struct Entry<K, P: Process> {
    pub key: Quiet<K>,
    pub owner: ProcRef<P>,
    pub before: Place,
    registry: Weak<Inner<K, P>>,
    registry_name: &'static str,
}

impl<K: Eq + Hash, P: Process> Keyed for Entry<K, P> {
    type Key = K;

    fn key(&self) -> Option<&K> {
        self.key.get()
    }
}

impl<K: Eq + Hash, P: Process> Inner<K, P> {
    pub fn new(name: &'static str) -> Arc<Self> {
        let shelf = Shelf::default();
        Arc::new(Self { name, shelf })
    }

    /// An entry that does not stand on the shelf yet.
    pub fn entry(self: &Arc<Self>, key: K, owner: &ProcRef<P>) -> Arc<Entry<K, P>> {
        Arc::new(Entry {
            before: self.shelf.before(&key),
            key: Quiet::new(key),
            owner: owner.clone(),
            registry: Arc::downgrade(self),
            registry_name: self.name,
        })
    }

    /// Takes an entry away from its living process; its death may be quicker.
    pub fn give_up(&self, place: Place, entry: &Entry<K, P>) {
        if self.shelf.remove(place).is_some() {
            entry.owner.cell().give_up_name(place.id());
        }
    }
}

impl<K, P> Entry<K, P>
where
    K: Eq + Hash + Debug + Send + Sync,
    P: Process,
{
    /// Tells who traces the process that it has this name.
    pub fn trace(&self) {
        let label = || catch(|| self.label()).unwrap_or_else(|fault| fault.message);
        self.owner.cell().trace(|| TraceEvent::Registered(label()));
    }
}

impl<K, P> Name for Entry<K, P>
where
    K: Eq + Hash + Debug + Send + Sync,
    P: Process,
{
    fn release(&self, id: NameId) {
        if let Some(registry) = self.registry.upgrade() {
            registry.shelf.remove(self.before.with_id(id));
        }
    }

    fn kind(&self) -> NameKind {
        NameKind::Registered
    }

    fn label(&self) -> String {
        match self.key.get() {
            Some(key) => format!("{}:{key:?}", self.registry_name),
            None => self.registry_name.to_owned(),
        }
    }
}
