//! A scope: all processes and ports that one test makes. It is handed on by the thread that runs
//! the test and by every process in it, on whichever thread that runs, so tests that run beside
//! each other do not see each other's.

use std::cell::{Cell as Slot, RefCell};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::dice::Dice;
use crate::cell::{Body, Cell, Watcher};
use crate::exit::ExitReason;
use crate::pid::{MonitorRef, Pid};
use crate::reply::OnDown;
use crate::sync::{Mutex, lock};

thread_local! {
    static CURRENT: RefCell<Option<Arc<Scope>>> = const { RefCell::new(None) };
    /// The current scope has dice; the one thing that a turn without a kit looks at.
    static DICED: Slot<bool> = const { Slot::new(false) };
}

#[derive(Default)]
pub(crate) struct Scope {
    /// Processes that are woken or run.
    busy: AtomicUsize,
    turns: AtomicU64,
    known: Mutex<Known>,
    /// Somebody was spawned or died.
    pub changed: Notify,
    dice: Option<Mutex<Dice>>,
    pub virtual_time: bool,
}

#[derive(Default)]
struct Known {
    living: BTreeMap<Pid, Identity>,
    dead: BTreeMap<Pid, (Identity, ExitReason)>,
}

/// What stays known of a process or port after its death.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub parent: Option<Pid>,
    pub name: Option<String>,
    pub kind: &'static str,
    pub class: &'static str,
}

impl Scope {
    /// A scope on virtual or real time, whose processes are scheduled by dice, if there are any.
    pub fn new(virtual_time: bool, dice: Option<Dice>) -> Arc<Self> {
        Arc::new(Self {
            virtual_time,
            dice: dice.map(Mutex::new),
            ..Self::default()
        })
    }

    pub fn adopt<B: Body + 'static>(self: &Arc<Self>, cell: &Arc<Cell<B>>) {
        let identity = Identity {
            parent: cell.parent,
            name: cell.label.name.as_deref().map(str::to_owned),
            kind: cell.body.kind(),
            class: cell.body.class(),
        };
        lock(&self.known).living.insert(cell.pid, identity);
        let note = Arc::new(DeathNote {
            pid: cell.pid,
            scope: Arc::clone(self),
        });
        if !cell.watch(MonitorRef::next(), Watcher::Slot(note)) {
            self.bury(cell.pid, ExitReason::NoProc);
        }
        self.changed.notify_waiters();
    }

    fn bury(&self, pid: Pid, reason: ExitReason) {
        let mut known = lock(&self.known);
        if let Some(identity) = known.living.remove(&pid) {
            known.dead.insert(pid, (identity, reason));
        }
        drop(known);
        self.changed.notify_waiters();
    }

    pub fn begin_work(&self) {
        self.busy.fetch_add(1, Ordering::AcqRel);
    }

    pub fn end_work(&self) {
        self.busy.fetch_sub(1, Ordering::AcqRel);
    }

    pub fn count_turn(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
    }

    pub fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire) > 0
    }

    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    pub fn holds_back(&self) -> bool {
        self.dice
            .as_ref()
            .is_some_and(|dice| lock(dice).holds_back())
    }

    /// The living, in the order of their start.
    pub fn living(&self) -> Vec<(Pid, Identity)> {
        let known = lock(&self.known);
        known
            .living
            .iter()
            .map(|(pid, it)| (*pid, it.clone()))
            .collect()
    }

    /// How it ended, if it belongs to this scope and is dead.
    pub fn death_of(&self, pid: Pid) -> Option<ExitReason> {
        let known = lock(&self.known);
        known.dead.get(&pid).map(|(_, reason)| reason.clone())
    }

    pub fn identity_of(&self, pid: Pid) -> Option<Identity> {
        let known = lock(&self.known);
        let dead = known.dead.get(&pid).map(|(identity, _)| identity);
        known.living.get(&pid).or(dead).cloned()
    }
}

/// Hears of the death of whom it was set for. It is no monitor to anybody but the kit.
struct DeathNote {
    pid: Pid,
    scope: Arc<Scope>,
}

impl OnDown for DeathNote {
    fn down(&self, reason: ExitReason) {
        self.scope.bury(self.pid, reason);
    }
}

/// The scope that this thread works for.
pub(crate) fn current() -> Option<Arc<Scope>> {
    CURRENT
        .try_with(|cell| cell.borrow().clone())
        .ok()
        .flatten()
}

/// Works for another scope until the guard is dropped.
pub(crate) fn enter(scope: Option<Arc<Scope>>) -> Entered {
    Entered(replace(scope))
}

/// See [`enter`].
pub(crate) struct Entered(Option<Arc<Scope>>);

impl Drop for Entered {
    fn drop(&mut self) {
        replace(self.0.take());
    }
}

fn replace(scope: Option<Arc<Scope>>) -> Option<Arc<Scope>> {
    let diced = scope.as_ref().is_some_and(|scope| scope.dice.is_some());
    let _ = DICED.try_with(|cell| cell.set(diced));
    CURRENT.try_with(|cell| cell.replace(scope)).ok().flatten()
}

/// How many messages (or results) a turn that begins now may handle, of at most `max`.
pub(crate) fn budget(max: u32) -> u32 {
    with_dice(|dice| dice.budget(max)).unwrap_or(max)
}

/// A number that the seed decides, if there is one.
pub(crate) fn chance() -> Option<u64> {
    with_dice(Dice::next)
}

fn with_dice<T>(throw: impl FnOnce(&mut Dice) -> T) -> Option<T> {
    if !is_diced() {
        return None;
    }
    let scope = current()?;
    let dice = scope.dice.as_ref()?;
    Some(throw(&mut lock(dice)))
}

/// The time on the virtual clock of the test that this thread works for, if there is one.
pub(crate) fn clock() -> Option<Duration> {
    // Earlier than any clock that was stopped before somebody first asked.
    static EPOCH: LazyLock<Instant> = LazyLock::new(|| {
        let now = Instant::now();
        now.checked_sub(Duration::from_secs(3600)).unwrap_or(now)
    });
    let virtual_time = CURRENT.try_with(|cell| {
        let scope = cell.borrow();
        scope.as_ref().is_some_and(|scope| scope.virtual_time)
    });
    virtual_time.unwrap_or(false).then(|| {
        let now = tokio::time::Instant::now().into_std();
        now.saturating_duration_since(*EPOCH)
    })
}

/// What comes out of a hash, put in order where a seed must always mean the same.
pub(crate) fn in_order<T, K: Ord>(
    things: impl IntoIterator<Item = T>,
    key: impl FnMut(&T) -> K,
) -> impl Iterator<Item = T> {
    let (mut sorted, mut rest) = (Vec::new(), None);
    if is_diced() {
        sorted = things.into_iter().collect();
        sorted.sort_by_key(key);
    } else {
        rest = Some(things);
    }
    sorted.into_iter().chain(rest.into_iter().flatten())
}

fn is_diced() -> bool {
    DICED.try_with(Slot::get).unwrap_or(false)
}
