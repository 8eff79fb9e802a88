//! Partitions: one kind of process several times below one supervisor, and a table that finds the
//! one that a key belongs to. Each start of a partition enters it into the table.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use crate::process::Process;
use crate::process_ref::ProcRef;
use crate::supervisor::{ChildSpec, Strategy, Supervisor};
use crate::sync::{KeyHash, Mutex, lock};

/// The routing table of a partitioned supervisor (Elixir's `PartitionSupervisor`): make it, hand
/// out clones, and start [`Partitions::supervisor`] in the tree. A key belongs to one partition as
/// long as the table lives, however often that partition is restarted; which one cannot be guessed
/// from outside, so nobody can choose keys that all meet in one.
///
/// Partitions whose children fail together in a storm are best dynamic supervisors: the storm is
/// counted against their own intensity, and when one gives up, only its partition is restarted.
///
/// ```
/// use guildhall_process::{
///     DynamicRef, DynamicSupervisor, Partitions, Placement, Process, Spawn, start,
/// };
///
/// struct Session;
/// impl Process for Session {
///     const KIND: &'static str = "session";
/// }
///
/// actix_rt::System::new().block_on(async {
///     let sessions = Partitions::<DynamicSupervisor>::new(4);
///     let supervisor = sessions.supervisor(|_index| DynamicSupervisor::new());
///     start(Spawn::named("sessions"), move || supervisor).await.unwrap();
///     let partition = sessions.route("ann").map(DynamicRef::from).unwrap();
///     let session = partition.start_temporary(None, Placement::Here, || Session);
///     assert!(session.await.unwrap().is_alive());
/// });
/// ```
pub struct Partitions<P: Process>(Arc<Table<P>>);

struct Table<P: Process> {
    slots: Box<[Slot<P>]>,
    hash: KeyHash,
}

type Slot<P> = Mutex<Option<ProcRef<P>>>;

impl<P: Process> Partitions<P> {
    /// A table of `count` partitions (of one, if `count` is 0), none of which has been started.
    ///
    /// ```
    /// # use guildhall_process::{Partitions, Process};
    /// # struct Counter;
    /// # impl Process for Counter { const KIND: &'static str = "counter"; }
    /// let counters = Partitions::<Counter>::new(8);
    /// # assert_eq!(counters.count(), 8);
    /// ```
    pub fn new(count: usize) -> Self {
        let slots = (0..count.max(1)).map(|_| Slot::default()).collect();
        let hash = KeyHash::new();
        Self(Arc::new(Table { slots, hash }))
    }

    /// The supervisor of the partitions, to be started once for each table: one for one, and
    /// otherwise as [`Supervisor::new`] makes it. Partition `n` has the id `n` and is made by
    /// `make(n)`, on its own arbiter and again for every restart.
    ///
    /// ```
    /// # use guildhall_process::{Partitions, Process};
    /// # struct Counter;
    /// # impl Process for Counter { const KIND: &'static str = "counter"; }
    /// let counters = Partitions::<Counter>::new(8);
    /// let supervisor = counters.supervisor(|_index| Counter);
    /// # drop(supervisor);
    /// ```
    pub fn supervisor(&self, make: impl Fn(usize) -> P + Send + Sync + 'static) -> Supervisor {
        let make = Arc::new(make);
        self.supervisor_of(|index| {
            let make = Arc::clone(&make);
            ChildSpec::worker(index.to_string(), move || make(index))
        })
    }

    /// The same with a specification for each partition, for those that differ (in their place,
    /// say). A specification of another type of process cannot be started, and the ids must differ.
    ///
    /// ```
    /// # use guildhall_process::{ChildSpec, Partitions, Process, Restart};
    /// # struct Counter;
    /// # impl Process for Counter { const KIND: &'static str = "counter"; }
    /// let counters = Partitions::<Counter>::new(2);
    /// let supervisor = counters.supervisor_of(|index| {
    ///     ChildSpec::worker(format!("counter {index}"), || Counter).restart(Restart::Transient)
    /// });
    /// # drop(supervisor);
    /// ```
    pub fn supervisor_of(&self, spec: impl Fn(usize) -> ChildSpec) -> Supervisor {
        let supervisor = Supervisor::new(Strategy::OneForOne);
        (0..self.count()).fold(supervisor, |supervisor, index| {
            let table = Arc::clone(&self.0);
            supervisor.child(spec(index).on_start(move |process: &ProcRef<P>| {
                if let Some(slot) = table.slots.get(index) {
                    let before = lock(slot).replace(process.clone());
                    drop(before);
                }
            }))
        })
    }

    /// How many partitions there are, whether they run or not.
    ///
    /// ```
    /// # use guildhall_process::{Partitions, Process};
    /// # struct Counter;
    /// # impl Process for Counter { const KIND: &'static str = "counter"; }
    /// assert_eq!(Partitions::<Counter>::new(0).count(), 1);
    /// ```
    pub fn count(&self) -> usize {
        self.0.slots.len()
    }

    /// To which partition a key belongs; less than [`Partitions::count`].
    ///
    /// ```
    /// # use guildhall_process::{Partitions, Process};
    /// # struct Counter;
    /// # impl Process for Counter { const KIND: &'static str = "counter"; }
    /// let counters = Partitions::<Counter>::new(8);
    /// assert_eq!(counters.index_of("ann"), counters.clone().index_of("ann"));
    /// ```
    pub fn index_of<K: Hash + ?Sized>(&self, key: &K) -> usize {
        let count = u64::try_from(self.count()).unwrap_or(u64::MAX);
        usize::try_from(self.0.hash.hash_one(key) % count).unwrap_or(0)
    }

    /// The partition to which a key belongs; `None` while it does not run. A restarted partition is
    /// found as soon as its `init` is done, before its supervisor does anything else.
    ///
    /// ```
    /// # use guildhall_process::{Partitions, Process, ProcRef};
    /// # struct Counter;
    /// # impl Process for Counter { const KIND: &'static str = "counter"; }
    /// fn counter_of(counters: &Partitions<Counter>, user: u64) -> Option<ProcRef<Counter>> {
    ///     counters.route(&user)
    /// }
    /// ```
    pub fn route<K: Hash + ?Sized>(&self, key: &K) -> Option<ProcRef<P>> {
        self.get(self.index_of(key))
    }

    /// A partition by its index; `None` while it does not run.
    ///
    /// ```
    /// # use guildhall_process::{Partitions, Process};
    /// # struct Counter;
    /// # impl Process for Counter { const KIND: &'static str = "counter"; }
    /// // Not started yet.
    /// assert!(Partitions::<Counter>::new(8).get(0).is_none());
    /// ```
    pub fn get(&self, index: usize) -> Option<ProcRef<P>> {
        let process = lock(self.0.slots.get(index)?).clone();
        process.filter(ProcRef::is_alive)
    }

    /// The partitions that run, by their indices.
    ///
    /// ```
    /// # use guildhall_process::{Partitions, Process};
    /// # struct Counter;
    /// # impl Process for Counter { const KIND: &'static str = "counter"; }
    /// fn running(counters: &Partitions<Counter>) -> usize {
    ///     counters.all().count()
    /// }
    /// ```
    pub fn all(&self) -> impl Iterator<Item = (usize, ProcRef<P>)> {
        (0..self.count()).filter_map(|index| Some((index, self.get(index)?)))
    }
}

impl<P: Process> Clone for Partitions<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: Process> fmt::Debug for Partitions<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Partitions({} × {})", self.count(), P::KIND)
    }
}
