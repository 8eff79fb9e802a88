//! The dynamic supervisor: children of any type, started on request and without order. It never
//! waits for a child's `init`, so a slow one holds up nobody. Traps exits; stops all children in
//! parallel under one timer. What it knows of a child is in `child`, how others ask in `api`.

mod api;
mod child;
mod requests;

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::ctx::Ctx;
use crate::exit::ExitReason;
use crate::hooks::in_order;
use crate::panics::{drop_quietly, log_error};
use crate::pid::Pid;
use crate::process::{Exit, Handle, Init, Process};
use crate::supervisor::{
    AutoShutdown, Backoff, SHUTDOWN_TIMEOUT, Shutdown, Window, ends_with, restarts, stop_all,
};
use crate::sync::NumberHash;

use child::{Child, Phase};

pub use api::{DynamicChildInfo, DynamicRef};

/// A supervisor of children that come and go. Start it like any process and make a [`DynamicRef`]
/// of its reference.
///
/// ```
/// use guildhall_process::{
///     DynamicRef, DynamicSupervisor, Placement, Process, Restart, Spawn, start,
/// };
///
/// struct Session;
/// impl Process for Session {
///     const KIND: &'static str = "session";
/// }
///
/// actix_rt::System::new().block_on(async {
///     let sessions = start(Spawn::named("sessions"), DynamicSupervisor::new).await.unwrap();
///     let sessions = DynamicRef::from(sessions);
///     let name = Some("first".to_owned());
///     let first = sessions.start_child(name, Restart::Transient, Placement::Here, || Session);
///     let first = first.await.unwrap();
///     sessions.terminate_child(first.pid()).await.unwrap();
///     assert_eq!(sessions.which_children().await, Ok(vec![]));
/// });
/// ```
pub struct DynamicSupervisor {
    children: HashMap<Pid, Child, NumberHash>,
    children_max: usize,
    window: Window,
    shutdown: Shutdown,
    auto_shutdown: AutoShutdown,
    backoff: Option<Backoff>,
}

/// Goes on with a child that waits for its restart, known by the pid that it had. A message, so
/// that an order to stop or a request can get in between.
struct Retry(Pid, Why);

#[derive(Clone, Copy)]
enum Why {
    /// A restart has failed; the next one is to be counted.
    Failed,
    /// The wait is over; the restart was counted before it.
    Waited,
}

impl Default for DynamicSupervisor {
    fn default() -> Self {
        Self {
            children: HashMap::default(),
            children_max: usize::MAX,
            window: Window::default(),
            shutdown: Shutdown::Timeout(SHUTDOWN_TIMEOUT),
            auto_shutdown: AutoShutdown::Never,
            backoff: None,
        }
    }
}

impl DynamicSupervisor {
    /// No bound on children, OTP's intensity (1 restart in 5 s), 5 s for all children to stop.
    ///
    /// ```
    /// # use guildhall_process::DynamicSupervisor;
    /// let sessions = DynamicSupervisor::new();
    /// # drop(sessions);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses to start more children than this. One that is being restarted or stopped counts.
    ///
    /// ```
    /// # use guildhall_process::DynamicSupervisor;
    /// let sessions = DynamicSupervisor::new().max_children(10_000);
    /// # drop(sessions);
    /// ```
    pub fn max_children(mut self, max: usize) -> Self {
        self.children_max = max;
        self
    }

    /// Gives up at more than `max` restarts within `within`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use guildhall_process::DynamicSupervisor;
    /// let sessions = DynamicSupervisor::new().intensity(100, Duration::from_secs(5));
    /// # drop(sessions);
    /// ```
    pub fn intensity(mut self, max: u32, within: Duration) -> Self {
        self.window = Window::new(max, within);
        self
    }

