//! The registry of unique keys. An object, not a global: who may look something up holds a clone.
//! A key is released when its process dies, before any link or monitor hears of the death. Keys
//! that several processes share are in `duplicate.rs`, addresses by name in `via.rs`.

mod duplicate;
mod entry;
mod shelf;
mod via;

use std::fmt::{self, Debug};
use std::hash::Hash;
use std::sync::Arc;

use crate::pid::Pid;
use crate::process::Process;
use crate::process_ref::ProcRef;

use entry::Inner;
pub(crate) use shelf::{Keyed, Place, Shelf};

pub use duplicate::DuplicateRegistry;
pub use via::Via;

/// The key is taken.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// # let rooms: Registry<u32, Room> = Registry::new("rooms");
/// # let (hall, cellar) = (spawn(Spawn::new(), || Room), spawn(Spawn::new(), || Room));
/// rooms.register(1, &hall).unwrap();
/// assert_eq!(rooms.register(1, &cellar), Err(Taken { by: hall.pid() }));
/// # });
/// ```
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
///
/// What keys do in `Hash`, `Eq`, `Clone` and `Debug` runs outside of the registry's lock: a panic
/// there is the caller's and harms nobody else.
///
/// ```
/// use guildhall_process::{Process, Registry, Spawn, spawn};
///
/// struct Room;
///
/// impl Process for Room {
///     const KIND: &'static str = "room";
/// }
///
/// actix_rt::System::new().block_on(async {
///     let rooms: Registry<u32, Room> = Registry::new("rooms");
///     let (hall, cellar) = (spawn(Spawn::new(), || Room), spawn(Spawn::new(), || Room));
///     rooms.register(1, &hall).unwrap();
///     assert_eq!(rooms.register(1, &cellar).unwrap_err().by, hall.pid());
///     assert_eq!(rooms.whereis(&1), Some(hall));
/// });
/// ```
pub struct Registry<K, P: Process> {
    inner: Arc<Inner<K, P>>,
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
    /// let rooms: Registry<u32, Room> = Registry::new("rooms");
    /// let hall = spawn(Spawn::new(), || Room);
    /// rooms.register(1, &hall).unwrap();
    /// assert_eq!(process_info(hall.pid()).unwrap().registered, ["rooms:1"]);
    /// # });
    /// ```
    pub fn new(name: &'static str) -> Self {
        Self {
            inner: Inner::new(name),
        }
    }

    /// Gives `key` to `me`. To register the same key for the same process again is no error.
    ///
    /// # Errors
    /// [`Taken`] if another process has the key, or (with `by` = `me`) if `me` is dead.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let rooms: Registry<u32, Room> = Registry::new("rooms");
    /// let hall = spawn(Spawn::new(), || Room);
    /// rooms.register(1, &hall).unwrap();
    /// rooms.register(1, &hall).unwrap();
    /// assert_eq!(rooms.len(), 1);
    /// # });
    /// ```
    pub fn register(&self, key: K, me: &ProcRef<P>) -> Result<(), Taken> {
        match self.claim(key, me, || ()) {
            Err(taken) if taken.by == me.pid() && me.is_alive() => Ok(()),
            outcome => outcome,
        }
    }

    /// Gives `key` to `me`; `publish` runs when it is certain, before anybody can see it.
    fn claim(&self, key: K, me: &ProcRef<P>, publish: impl FnOnce()) -> Result<(), Taken> {
        let shelf = &self.inner.shelf;
        let entry = self.inner.entry(key, me);
        let mut publish = Some(publish);
        loop {
            let added = shelf.add_only(entry.before, &entry, |id| {
                let alive = me.cell().take_name(id, entry.clone());
                if let Some(publish) = publish.take_if(|_| alive) {
                    publish();
                }
                alive
            });
            match added {
                Ok(true) => {
                    entry.trace();
                    return Ok(());
                }
                Ok(false) => return Err(Taken { by: me.pid() }),
                Err((_, other)) if other.owner.is_alive() => {
                    return Err(Taken {
                        by: other.owner.pid(),
                    });
                }
                // The dead have no names, also while they are still giving them up.
                Err((place, _)) => drop(shelf.remove(place)),
            }
        }
    }

    /// Gives the key up, if `pid` has it.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let rooms: Registry<u32, Room> = Registry::new("rooms");
    /// # let hall = spawn(Spawn::new(), || Room);
    /// rooms.register(1, &hall).unwrap();
    /// rooms.unregister(&1, hall.pid());
    /// assert_eq!(rooms.whereis(&1), None);
    /// # });
    /// ```
    pub fn unregister(&self, key: &K, pid: Pid) {
        let Some((place, entry)) = self.inner.shelf.first(key) else {
            return;
        };
        if entry.owner.pid() == pid {
            self.inner.give_up(place, &entry);
        }
    }

    /// Who has the key.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let rooms: Registry<u32, Room> = Registry::new("rooms");
    /// # let hall = spawn(Spawn::new(), || Room);
    /// rooms.register(1, &hall).unwrap();
    /// assert_eq!(rooms.whereis(&1), Some(hall));
    /// # });
    /// ```
    pub fn whereis(&self, key: &K) -> Option<ProcRef<P>> {
        let (_, entry) = self.inner.shelf.first(key)?;
        Some(entry.owner.clone())
    }

    /// How many keys are taken.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let rooms: Registry<u32, Room> = Registry::new("rooms");
    /// rooms.register(1, &spawn(Spawn::new(), || Room)).unwrap();
    /// assert_eq!(rooms.len(), 1);
    /// # });
    /// ```
    pub fn len(&self) -> usize {
        self.inner.shelf.len()
    }

    /// Whether no key is taken.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let rooms: Registry<u32, Room> = Registry::new("rooms");
    /// assert!(rooms.is_empty());
    /// # });
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All keys, in no order.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let rooms: Registry<u32, Room> = Registry::new("rooms");
    /// rooms.register(1, &spawn(Spawn::new(), || Room)).unwrap();
    /// assert_eq!(rooms.keys(), [1]);
    /// # });
    /// ```
    pub fn keys(&self) -> Vec<K>
    where
        K: Clone,
    {
        let entries = self.inner.shelf.all();
        entries
            .iter()
            .filter_map(|entry| entry.key.get().cloned())
            .collect()
    }

    /// The address of whoever has the key when something is sent to it.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let rooms: Registry<u32, Room> = Registry::new("rooms");
    /// let first = rooms.via(1);
    /// assert_eq!(first.whereis(), None);
    /// let hall = first.start(Spawn::new(), || Room).await.unwrap();
    /// assert_eq!(first.whereis(), Some(hall));
    /// # });
    /// ```
    pub fn via(&self, key: K) -> Via<K, P> {
        Via::new(self.clone(), key)
    }
}
