//! A registry of unique keys. An object, not a global: who may look something up holds a clone.
//! A key is released when its process dies, before any link or monitor hears of the death.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::{self, Debug};
use std::hash::Hash;
use std::sync::{Arc, Mutex, Weak};

use crate::cell::Name;
use crate::pid::Pid;
use crate::process::Process;
use crate::process_ref::ProcRef;
use crate::sync::lock;

/// The key is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// By whom. The registrant's own pid means that the registrant is dead: nobody has the key.
    pub by: Pid,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name is taken by {}", self.by)
    }
}

impl std::error::Error for Taken {}

/// Unique keys of type `K` for processes of type `P`. Clones share the entries.
pub struct Registry<K, P: Process> {
    inner: Arc<Inner<K, P>>,
}

struct Inner<K, P: Process> {
    name: &'static str,
    entries: Mutex<HashMap<K, ProcRef<P>>>,
}

impl<K, P: Process> Clone for Registry<K, P> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<K, P: Process> Debug for Registry<K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registry({})", self.inner.name)
    }
}

impl<K, P> Registry<K, P>
where
    K: Eq + Hash + Clone + Send + Sync + Debug + 'static,
    P: Process,
{
    /// An empty registry; the name is for the status page.
    pub fn new(name: &'static str) -> Self {
        Self {
            inner: Arc::new(Inner {
                name,
                entries: Mutex::new(HashMap::new()),
            }),
        }
    }

    /// Gives `key` to `me`. To register the same key for the same process again is no error.
    ///
    /// # Errors
    /// [`Taken`] if another process has the key, or (with `by` = `me`) if `me` is dead.
    pub fn register(&self, key: K, me: &ProcRef<P>) -> Result<(), Taken> {
        let mut entries = lock(&self.inner.entries);
        let vacant = match entries.entry(key) {
            Entry::Occupied(taken) if taken.get() == me => return Ok(()),
            Entry::Occupied(taken) => {
                return Err(Taken {
                    by: taken.get().pid(),
                });
            }
            Entry::Vacant(vacant) => vacant,
        };
        // Under the lock of the process: either its death sees this name, or we see its death.
        let mut state = lock(&me.cell().state);
        if state.dead {
            return Err(Taken { by: me.pid() });
        }
        state.relations().names.push(Box::new(Registered {
            registry: Arc::downgrade(&self.inner),
            key: vacant.key().clone(),
        }));
        drop(state);
        vacant.insert(me.clone());
        Ok(())
    }

    /// Gives the key up, if `pid` has it.
    pub fn unregister(&self, key: &K, pid: Pid) {
        let Some(process) = self.inner.remove(key, pid) else {
            return;
        };
        let label = self.inner.label(key);
        let mut state = lock(&process.cell().state);
        if let Some(relations) = state.known_relations() {
            relations.names.retain(|name| name.label() != label);
        }
    }

    /// Who has the key.
    pub fn whereis(&self, key: &K) -> Option<ProcRef<P>> {
        lock(&self.inner.entries).get(key).cloned()
    }

    /// How many keys are taken.
    pub fn len(&self) -> usize {
        lock(&self.inner.entries).len()
    }

    /// Whether no key is taken.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All keys, in no order.
    pub fn keys(&self) -> Vec<K> {
        lock(&self.inner.entries).keys().cloned().collect()
    }
}

impl<K: Eq + Hash + Debug, P: Process> Inner<K, P> {
    fn remove(&self, key: &K, pid: Pid) -> Option<ProcRef<P>> {
        let mut entries = lock(&self.entries);
        if entries.get(key).is_some_and(|process| process.pid() == pid) {
            entries.remove(key)
        } else {
            None
        }
    }

    fn label(&self, key: &K) -> String {
        format!("{}:{key:?}", self.name)
    }
}

/// A key as its process knows it.
struct Registered<K, P: Process> {
    registry: Weak<Inner<K, P>>,
    key: K,
}

impl<K, P> Name for Registered<K, P>
where
    K: Eq + Hash + Debug + Send + Sync,
    P: Process,
{
    fn release(&self, pid: Pid) {
        if let Some(registry) = self.registry.upgrade() {
            registry.remove(&self.key, pid);
        }
    }

    fn label(&self) -> String {
        self.registry
            .upgrade()
            .map(|registry| registry.label(&self.key))
            .unwrap_or_default()
    }
}
