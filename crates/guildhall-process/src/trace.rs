//! Tracing from outside (OTP's dbg): a bounded stream of what happens to one process, without its
//! help. Whom nobody traces pays one relaxed load for each message and each signal. Whoever is
//! traced pays for each event two locks and, for a message, two looks at a precise clock; a stream
//! that is full loses events and counts them, and never makes the process wait.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::sync::mpsc::{OwnedPermit, Receiver, Sender, channel};

use crate::cell::Cell;
use crate::ctx::Ctx;
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process::{Down, Exit, Process};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, NumberHash, lock};
use crate::table;

/// What has happened to a traced process.
///
/// ```
/// use guildhall_process::{Pid, TraceEvent};
///
/// let is_about = |event: &TraceEvent, peer: Pid| {
///     matches!(event, TraceEvent::Linked(pid) | TraceEvent::Unlinked(pid) if *pid == peer)
/// };
/// assert!(is_about(&TraceEvent::Linked(Pid::OUTSIDE), Pid::OUTSIDE));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceEvent {
    /// It has handled a message of this type (a timer's, an EXIT, a DOWN and a result count), or
    /// has broken in it.
    Handled {
        /// The type.
        message: &'static str,
        /// How long it ran.
        ran: Duration,
    },
    /// An exit signal came that ends it.
    ExitSignal(Exit),
    /// An EXIT is handled: an exit signal was trapped.
    Exit(Exit),
    /// A DOWN is handled.
    Down(Down),
    /// It was linked with this one.
    Linked(Pid),
    /// A link with this one was removed by one of the two.
    Unlinked(Pid),
    /// It monitors this one.
    Monitors(Pid),
    /// It was named as the parent of this new process.
    Spawned(Pid),
    /// It got this name, as `registry:key`.
    Registered(String),
    /// It has ended. Always the last event, also of a stream that is full.
    Died(ExitReason),
}

/// An event and its time.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let room = spawn(Spawn::new(), || Room);
/// let mut trace = trace(room.pid(), 100).unwrap();
/// let friend = spawn(Spawn::new().link(room.pid()), || Room);
/// let Traced { event, .. } = trace.next().await.unwrap();
/// assert_eq!(event, TraceEvent::Linked(friend.pid()));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// When; under virtual time by that clock.
    pub at: Instant,
    /// What.
    pub event: TraceEvent,
}

/// The stream of events of one process. It ends with the process; dropping it ends the tracing.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let room = spawn(Spawn::new(), || Room);
/// let trace: Trace = trace(room.pid(), 100).unwrap();
/// drop(trace); // From now on the process pays nothing for it.
/// # });
/// ```
#[derive(Debug)]
pub struct Trace {
    pid: Pid,
    id: u64,
    events: Receiver<Traced>,
    lost: Arc<AtomicU64>,
    ended: bool,
}

/// Where the events of a process go.
#[derive(Clone)]
struct Sink {
    id: u64,
    events: Sender<Traced>,
    /// The place for the death, so that a stream that is full of other events still tells it.
    last: Arc<Mutex<Option<OwnedPermit<Traced>>>>,
    lost: Arc<AtomicU64>,
}

type Sinks = HashMap<Pid, Vec<Sink>, NumberHash>;

/// All traces. Nothing else is locked under this lock, and nobody is woken under it.
static TRACES: LazyLock<Mutex<Sinks>> = LazyLock::new(Mutex::default);

/// What a channel can hold, but for the place of the death.
const EVENTS_MAX: usize = Semaphore::MAX_PERMITS - 1;

/// How many processes and ports are traced: a spawn looks for its parent only if any is.
static TRACED: AtomicU64 = AtomicU64::new(0);

/// Traces a process or port, as one of its tracers; at most `events_max` (at least 1) events, and
/// the death, wait to be read. `None` if it is dead.
///
/// ```
/// use guildhall_process::{Process, Spawn, TraceEvent, exit, spawn, trace};
/// # use guildhall_process::ExitReason;
///
/// struct Suspect;
///
/// impl Process for Suspect {
///     const KIND: &'static str = "suspect";
/// }
///
/// actix_rt::System::new().block_on(async {
///     let suspect = spawn(Spawn::new(), || Suspect);
///     let mut trace = trace(suspect.pid(), 100).unwrap();
///     exit(suspect.pid(), ExitReason::Kill);
///     let mut last = None;
///     while let Some(traced) = trace.next().await {
///         last = Some(traced.event);
///     }
///     assert_eq!(last, Some(TraceEvent::Died(ExitReason::Killed)));
/// });
/// ```
pub fn trace(pid: Pid, events_max: usize) -> Option<Trace> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let cell = table::get(pid)?;
    let (events, stream) = channel(events_max.clamp(1, EVENTS_MAX) + 1);
    let last = events.clone().try_reserve_owned().ok();
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let lost = Arc::<AtomicU64>::default();
    let sink = Sink {
        id,
        events,
        last: Arc::new(Mutex::new(last)),
        lost: Arc::clone(&lost),
    };
    let trace = Trace {
        pid,
        id,
        events: stream,
        lost,
        ended: false,
    };
    {
        let mut traces = lock(&TRACES);
        traces.entry(pid).or_default().push(sink);
        note_traced(&cell, &traces);
    }
    // Either its death sees the trace, or we see its death; the drop of the trace removes it.
    cell.is_alive().then_some(trace)
}