    /// How the children are stopped when the supervisor stops; one timer for all of them.
    ///
    /// ```
    /// # use guildhall_process::{DynamicSupervisor, Shutdown};
    /// let sessions = DynamicSupervisor::new().shutdown(Shutdown::BrutalKill);
    /// # drop(sessions);
    /// ```
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Sets whether it ends when children have ended for good. As under OTP's simple_one_for_one,
    /// all children are significant then, and a permanent one is refused.
    ///
    /// ```
    /// # use guildhall_process::{AutoShutdown, DynamicSupervisor};
    /// let jobs = DynamicSupervisor::new().auto_shutdown(AutoShutdown::AllSignificant);
    /// # drop(jobs);
    /// ```
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.auto_shutdown = auto_shutdown;
        self
    }

    /// Waits before every restart of a child; each child has waits of its own.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use guildhall_process::{Backoff, DynamicSupervisor};
    /// let second = Duration::from_secs(1);
    /// let peers = DynamicSupervisor::new().backoff(Backoff::new(second, 60 * second));
    /// # drop(peers);
    /// ```
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = Some(backoff);
        self
    }

    /// A child is dead, for whatever reason.
    fn ended(&mut self, pid: Pid, reason: ExitReason, ctx: &mut Ctx<Self>) {
        let Some(mut child) = self.children.remove(&pid) else {
            return;
        };
        if let Some(answer) = child.answer.take() {
            // The first start failed: an error for who asked, and nothing to restart.
            drop_quietly(child);
            return answer(Err(reason));
        }
        match child.phase {
            Phase::Stopping => drop_quietly(child),
            // Its end is known already.
            Phase::Restarting => drop(self.children.insert(pid, child)),
            Phase::Starting => {
                child.note(reason);
                self.await_restart(pid, child);
                ctx.me().tell_exempt(Retry(pid, Why::Failed));
            }
            Phase::Ready if restarts(child.restart, &reason) => {
                child.note(reason);
                self.restart(pid, child, ctx);
            }
            Phase::Ready => self.gone(child, ctx),
        }
    }

    /// Counts a restart, then does it, or gives up.
    fn restart(&mut self, pid: Pid, mut child: Child, ctx: &mut Ctx<Self>) {
        if !self.window.allows(Instant::now()) {
            drop_quietly(child);
            log_error(format_args!(
                "supervisor {} gives up: too many restarts",
                ctx.pid()
            ));
            return self.shut_down(ExitReason::Shutdown, ctx);
        }
        let wait = child.wait(self.backoff);
        if wait.is_zero() {
            return self.launch(child, ctx);
        }
        self.await_restart(pid, child);
        ctx.send_after(wait, Retry(pid, Why::Waited));
    }

    fn await_restart(&mut self, pid: Pid, mut child: Child) {
        child.phase = Phase::Restarting;
        self.children.insert(pid, child);
    }

    fn launch(&mut self, mut child: Child, ctx: &mut Ctx<Self>) {
        child.phase = Phase::Starting;
        match child.launch(ctx) {
            Some(pid) => drop(self.children.insert(pid, child)),
            None => drop_quietly(child),
        }
    }

    /// A child has ended by itself for good.
    fn gone(&mut self, child: Child, ctx: &mut Ctx<Self>) {
        drop_quietly(child);
        let stays = |child: &Child| child.phase != Phase::Stopping;
        let others_left = self.children.values().any(stays);
        if ends_with(self.auto_shutdown, true, others_left) {
            self.shut_down(ExitReason::Shutdown, ctx);
        }
    }

    fn shut_down(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        let alive = self.children.iter().filter(|(_, child)| child.is_alive());
        let alive = in_order(alive, |(pid, _)| **pid)
            .map(|(pid, _)| *pid)
            .collect();
        let stopping = stop_all(ctx.pid(), alive, self.shutdown);
        ctx.wait(stopping, |_, _, ctx| ctx.exit(reason));
    }
}

impl Process for DynamicSupervisor {
    const KIND: &'static str = "dynamic_supervisor";
    const CLASS: &'static str = "supervisor";
    /// Requests to start; a burst of new connections must not be refused here.
    const MAILBOX_MAX: usize = 65_536;

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        ctx.trap_exit(true);
        Init::Ready
    }

    fn handle_exit(&mut self, exit: Exit, ctx: &mut Ctx<Self>) {
        if exit.from == Pid::OUTSIDE && exit.reason != ExitReason::Normal {
            return self.shut_down(exit.reason, ctx);
        }
        self.ended(exit.from, exit.reason, ctx);
    }

    fn handle_parent_exit(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        self.shut_down(reason, ctx);
    }

    fn state_summary(&self) -> Option<String> {
        Some(format!("{} children", self.children.len()))
    }
}

impl Handle<Retry> for DynamicSupervisor {
    fn handle(&mut self, Retry(pid, why): Retry, ctx: &mut Ctx<Self>) {
        match (self.children.remove(&pid), why) {
            // It was told to stop meanwhile.
            (None, _) => {}
            (Some(child), Why::Failed) => self.restart(pid, child, ctx),
            (Some(child), Why::Waited) => self.launch(child, ctx),
        }
    }
}

impl Drop for DynamicSupervisor {
    // One by one, because two panics of the user's values at once would abort.
    fn drop(&mut self) {
        for (_, child) in self.children.drain() {
            drop_quietly(child);
        }
    }
}
