//! Starting processes: where they run, what they are linked to before they run, and how a starter
//! waits for `init`. The options are in `options.rs`.

mod options;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use actix::dev::channel::channel;
use actix_rt::{Arbiter, System};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::cell::{Cell, Label};
use crate::exit::ExitReason;
use crate::hooks::Hold;
use crate::panics;
use crate::pid::Pid;
use crate::process::Process;
use crate::process_ref::ProcRef;
use crate::shell::{Mailbox, Seed};
use crate::signals;
use crate::supervisor::SpecError;
use crate::table;
use crate::trace;

pub use options::{Monitor, Placement, Spawn};

/// Why a process could not be started.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let arbiter = actix_rt::Arbiter::new();
/// let there = Placement::On(arbiter.handle());
/// arbiter.stop();
/// arbiter.join().unwrap();
/// let error = start(Spawn::new().on(there), || Room).await.unwrap_err();
/// assert_eq!(error, StartError::Init(ExitReason::NoProc));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// It ended before its `init` was done: with the reason that `init` gave, `NoProc` if its
    /// arbiter was gone, or the reason of a signal that ended it.
    Init(ExitReason),
    /// The dynamic supervisor has as many children as it may have.
    MaxChildren,
    /// The supervisor is dead, or stops.
    NoProc,
    /// The supervisor's mailbox is full.
    Full,
    /// The name of the process is taken by this one (OTP: `{already_started, Pid}`).
    AlreadyStarted(Pid),
    /// The supervisor does not take such a child.
    BadSpec(SpecError),
}

impl StartError {
    /// The error as an exit reason.
    ///
    /// ```
    /// # use guildhall_process::{ExitReason, StartError};
    /// assert_eq!(StartError::Init(ExitReason::Killed).reason(), ExitReason::Killed);
    /// assert_eq!(StartError::MaxChildren.reason().label(), "error");
    /// ```
    pub fn reason(&self) -> ExitReason {
        match self {
            Self::Init(reason) => reason.clone(),
            Self::NoProc => ExitReason::NoProc,
            Self::MaxChildren | Self::Full | Self::AlreadyStarted(_) | Self::BadSpec(_) => {
                ExitReason::error(self.to_string())
            }
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Init(reason) => write!(f, "the process ended before it was ready: {reason}"),
            Self::MaxChildren => f.write_str("the supervisor has as many children as it may have"),
            Self::NoProc => f.write_str("the supervisor is dead"),
            Self::Full => f.write_str("the supervisor's mailbox is full"),
            Self::AlreadyStarted(pid) => write!(f, "already started as {pid}"),
            Self::BadSpec(error) => write!(f, "the supervisor refuses it: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// Hears once how `init` went; after an error the process is dead already.
pub(crate) type Starter = Box<dyn FnOnce(Pid, Result<(), ExitReason>) + Send>;

/// Starts a process without waiting for its `init`. Link and monitor of the options are set before
/// it can run. `make` runs on the process's arbiter, as the first thing the process does. Where no
/// arbiter can run it, the process is dead at once (`NoProc`), and its links hear of it.
///
/// # Panics
/// With [`Placement::Here`] on a thread that has an actix system but runs another tokio runtime, as
/// tokio's `spawn_local` does there.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let room = spawn(Spawn::named("hall"), || Room);
/// assert!(room.is_alive());
/// # });
/// ```
pub fn spawn<P: Process>(opts: Spawn, make: impl FnOnce() -> P + Send + 'static) -> ProcRef<P> {
    spawn_with(opts, make, None)
}

/// Starts a process and waits for its `init` (`start_link` if the options link it). The process
/// starts at once; the future only waits, on any thread, and dropping it ends nothing.
///
/// # Errors
/// [`StartError::Init`] if the process ended before it was ready. It is gone then, and its link has
/// got the exit signal like that of any other death.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let room = start(Spawn::named("hall"), || Room).await;
/// assert!(room.unwrap().is_alive());
/// # });
/// ```
pub fn start<P: Process>(
    opts: Spawn,
    make: impl FnOnce() -> P + Send + 'static,
) -> impl Future<Output = Result<ProcRef<P>, StartError>> + Send + 'static {
    let (starter, outcome) = starter();
    let process = spawn_with(opts, make, Some(starter));
    async move { outcome.await.map(|()| process) }
}

/// A starter and the future that waits for what it hears.
pub(crate) fn starter() -> (
    Starter,
    impl Future<Output = Result<(), StartError>> + Send + 'static,
) {
    let (tx, rx) = oneshot::channel();
    let starter: Starter = Box::new(move |_pid, result| {
        // Who does not wait any more needs no answer.
        let _ = tx.send(result);
    });
    let outcome = async move {
        match rx.await {
            Ok(result) => result.map_err(StartError::Init),
            Err(_closed) => Err(StartError::Init(ExitReason::NoProc)),
        }
    };
    (starter, outcome)
}

pub(crate) fn spawn_with<P, F>(opts: Spawn, make: F, starter: Option<Starter>) -> ProcRef<P>
where
    P: Process,
    F: FnOnce() -> P + Send + 'static,
{
    let spawned = spawn_as(opts, make, starter, |process| {
        table::insert(process.cell().clone());
        Ok::<_, Infallible>(())
    });
    match spawned {
        Ok(process) => process,
        Err(never) => match never {},
    }
}

/// `publish` puts the process into the table; before that nobody knows it, and after an error it
/// has never been.
pub(crate) fn spawn_as<P, F, E>(
    opts: Spawn,
    make: F,
    starter: Option<Starter>,
    publish: impl FnOnce(&ProcRef<P>) -> Result<(), E>,
) -> Result<ProcRef<P>, E>
where
    P: Process,
    F: FnOnce() -> P + Send + 'static,
{
    panics::install_hook();
    // Capacity 0 is "unbounded" to actix; the bound that holds is our own, in `ProcRef::tell`.
    let (sender, receiver) = channel(0);
    let label = Label {
        name: opts.name.map(String::into_boxed_str),
        child: opts.child,
    };
    let body = Mailbox(actix::Addr::new(sender));
    let cell = Arc::new(Cell::new(opts.parent, label, body));
    let process = ProcRef::new(Arc::clone(&cell));
    publish(&process)?;
    trace::spawned(opts.parent, cell.pid);
    let hold = Hold::on(&cell);
    if let Some(peer) = opts.link {
        signals::link(cell.clone(), peer);
    }
    if let Some(monitor) = opts.monitor {
        signals::monitor_by(monitor.by, monitor.reference, cell.pid);
    }
    let seed = Seed::new(cell, receiver, make, starter);
    place(opts.placement, seed, hold);
    Ok(process)
}

fn place<P, F>(placement: Placement, seed: Seed<P, F>, hold: Hold)
where
    P: Process,
    F: FnOnce() -> P + Send + 'static,
{
    match placement {
        Placement::On(arbiter) => {
            // An arbiter that is gone drops the seed, and that is the process's end.
            arbiter.spawn_fn(move || run(seed, hold));
        }
        // A thread with a system has an arbiter, and this is the cheapest way to ask.
        Placement::Here if System::is_registered() && Handle::try_current().is_ok() => {
            run(seed, hold);
        }
        Placement::Here => match Arbiter::try_current() {
            None => drop(seed),
            // The system has been made on this thread, but does not run yet.
            Some(arbiter) => place(Placement::On(arbiter), seed, hold),
        },
    }
}

fn run<P: Process, F: FnOnce() -> P + 'static>(seed: Seed<P, F>, hold: Hold) {
    if let Some(running) = seed.plant() {
        hold.spawn(running);
    }
}
