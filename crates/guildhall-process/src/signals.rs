//! Exit signals, links, monitors and death: the rules of OTP's signal table over the cells. The
//! public functions may be called from any thread.

use std::convert::Infallible;
use std::future::Future;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::cell::{Cell, Relations, State, Watcher};
use crate::exit::ExitReason;
use crate::letter::Note;
use crate::pid::{MonitorRef, Pid};
use crate::process::{Down, Exit};
use crate::reply::{Lost, Waiting};
use crate::sync::lock;
use crate::table;
use crate::trace::TraceEvent;

/// Sends an exit signal that comes from no process ([`Pid::OUTSIDE`]). `Normal` is ignored by a
/// process that does not trap exits; `Kill` cannot be trapped and ends the target as `Killed`.
/// A dead target is not an error.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let room = spawn(Spawn::new(), || Room);
/// exit(room.pid(), ExitReason::Kill);
/// assert_eq!(watch(room.pid()).await, ExitReason::Killed);
/// # });
/// ```
pub fn exit(target: Pid, reason: ExitReason) {
    exit_from(Pid::OUTSIDE, target, reason);
}

/// Sends an exit signal in the name of `from` (OTP's `exit/2`); see [`exit`]. A process that sends
/// itself `Normal` and does not trap exits ends.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let (ada, bob) = (spawn(Spawn::new(), || Room).pid(), spawn(Spawn::new(), || Room).pid());
/// exit_from(ada, bob, ExitReason::Normal);
/// assert!(is_alive(bob), "another's Normal is dropped");
/// exit_from(ada, ada, ExitReason::Normal);
/// assert_eq!(watch(ada).await, ExitReason::Normal);
/// # });
/// ```
pub fn exit_from(from: Pid, target: Pid, reason: ExitReason) {
    if let Some(cell) = table::get(target) {
        exit_signal(&cell, from, reason, Via::Exit);
    }
}

/// Whether the process or port is alive.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let room = spawn(Spawn::new(), || Room);
/// assert!(is_alive(room.pid()) && !is_alive(Pid::OUTSIDE));
/// # });
/// ```
pub fn is_alive(pid: Pid) -> bool {
    table::get(pid).is_some_and(|cell| cell.is_alive())
}

/// A monitor from outside any process: answers with the exit reason once `pid` is dead, and with
/// `NoProc` if it was dead already. The monitor is set before this returns; dropping the future
/// removes it.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let room = spawn(Spawn::new(), || Room);
/// let end = watch(room.pid());
/// exit(room.pid(), ExitReason::Shutdown);
/// assert_eq!(end.await, ExitReason::Shutdown);
/// assert_eq!(watch(room.pid()).await, ExitReason::NoProc, "it is dead already");
/// # });
/// ```
pub fn watch(pid: Pid) -> impl Future<Output = ExitReason> + Send + 'static {
    let waiting = table::get(pid).and_then(Waiting::<Infallible>::on);
    async move {
        match waiting {
            None => ExitReason::NoProc,
            Some(waiting) => match waiting.await {
                Err(Lost::Down(reason)) => reason,
                Err(Lost::Dropped) => ExitReason::NoProc,
                Ok(never) => match never {},
            },
        }
    }
}

/// How an exit signal comes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// A linked process ended; acts only if the link is still there.
    Link,
    /// `link` found nobody.
    NoProc,
    /// `exit/2`.
    Exit,
}

/// The signal table. Which row applies is decided under the target's lock.
pub(crate) fn exit_signal(target: &Cell, from: Pid, reason: ExitReason, via: Via) {
    // Outlives the lock: the last reference to a cell may drop a user's values.
    let unlinked;
    let mut state = lock(&target.state);
    if state.dead {
        return;
    }
    if via == Via::Link {
        unlinked = remove_link(&mut state, from);
        if unlinked.is_none() {
            return;
        }
    }
    let kill = via == Via::Exit && reason == ExitReason::Kill;
    if state.trap_exit && !kill {
        // Pushed under the lock: two signals of one sender keep their order.
        target.body.push(Note::Exit(Exit { from, reason }));
        return;
    }
    let to_self = via == Via::Exit && from == target.pid;
    if reason == ExitReason::Normal && !to_self {
        return;
    }
    let ending = if kill {
        ExitReason::Killed
    } else {
        reason.clone()
    };
    state.exit.get_or_insert(ending);
    drop(state);
    target.trace(|| TraceEvent::ExitSignal(Exit { from, reason }));
    target.urgent.store(true, Ordering::Release);
    target.body.interrupt(target);
}

fn remove_link(state: &mut State, peer: Pid) -> Option<Arc<Cell>> {
    state
        .known_relations()
        .and_then(|relations| relations.links.remove(&peer))
}

