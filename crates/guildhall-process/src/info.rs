//! Introspection: every process and port can be looked at, whether it wants or not, and without
//! asking it (a stuck process answers no questions). Who is whose child is in `tree.rs`.

mod tree;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::cell::{Cell, Name, NameKind, Watcher};
use crate::exit::ExitReason;
use crate::panics::catch;
use crate::pid::Pid;
use crate::supervisor::Restart;
use crate::sync::{lock, since_ns};
use crate::table;

pub use tree::{Forest, TreeNode, forest, tree};

/// A bound on the chain of ancestors, should parents ever form a long line.
const ANCESTORS_MAX: usize = 32;

/// What can be known about a process without its help.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let room = spawn(Spawn::named("cellar"), || Room);
/// let info: ProcessInfo = process_info(room.pid()).unwrap();
/// assert_eq!((info.kind, info.name.as_deref()), ("room", Some("cellar")));
/// assert_eq!((info.mailbox_len, info.mailbox_max), (0, Room::MAILBOX_MAX));
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct ProcessInfo {
    /// Its pid.
    pub pid: Pid,
    /// Its display name.
    pub name: Option<String>,
    /// [`crate::Process::KIND`], or the kind of the port.
    pub kind: &'static str,
    /// `worker`, `supervisor` or `port`.
    pub class: &'static str,
    /// Who started it.
    pub parent: Option<Pid>,
    /// Its parent, the parent of that, and so on, as far as they live; at most 32.
    pub ancestors: Vec<Pid>,
    /// Whom it is linked with.
    pub links: Vec<Pid>,
    /// Whom it monitors, once for each monitor.
    pub monitors: Vec<Pid>,
    /// Which processes monitor it, once for each monitor.
    pub monitored_by: Vec<Pid>,
    /// Its names, as `registry:key`.
    pub registered: Vec<String>,
    /// The groups it is in, as `groups:key`, once for every time it has joined.
    pub groups: Vec<String>,
    /// Whether it traps exits.
    pub trap_exit: bool,
    /// How its supervisor treats its end; `None` without a supervisor.
    pub restart: Option<Restart>,
    /// Messages that wait.
    pub mailbox_len: usize,
    /// At how many a sender is refused.
    pub mailbox_max: usize,
    /// The type of the message that is being handled, and how long it has run. Nobody times the
    /// messages of a process that nobody looks at: of the message that runs at the first look, or
    /// a minute after the last one, it is the time of its whole turn (at most 64 messages).
    pub current_message: Option<(&'static str, Duration)>,
    /// The types of the last messages, the oldest first, at most 8; neighbours differ, because
    /// equal ones in a row are one entry. Empty before the first message.
    pub recent_messages: Vec<&'static str>,
    /// Messages handled so far, with timers, exits, downs and results of [`crate::Ctx::run`].
    pub handled: u64,
    /// Timers that it has set for itself or others for it, and that are pending.
    pub timers: usize,
    /// How often its supervisor has restarted it.
    pub restarts: u32,
    /// How the child that it replaced ended.
    pub last_exit: Option<ExitReason>,
    /// One line about what is special about it; today only pools have one.
    pub details: Option<String>,
    /// Time since it was spawned.
    pub uptime: Duration,
    /// Time it has run on its arbiter.
    pub run_time: Duration,
}

/// Looks at one process; `None` if it is dead.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let room = spawn(Spawn::new(), || Room);
/// assert_eq!(process_info(room.pid()).unwrap().kind, "room");
/// assert!(process_info(Pid::OUTSIDE).is_none());
/// # });
/// ```
pub fn process_info(pid: Pid) -> Option<ProcessInfo> {
    table::get(pid).and_then(|cell| info(&cell))
}

/// Looks at all processes and ports, in the order of their start.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let room = spawn(Spawn::new(), || Room);
/// assert!(processes().iter().any(|info| info.pid == room.pid()));
/// # });
/// ```
pub fn processes() -> Vec<ProcessInfo> {
    let mut all: Vec<_> = table::all().iter().filter_map(|cell| info(cell)).collect();
    all.sort_by_key(|info| info.pid);
    all
}

pub(crate) fn sorted(pids: impl Iterator<Item = Pid>) -> Vec<Pid> {
    let mut pids: Vec<_> = pids.collect();
    pids.sort_unstable();
    pids
}

fn info(cell: &Cell) -> Option<ProcessInfo> {
    let child = cell.label.child.as_deref();
    let mut info = ProcessInfo {
        pid: cell.pid,
        name: cell.label.name.as_deref().map(str::to_owned),
        kind: cell.body.kind(),
        class: cell.body.class(),
        parent: cell.parent,
        ancestors: ancestors(cell),
        links: Vec::new(),
        monitors: Vec::new(),
        monitored_by: Vec::new(),
        registered: Vec::new(),
        groups: Vec::new(),
        trap_exit: false,
        restart: child.map(|child| child.restart),
        mailbox_len: cell.mailbox_len.load(Ordering::Relaxed),
        mailbox_max: cell.body.mailbox_max(),
        current_message: current_message(cell),
        recent_messages: recent_messages(cell),
        handled: cell.handled.load(Ordering::Relaxed),
        timers: cell.timers.load(Ordering::Relaxed),
        restarts: child.map_or(0, |child| child.restarts),
        last_exit: child.and_then(|child| child.last_exit.clone()),
        details: cell.body.details(),
        uptime: since_ns(cell.started_ns),
        run_time: Duration::from_nanos(cell.run_ns.load(Ordering::Relaxed)),
    };
    let names = add_relations(cell, &mut info)?;
    add_names(names, &mut info);
    Some(info)
}

/// From the parent upwards.
pub(crate) fn ancestors(cell: &Cell) -> Vec<Pid> {
    std::iter::successors(cell.parent, |pid| table::get(*pid)?.parent)
        .filter(|pid| table::get(*pid).is_some())
        .take(ANCESTORS_MAX)
        .collect()
}

fn current_message(cell: &Cell) -> Option<(&'static str, Duration)> {
    let turn = cell.busy_since_ns.load(Ordering::Relaxed);
    let since = cell.attention.look().unwrap_or(turn).max(turn);
    let name = lock(&cell.recent).current();
    (turn != 0).then(|| (name, since_ns(since)))
}

fn recent_messages(cell: &Cell) -> Vec<&'static str> {
    let recent = lock(&cell.recent);
    let mut names = recent.before();
    if cell.handled.load(Ordering::Relaxed) > 0 {
        names.push(recent.current());
    }
    names
}

