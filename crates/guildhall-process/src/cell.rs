//! The cell: what the rest of the program sees of a process or port, alive or dead. Its state is
//! behind one mutex, so that link, monitor, exit and register are atomic against death; the
//! counters beside it are written by the owner and read by the status page.

use std::sync::Arc;

use futures_util::task::AtomicWaker;

use crate::attention::Attention;
use crate::exit::ExitReason;
use crate::few::Few;
use crate::letter::Note;
use crate::pid::{MonitorRef, Pid};
use crate::recent::Recent;
use crate::reply::OnDown;
use crate::supervisor::Restart;
use crate::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Mutex, lock, now_ns};

pub(crate) struct Cell<B: ?Sized = dyn Body> {
    pub pid: Pid,
    pub parent: Option<Pid>,
    pub label: Label,
    pub started_ns: u64,
    /// Wakes the process for a signal; its mailbox has a waker of its own.
    pub waker: AtomicWaker,
    /// An exit signal waits in the state.
    pub urgent: AtomicBool,
    /// The end has begun: whoever loses a reply now is going to hear the exit reason.
    pub closing: AtomicBool,
    /// Messages in the mailbox that count against its bound.
    pub mailbox_len: AtomicUsize,
    pub handled: AtomicU64,
    /// Timers that are pending.
    pub timers: AtomicUsize,
    pub run_ns: AtomicU64,
    /// When the running turn began; 0 between turns.
    pub busy_since_ns: AtomicU64,
    /// The types of the last messages; written only when they change.
    pub recent: Mutex<Recent>,
    pub attention: Attention,
    pub state: Mutex<State>,
    pub body: B,
}

/// What differs between a process and a port.
pub(crate) trait Body: Send + Sync {
    fn kind(&self) -> &'static str;
    fn class(&self) -> &'static str;
    fn mailbox_max(&self) -> usize;
    /// Takes a trapped EXIT or a DOWN, behind everything sent before.
    fn push(&self, note: Note);
    /// An exit signal that ends the owner has been noted in the state.
    fn interrupt(&self, cell: &Cell);
    /// One line about what is special about it, for the status page.
    fn details(&self) -> Option<String> {
        None
    }
}

/// How a process is called and what its supervisor knows about it.
#[derive(Default)]
pub(crate) struct Label {
    pub name: Option<Box<str>>,
    pub child: Option<Box<ChildRecord>>,
}

pub(crate) struct ChildRecord {
    pub restart: Restart,
    pub restarts: u32,
    pub last_exit: Option<ExitReason>,
}

#[derive(Default)]
pub(crate) struct State {
    pub dead: bool,
    pub trap_exit: bool,
    /// The exit that is to happen, or after death the one that happened. The first one wins.
    pub exit: Option<ExitReason>,
    relations: Option<Box<Relations>>,
}

/// Most processes have few of these, and many none.
#[derive(Default)]
pub(crate) struct Relations {
    /// The cells themselves, so that a death finds its links without a search. They are let go at death.
    pub links: Few<Pid, Arc<Cell>>,
    pub monitors: Few<MonitorRef, Pid>,
    pub watchers: Few<MonitorRef, Watcher>,
    pub names: Few<NameId, Arc<dyn Name>>,
}

/// Who is to be told of the death.
pub(crate) enum Watcher {
    Process(Pid),
    Slot(Arc<dyn OnDown>),
}

impl Watcher {
    pub fn process(&self) -> Option<Pid> {
        match self {
            Self::Process(pid) => Some(*pid),
            Self::Slot(_) => None,
        }
    }
}

/// A registered name or a membership, to be released at death.
pub(crate) trait Name: Send + Sync {
    fn release(&self, id: NameId);
    fn kind(&self) -> NameKind;
    /// `registry:key`, for the status page. Runs a user's `Debug`: never under a lock.
    fn label(&self) -> String;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameKind {
    Registered,
    Group,
    GroupMonitor,
}

/// Names one registration or membership; a later one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NameId(u64);

impl NameId {
    /// Less than every other one.
    pub const NONE: Self = Self(0);
    /// Greater than every other one.
    pub const LAST: Self = Self(u64::MAX);

    pub fn next() -> Self {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl State {
    pub fn relations(&mut self) -> &mut Relations {
        self.relations.get_or_insert_default()
    }

    pub fn known_relations(&mut self) -> Option<&mut Relations> {
        self.relations.as_deref_mut()
    }

    pub fn take_relations(&mut self) -> Relations {
        self.relations.take().map(|r| *r).unwrap_or_default()
    }
}

impl<B> Cell<B> {
    pub fn new(parent: Option<Pid>, label: Label, body: B) -> Self {
        Self {
            pid: Pid::next(),
            parent,
            label,
            started_ns: now_ns(),
            waker: AtomicWaker::new(),
            urgent: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            mailbox_len: AtomicUsize::new(0),
            handled: AtomicU64::new(0),
            timers: AtomicUsize::new(0),
            run_ns: AtomicU64::new(0),
            busy_since_ns: AtomicU64::new(0),
            recent: Mutex::new(Recent::new("init")),
            attention: Attention::default(),
            state: Mutex::new(State::default()),
            body,
        }
    }
}

impl<B: ?Sized> Cell<B> {
    pub fn is_alive(&self) -> bool {
        !lock(&self.state).dead
    }

    /// The exit signal that is to end the process now, if one has arrived.
    pub fn pending_exit(&self) -> Option<ExitReason> {
        if self.urgent.load(Ordering::Acquire) {
            lock(&self.state).exit.clone()
        } else {
            None
        }
    }

    /// Registers a watcher unless the process is dead.
    pub fn watch(&self, reference: MonitorRef, watcher: Watcher) -> bool {
        let mut state = lock(&self.state);
        if !state.dead {
            state.relations().watchers.insert(reference, watcher);
        }
        !state.dead
    }

    /// False if there is no such watcher (any more).
    pub fn unwatch(&self, reference: MonitorRef) -> bool {
        // In a statement of its own: the watcher may own a user's value, whose Drop must not run under the lock.
        let watcher = lock(&self.state)
            .known_relations()
            .and_then(|relations| relations.watchers.remove(&reference));
        watcher.is_some()
    }

    /// It stays a watcher: a process that ends at once has an exit reason for it.
    fn slot(&self, reference: MonitorRef) -> Option<Arc<dyn OnDown>> {
        let mut state = lock(&self.state);
        match state.known_relations()?.watchers.get(&reference)? {
            Watcher::Slot(slot) => Some(Arc::clone(slot)),
            Watcher::Process(_) => None,
        }
    }

    /// A user has caught the panics in which these replies were dropped: the process lives on, so
    /// their callers have to hear of it.
    pub fn answer_lost(&self, replies: Vec<MonitorRef>) {
        for reply in replies {
            if let Some(slot) = self.slot(reply) {
                slot.dropped();
            }
        }
    }

    /// Notes a name that the process has; false if it is dead. Either its death sees the name, or
    /// we see its death.
    pub fn take_name(&self, id: NameId, name: Arc<dyn Name>) -> bool {
        let mut state = lock(&self.state);
        if state.dead {
            // The name may own a user's value; its Drop must not run under the lock.
            drop(state);
            return false;
        }
        state.relations().names.insert(id, name);
        true
    }

    /// To be dropped by who asks: not under a lock of ours.
    pub fn give_up_name(&self, id: NameId) -> Option<Arc<dyn Name>> {
        lock(&self.state)
            .known_relations()
            .and_then(|relations| relations.names.remove(&id))
    }
}