/// Links two processes; a dead `peer` comes back as a `NoProc` exit signal.
pub(crate) fn link(me: Arc<Cell>, peer: Pid) {
    if me.pid == peer {
        return;
    }
    let linked = table::get(peer).is_some_and(|cell| {
        let linked = with_both(&me, &cell, |mine, theirs| {
            if !theirs.dead && !mine.dead {
                mine.relations().links.insert(peer, Arc::clone(&cell));
                theirs.relations().links.insert(me.pid, Arc::clone(&me));
            }
            !theirs.dead
        });
        if linked {
            me.trace(|| TraceEvent::Linked(peer));
            cell.trace(|| TraceEvent::Linked(me.pid));
        }
        linked
    });
    if !linked {
        exit_signal(&me, peer, ExitReason::NoProc, Via::NoProc);
    }
}

/// Removes the link from both sides. An EXIT that is in the mailbox already stays there, as in OTP.
pub(crate) fn unlink(me: &Cell, peer: Pid) {
    match table::get(peer) {
        Some(cell) if me.pid != peer => {
            drop(with_both(me, &cell, |mine, theirs| {
                (remove_link(mine, peer), remove_link(theirs, me.pid))
            }));
            me.trace(|| TraceEvent::Unlinked(peer));
            cell.trace(|| TraceEvent::Unlinked(me.pid));
        }
        _ => {
            let unlinked = remove_link(&mut lock(&me.state), peer);
            drop(unlinked);
        }
    }
}

/// Locks two different cells in the order of their pids, so that two links cannot deadlock.
fn with_both<T>(a: &Cell, b: &Cell, f: impl FnOnce(&mut State, &mut State) -> T) -> T {
    if a.pid < b.pid {
        let mut first = lock(&a.state);
        let mut second = lock(&b.state);
        f(&mut first, &mut second)
    } else {
        let mut first = lock(&b.state);
        let mut second = lock(&a.state);
        f(&mut second, &mut first)
    }
}

/// Monitors `target`; a dead one answers with a DOWN `NoProc`.
pub(crate) fn monitor(me: &Cell, reference: MonitorRef, target: Pid) {
    {
        let mut state = lock(&me.state);
        if state.dead {
            return;
        }
        state.relations().monitors.insert(reference, target);
    }
    me.trace(|| TraceEvent::Monitors(target));
    let watching =
        table::get(target).is_some_and(|cell| cell.watch(reference, Watcher::Process(me.pid)));
    if !watching {
        down(me, reference, target, ExitReason::NoProc);
    }
}

/// The same for an owner known by its pid; a dead owner hears nothing.
pub(crate) fn monitor_by(owner: Pid, reference: MonitorRef, target: Pid) {
    if let Some(owner) = table::get(owner) {
        monitor(&owner, reference, target);
    }
}

/// Removes a monitor. A DOWN that waits in the mailbox is not handled any more (flush).
/// False if the target has ended before.
pub(crate) fn demonitor(me: &Cell, reference: MonitorRef) -> bool {
    let target = take_monitor(me, reference);
    let watched = target.and_then(table::get);
    watched.is_some_and(|cell| cell.unwatch(reference))
}

/// Removes a monitor whose target lives. A target that is dead is not watched any more: its DOWN has been sent, or
/// is going to be.
pub(crate) fn demonitor_unflushed(me: &Cell, reference: MonitorRef) {
    let target = lock(&me.state)
        .known_relations()
        .and_then(|relations| relations.monitors.get(&reference).copied());
    let watched = target.and_then(table::get);
    if watched.is_some_and(|cell| cell.unwatch(reference)) {
        take_monitor(me, reference);
    }
}

fn take_monitor(me: &Cell, reference: MonitorRef) -> Option<Pid> {
    lock(&me.state)
        .known_relations()
        .and_then(|relations| relations.monitors.remove(&reference))
}

fn down(owner: &Cell, monitor: MonitorRef, pid: Pid, reason: ExitReason) {
    let mut state = lock(&owner.state);
    let wanted = state
        .known_relations()
        .is_some_and(|relations| relations.monitors.contains_key(&monitor));
    if wanted {
        owner.body.push(Note::Down(Down {
            monitor,
            pid,
            reason,
        }));
    }
}

/// The death of a process: marks it dead, releases its names, and only then tells its links and
/// monitors. Does nothing for who is dead already.
pub(crate) fn die(cell: &Cell, reason: ExitReason) -> bool {
    let mut state = lock(&cell.state);
    if state.dead {
        return false;
    }
    state.dead = true;
    state.exit = Some(reason.clone());
    let mut relations = state.take_relations();
    drop(state);
    cell.trace_death(&reason);
    mem::take(&mut relations.names).consume(|id, name| name.release(id));
    table::remove(cell.pid);
    tell_relations(cell.pid, relations, &reason);
    true
}

fn tell_relations(pid: Pid, relations: Relations, reason: &ExitReason) {
    relations.monitors.consume(|reference, target| {
        if let Some(target) = table::get(target) {
            target.unwatch(reference);
        }
    });
    relations.links.consume(|_, peer| {
        exit_signal(&peer, pid, reason.clone(), Via::Link);
    });
    let tell = |reference, watcher| match watcher {
        Watcher::Slot(slot) => slot.down(reason.clone()),
        Watcher::Process(owner) => {
            if let Some(owner) = table::get(owner) {
                down(&owner, reference, pid, reason.clone());
            }
        }
    };
    relations.watchers.consume(tell);
}
