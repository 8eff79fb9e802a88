//! The context: what a process can do with itself while one of its methods runs. Inside it is an
//! actix context of our own; users never call actix's traits on it.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::dev::{AsyncContextParts, ContextParts};
use actix::fut::ActorFuture;
use actix::{ActorContext, ActorState, Addr, AsyncContext, SpawnHandle};

use crate::cell::Cell;
use crate::exit::ExitReason;
use crate::pid::{MonitorRef, Pid};
use crate::process::{Handle, Process};
use crate::process_ref::ProcRef;
use crate::shell::{Ending, Mailbox, Shell};
use crate::signals;
use crate::spawn::{Monitor, Spawn, Starter, spawn};
use crate::sync::lock;
use crate::task::Task;

/// Messages that a process may handle before its arbiter's other tasks get a turn.
pub(crate) const TURN_MESSAGES: u32 = 64;

/// A timer set with [`Ctx::send_after`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerRef(SpawnHandle);

/// The running process's view of itself.
pub struct Ctx<P: Process> {
    parts: ContextParts<Shell<P>>,
    pub(crate) cell: Arc<Cell<Mailbox<P>>>,
    /// Messages left in this turn.
    pub(crate) budget: u32,
    /// `init` has succeeded.
    pub(crate) ready: bool,
    /// The process wants to end.
    pub(crate) exit: Option<ExitReason>,
    /// The process ends now; see [`Shell`].
    pub(crate) ending: Option<Box<Ending>>,
    /// Who waits for `init`.
    pub(crate) starter: Option<Starter>,
    pub(crate) last_message: Option<&'static str>,
    timers: HashSet<SpawnHandle>,
}

impl<P: Process> Ctx<P> {
    pub(crate) fn new(
        parts: ContextParts<Shell<P>>,
        cell: Arc<Cell<Mailbox<P>>>,
        starter: Option<Starter>,
    ) -> Self {
        Self {
            parts,
            cell,
            budget: TURN_MESSAGES,
            ready: false,
            exit: None,
            ending: None,
            starter,
            last_message: None,
            timers: HashSet::new(),
        }
    }

    /// Charges a message to the turn and makes it visible to the status page.
    pub(crate) fn begin(&mut self, name: &'static str, counted: bool) {
        self.budget = self.budget.saturating_sub(1);
        if counted {
            self.cell.mailbox_len.fetch_sub(1, Ordering::Relaxed);
        }
        // Only the owner writes, so load and store need not be one step.
        let handled = self.cell.handled.load(Ordering::Relaxed);
        self.cell.handled.store(handled + 1, Ordering::Relaxed);
        if self.last_message.map(str::as_ptr) != Some(name.as_ptr()) {
            self.last_message = Some(name);
            *lock(&self.cell.current) = name;
        }
        #[cfg(feature = "testing")]
        crate::testing::crash_if_due(&self.cell.crash_in);
    }

    /// Whether this turn is over: the budget is used up, or the process is about to end.
    pub(crate) fn is_spent(&self) -> bool {
        self.budget == 0 || self.exit.is_some() || self.cell.urgent.load(Ordering::Relaxed)
    }

    /// The process's own pid.
    pub fn pid(&self) -> Pid {
        self.cell.pid
    }

    /// A reference to the process itself.
    pub fn me(&self) -> ProcRef<P> {
        ProcRef::new(Arc::clone(&self.cell))
    }

    /// Who started the process, if a process did.
    pub fn parent(&self) -> Option<Pid> {
        self.cell.parent
    }

    /// From now on exit signals (but for the kill) become calls of [`Process::handle_exit`].
    pub fn trap_exit(&mut self, on: bool) {
        lock(&self.cell.state).trap_exit = on;
    }

    /// Links this process with another: when one ends, the other gets an exit signal. Two
    /// processes have at most one link. A dead `pid` sends a `NoProc` exit signal at once.
    pub fn link(&mut self, pid: Pid) {
        signals::link(&*self.cell, pid);
    }

    /// Removes the link, for both sides. An EXIT in the mailbox already is still handled.
    pub fn unlink(&mut self, pid: Pid) {
        signals::unlink(&*self.cell, pid);
    }

    /// Asks for a [`crate::Down`] when `pid` ends; at once and with `NoProc` if it is dead. Every
    /// call makes another monitor.
    pub fn monitor(&mut self, pid: Pid) -> MonitorRef {
        let reference = MonitorRef::next();
        signals::monitor(&*self.cell, reference, pid);
        reference
    }

    /// Removes a monitor; after this no DOWN of it is handled, even if it is in the mailbox.
    pub fn demonitor(&mut self, monitor: MonitorRef) {
        signals::demonitor(&*self.cell, monitor);
    }