/// The names, which are to be shown without the lock; `None` if the process is dead.
fn add_relations(cell: &Cell, info: &mut ProcessInfo) -> Option<Vec<Arc<dyn Name>>> {
    let mut state = lock(&cell.state);
    info.trap_exit = state.trap_exit;
    let mut names = Vec::new();
    if let Some(relations) = state.known_relations() {
        info.links = sorted(relations.links.keys().copied());
        info.monitors = sorted(relations.monitors.values().copied());
        info.monitored_by = sorted(relations.watchers.values().filter_map(Watcher::process));
        names.extend(
            relations
                .names
                .iter()
                .map(|(id, name)| (*id, Arc::clone(name))),
        );
    }
    let dead = state.dead;
    drop(state);
    names.sort_unstable_by_key(|(id, _)| *id);
    (!dead).then(|| names.into_iter().map(|(_, name)| name).collect())
}

fn add_names(names: Vec<Arc<dyn Name>>, info: &mut ProcessInfo) {
    for name in names {
        let label = catch(|| name.label()).unwrap_or_else(|_| "(its Debug panicked)".to_owned());
        match name.kind() {
            NameKind::Registered => info.registered.push(label),
            NameKind::Group => info.groups.push(label),
            NameKind::GroupMonitor => {}
        }
    }
}
