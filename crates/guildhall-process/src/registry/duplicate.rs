//! The registry of duplicate keys (Elixir's `keys: :duplicate`): every key may have several
//! processes, and a process may have a key several times.

use std::fmt::{self, Debug};
use std::hash::Hash;
use std::sync::Arc;

use super::Taken;
use super::entry::Inner;
use crate::pid::Pid;
use crate::process::Process;
use crate::process_ref::ProcRef;

/// Keys of type `K` that processes of type `P` share. Clones share the entries. As with
/// [`crate::Registry`], the entries of a process are gone before anybody hears of its death.
///
/// ```
/// use guildhall_process::{DuplicateRegistry, Process, Spawn, spawn};
///
/// struct Listener;
///
/// impl Process for Listener {
///     const KIND: &'static str = "listener";
/// }
///
/// actix_rt::System::new().block_on(async {
///     let topics: DuplicateRegistry<&str, Listener> = DuplicateRegistry::new("topics");
///     let (ada, bob) = (spawn(Spawn::new(), || Listener), spawn(Spawn::new(), || Listener));
///     topics.register("news", &ada).unwrap();
///     topics.register("news", &bob).unwrap();
///     assert_eq!(topics.lookup(&"news"), [ada, bob]);
/// });
/// ```
pub struct DuplicateRegistry<K, P: Process> {
    inner: Arc<Inner<K, P>>,
}

impl<K, P: Process> Clone for DuplicateRegistry<K, P> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<K, P: Process> Debug for DuplicateRegistry<K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DuplicateRegistry({})", self.inner.name)
    }
}

impl<K, P> DuplicateRegistry<K, P>
where
    K: Eq + Hash + Send + Sync + Debug + 'static,
    P: Process,
{
    /// An empty registry; the name is for the status page.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let topics: DuplicateRegistry<&str, Room> = DuplicateRegistry::new("topics");
    /// let hall = spawn(Spawn::new(), || Room);
    /// topics.register("news", &hall).unwrap();
    /// assert_eq!(process_info(hall.pid()).unwrap().registered, ["topics:\"news\""]);
    /// # });
    /// ```
    pub fn new(name: &'static str) -> Self {
        Self {
            inner: Inner::new(name),
        }
    }

    /// Adds `me` to the processes of `key`, once for every call.
    ///
    /// # Errors
    /// [`Taken`] with `by` = `me` if `me` is dead.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let topics: DuplicateRegistry<&str, Room> = DuplicateRegistry::new("topics");
    /// # let hall = spawn(Spawn::new(), || Room);
    /// topics.register("news", &hall).unwrap();
    /// topics.register("news", &hall).unwrap();
    /// assert_eq!(topics.len(), 2);
    /// # });
    /// ```
    pub fn register(&self, key: K, me: &ProcRef<P>) -> Result<(), Taken> {
        let entry = self.inner.entry(key, me);
        let take = |id| me.cell().take_name(id, entry.clone());
        let added = self.inner.shelf.add(entry.before, &entry, take);
        if added {
            entry.trace();
        }
        added.then_some(()).ok_or(Taken { by: me.pid() })
    }

    /// Removes all entries of `pid` under `key`.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let topics: DuplicateRegistry<&str, Room> = DuplicateRegistry::new("topics");
    /// # let hall = spawn(Spawn::new(), || Room);
    /// topics.register("news", &hall).unwrap();
    /// topics.register("news", &hall).unwrap();
    /// topics.unregister(&"news", hall.pid());
    /// assert!(topics.is_empty());
    /// # });
    /// ```
    pub fn unregister(&self, key: &K, pid: Pid) {
        for (place, entry) in self.inner.shelf.all_of(key) {
            if entry.owner.pid() == pid {
                self.inner.give_up(place, &entry);
            }
        }
    }

    /// The processes of `key` in the order in which they were registered.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let topics: DuplicateRegistry<&str, Room> = DuplicateRegistry::new("topics");
    /// # let (hall, cellar) = (spawn(Spawn::new(), || Room), spawn(Spawn::new(), || Room));
    /// topics.register("news", &cellar).unwrap();
    /// topics.register("news", &hall).unwrap();
    /// assert_eq!(topics.lookup(&"news"), [cellar, hall]);
    /// # });
    /// ```
    pub fn lookup(&self, key: &K) -> Vec<ProcRef<P>> {
        let entries = self.inner.shelf.all_of(key);
        entries.map(|(_, entry)| entry.owner.clone()).collect()
    }

    /// How many entries there are.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let topics: DuplicateRegistry<&str, Room> = DuplicateRegistry::new("topics");
    /// topics.register("news", &spawn(Spawn::new(), || Room)).unwrap();
    /// assert_eq!(topics.len(), 1);
    /// # });
    /// ```
    pub fn len(&self) -> usize {
        self.inner.shelf.len()
    }

    /// Whether there is no entry.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let topics: DuplicateRegistry<&str, Room> = DuplicateRegistry::new("topics");
    /// assert!(topics.is_empty());
    /// # });
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