    /// Ends this process with `reason` once the current handler returns; no further message is
    /// handled. The first call counts.
    pub fn exit(&mut self, reason: ExitReason) {
        self.exit.get_or_insert(reason);
    }

    /// Ends an asynchronous `init` ([`crate::Init::Pending`]); an error ends the process with it.
    pub fn init_done(&mut self, result: Result<(), ExitReason>) {
        match result {
            Err(reason) => self.exit(reason),
            Ok(()) if self.exit.is_some() => {}
            Ok(()) => {
                self.ready = true;
                if let Some(starter) = self.starter.take() {
                    starter(self.cell.pid, Ok(()));
                }
            }
        }
    }

    /// Spawns a child of this process, linked to it before it runs.
    pub fn spawn_link<Q: Process>(
        &mut self,
        opts: Spawn,
        make: impl FnOnce() -> Q + Send + 'static,
    ) -> ProcRef<Q> {
        spawn(opts.child_of(self.pid()), make)
    }

    /// Spawns a process and monitors it before it runs.
    pub fn spawn_monitor<Q: Process>(
        &mut self,
        opts: Spawn,
        make: impl FnOnce() -> Q + Send + 'static,
    ) -> (ProcRef<Q>, MonitorRef) {
        let monitor = Monitor::by(self.pid());
        (spawn(opts.monitor(monitor), make), monitor.reference)
    }

    /// Handles `msg` after a delay. Dies with the process; is exempt from the mailbox bound.
    pub fn send_after<M: Send + 'static>(&mut self, after: Duration, msg: M) -> TimerRef
    where
        P: Handle<M>,
    {
        let task = Task::message::<M>(
            Box::pin(tokio::time::sleep(after)),
            move |process: &mut P, (), ctx: &mut Ctx<P>| {
                // A cancelled timer that was due in this same turn must stay silent.
                let handle = ctx.parts.curr_handle();
                if ctx.timers.remove(&handle) {
                    process.handle(msg, ctx);
                }
            },
        );
        let handle = self.parts.spawn(task);
        self.timers.insert(handle);
        TimerRef(handle)
    }

    /// Takes a timer back; after this its message is not handled any more.
    pub fn cancel_timer(&mut self, timer: TimerRef) {
        if self.timers.remove(&timer.0) {
            self.parts.cancel_future(timer.0);
        }
    }

    /// Runs a future beside the mailbox; `then` gets its result as if it were a message. Both die
    /// with the process. A panic in the future is the process's panic.
    pub fn run<F, T>(&mut self, fut: F, then: impl FnOnce(&mut P, T, &mut Ctx<P>) + 'static)
    where
        F: Future<Output = T> + 'static,
        T: 'static,
    {
        self.parts.spawn(Task::message::<F>(Box::pin(fut), then));
    }

    /// Runs a future while the mailbox waits. Exit signals and the kill still interrupt it; what
    /// they would leave as messages for a process that traps exits waits, too.
    pub fn wait<F, T>(&mut self, fut: F, then: impl FnOnce(&mut P, T, &mut Ctx<P>) + 'static)
    where
        F: Future<Output = T> + 'static,
        T: 'static,
    {
        self.parts.wait(Task::waited::<F>(Box::pin(fut), then));
    }
}

impl<P: Process> ActorContext for Ctx<P> {
    fn stop(&mut self) {
        self.exit(ExitReason::Normal);
    }

    fn terminate(&mut self) {
        self.exit(ExitReason::Normal);
    }

    fn state(&self) -> ActorState {
        self.parts.state()
    }
}

impl<P: Process> AsyncContext<Shell<P>> for Ctx<P> {
    fn address(&self) -> Addr<Shell<P>> {
        self.parts.address()
    }

    fn spawn<F>(&mut self, fut: F) -> SpawnHandle
    where
        F: ActorFuture<Shell<P>, Output = ()> + 'static,
    {
        self.parts.spawn(fut)
    }

    fn wait<F>(&mut self, fut: F)
    where
        F: ActorFuture<Shell<P>, Output = ()> + 'static,
    {
        self.parts.wait(fut);
    }

    // The mailbox asks this before every message: here the turn's budget, an own exit and a
    // signal that has just come in stop it.
    fn waiting(&self) -> bool {
        self.parts.waiting() || self.is_spent()
    }

    fn cancel_future(&mut self, handle: SpawnHandle) -> bool {
        self.parts.cancel_future(handle)
    }
}

impl<P: Process> AsyncContextParts<Shell<P>> for Ctx<P> {
    fn parts(&mut self) -> &mut ContextParts<Shell<P>> {
        &mut self.parts
    }
}