/// Under the lock, so that what is noted is what is there.
fn note_traced(cell: &Cell, traces: &Sinks) {
    cell.attention.set_traced(traces.contains_key(&cell.pid));
    count_traced(traces);
}

fn count_traced(traces: &Sinks) {
    let traced = u64::try_from(traces.len()).unwrap_or(u64::MAX);
    TRACED.store(traced, Ordering::Relaxed);
}

impl Trace {
    /// Whom it traces.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let room = spawn(Spawn::new(), || Room);
    /// assert_eq!(trace(room.pid(), 100).unwrap().pid(), room.pid());
    /// # });
    /// ```
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// The next event; `None` after the last one. Cancel safe.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let room = spawn(Spawn::new(), || Room);
    /// let mut trace = trace(room.pid(), 100).unwrap();
    /// exit(room.pid(), ExitReason::Kill);
    /// while let Some(traced) = trace.next().await {
    ///     println!("{traced:?}");
    /// }
    /// assert!(!room.is_alive());
    /// # });
    /// ```
    pub async fn next(&mut self) -> Option<Traced> {
        if self.ended {
            return None;
        }
        let traced = self.events.recv().await;
        self.note(traced)
    }

    /// The next event if it is there already.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let room = spawn(Spawn::new(), || Room);
    /// let mut trace = trace(room.pid(), 100).unwrap();
    /// assert_eq!(trace.try_next(), None, "nothing has happened");
    /// # });
    /// ```
    pub fn try_next(&mut self) -> Option<Traced> {
        if self.ended {
            return None;
        }
        let traced = self.events.try_recv().ok();
        self.note(traced)
    }

    /// Another thread may still tell of something that it did to the process just before its death.
    fn note(&mut self, traced: Option<Traced>) -> Option<Traced> {
        let event = traced.as_ref().map(|traced| &traced.event);
        self.ended |= matches!(event, Some(TraceEvent::Died(_)));
        traced
    }

    /// How many events were lost because the stream was full.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let room = spawn(Spawn::new(), || Room);
    /// let trace = trace(room.pid(), 1).unwrap();
    /// let friends: Vec<_> = (0..3).map(|_| spawn(Spawn::new().link(room.pid()), || Room)).collect();
    /// assert_eq!(trace.lost(), 2, "one event waits to be read");
    /// # drop(friends);
    /// # });
    /// ```
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let cell = table::get(self.pid);
        let mut traces = lock(&TRACES);
        let mut removed = None;
        if let Some(sinks) = traces.get_mut(&self.pid) {
            let mine = sinks.iter().position(|sink| sink.id == self.id);
            removed = mine.map(|mine| sinks.swap_remove(mine));
            if sinks.is_empty() {
                traces.remove(&self.pid);
            }
        }
        match cell {
            Some(cell) => note_traced(&cell, &traces),
            None => count_traced(&traces),
        }
        drop(traces);
        drop(removed);
    }
}

impl Sink {
    fn tell(&self, event: TraceEvent) {
        if self.events.try_send(Traced::now(event)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn tell_death(&self, reason: ExitReason) {
        let place = lock(&self.last).take();
        if let Some(place) = place {
            place.send(Traced::now(TraceEvent::Died(reason)));
        }
    }
}

impl Traced {
    fn now(event: TraceEvent) -> Self {
        let at = tokio::time::Instant::now().into_std();
        Self { at, event }
    }
}

impl<B: ?Sized> Cell<B> {
    /// To be called without a lock: who reads the stream is woken.
    pub fn trace(&self, event: impl FnOnce() -> TraceEvent) {
        if self.attention.is_traced() {
            tell(self.pid, event());
        }
    }

    /// The last event.
    pub fn trace_death(&self, reason: &ExitReason) {
        if self.attention.is_traced() {
            let sinks = {
                let mut traces = lock(&TRACES);
                let sinks = traces.remove(&self.pid).unwrap_or_default();
                count_traced(&traces);
                sinks
            };
            for sink in sinks {
                sink.tell_death(reason.clone());
            }
        }
    }
}

#[cold]
fn tell(pid: Pid, event: TraceEvent) {
    let sinks = lock(&TRACES).get(&pid).cloned().unwrap_or_default();
    for sink in sinks {
        sink.tell(event.clone());
    }
}

/// A new process names `parent` as its parent.
pub(crate) fn spawned(parent: Option<Pid>, child: Pid) {
    if TRACED.load(Ordering::Relaxed) > 0
        && let Some(parent) = parent.and_then(table::get)
    {
        parent.trace(|| TraceEvent::Spawned(child));
    }
}

/// The message of a traced process that runs.
pub(crate) struct Running {
    message: &'static str,
    began: Instant,
}

impl<P: Process> Ctx<P> {
    /// Somebody looks closely: times the message that begins, and tells of the one before.
    #[cold]
    pub(crate) fn attend(&mut self, message: &'static str) {
        self.cell.attention.begin_message();
        self.end_message();
        if self.cell.attention.is_traced() {
            let began = Instant::now();
            self.traced = Some(Box::new(Running { message, began }));
        }
    }

    /// The traced message that ran has been handled, if there is one.
    pub(crate) fn end_message(&mut self) {
        if let Some(running) = self.traced.take() {
            let message = running.message;
            let ran = running.began.elapsed();
            self.cell.trace(|| TraceEvent::Handled { message, ran });
        }
    }
}

#[cfg(test)]
mod tests;
