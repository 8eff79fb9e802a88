//! The supervisor: starts its children in order, restarts them by strategy and intensity, stops
//! them in reverse order, one at a time. Traps exits; its mailbox waits while a plan is carried
//! out. `plan` decides, `steps` carries out, `children` remembers, `api` is how others ask.

mod api;
mod backoff;
mod children;
mod plan;
mod policy;
mod requests;
mod spec;
mod steps;
mod stop;
mod window;

use std::time::Duration;

use tokio::time::Instant;

use crate::ctx::Ctx;
use crate::exit::ExitReason;
use crate::panics::log_error;
use crate::pid::Pid;
use crate::process::{Exit, Handle, Init, Process};

use children::Children;
use plan::{Key, Step};
use steps::Failed;

pub use api::{ChildCounts, ChildError, ChildInfo, ChildStatus, SupervisorRef};
pub use backoff::{Backoff, Jitter};
pub use policy::{AutoShutdown, ChildKind, Restart, Shutdown, SpecError, Strategy};
pub use spec::ChildSpec;

pub(crate) use api::answered;
pub(crate) use backoff::Streak;
pub(crate) use plan::{check, ends_with, restarts};
pub(crate) use policy::SHUTDOWN_TIMEOUT;
pub(crate) use stop::{stop, stop_all};
pub(crate) use window::Window;

/// A supervisor. Start it like any process; its `init` is done when all children are ready. It
/// exits `Shutdown` when its children fail more often than its intensity allows.
///
/// As in OTP it is busy while it starts or stops a child, and obeys a `Shutdown` only afterwards:
/// a child whose `init` never ends holds up an orderly stop. A kill works at once, and then such a
/// child dies with its supervisor. A wait for a restart ([`Backoff`]) holds up nothing.
///
/// It obeys its parent, and signals that come from no process ([`crate::exit`]), but for `Normal`; those of
/// strangers it ignores, but for the kill.
///
/// ```
/// use guildhall_process::{ChildSpec, Process, Spawn, Strategy, Supervisor, SupervisorRef, start};
///
/// struct Clock;
/// impl Process for Clock {
///     const KIND: &'static str = "clock";
/// }
///
/// actix_rt::System::new().block_on(async {
///     let root = start(Spawn::named("root"), || {
///         Supervisor::new(Strategy::OneForOne).child(ChildSpec::worker("clock", || Clock))
///     });
///     let root = SupervisorRef::from(root.await.unwrap());
///     assert_eq!(root.count_children().await.unwrap().active, 1);
/// });
/// ```
pub struct Supervisor {
    strategy: Strategy,
    auto_shutdown: AutoShutdown,
    window: Window,
    children: Children,
}

/// Goes on with a child that waits for its restart. A message, so that an order to stop or a
/// request can get in between.
struct Retry {
    key: Key,
    attempt: u64,
    why: Why,
}

#[derive(Clone, Copy)]
enum Why {
    /// A restart has failed; the next one is to be counted.
    Failed,
    /// The wait is over; the restart was counted before it.
    Waited,
}

impl Supervisor {
    /// A supervisor without children, with OTP's intensity: 1 restart in 5 s.
    ///
    /// ```
    /// # use guildhall_process::{Strategy, Supervisor};
    /// let root = Supervisor::new(Strategy::OneForOne);
    /// # drop(root);
    /// ```
    pub fn new(strategy: Strategy) -> Self {
        Self {
            strategy,
            auto_shutdown: AutoShutdown::Never,
            window: Window::default(),
            children: Children::default(),
        }
    }

    /// Gives up at more than `max` restarts within `within`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use guildhall_process::{Strategy, Supervisor};
    /// let root = Supervisor::new(Strategy::OneForOne).intensity(3, Duration::from_secs(10));
    /// # drop(root);
    /// ```
    pub fn intensity(mut self, max: u32, within: Duration) -> Self {
        self.window = Window::new(max, within);
        self
    }

    /// Sets whether it ends when significant children have ended.
    ///
    /// ```
    /// # use guildhall_process::{AutoShutdown, Strategy, Supervisor};
    /// let job = Supervisor::new(Strategy::OneForAll).auto_shutdown(AutoShutdown::AllSignificant);
    /// # drop(job);
    /// ```
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.auto_shutdown = auto_shutdown;
        self
    }

    /// Adds a child, to be started after those added before. A [`SpecError`] fails the
    /// supervisor's `init`, before any child is started.
    ///
    /// ```
    /// # use guildhall_process::{ChildSpec, Process, Strategy, Supervisor};
    /// # struct Clock;
    /// # impl Process for Clock { const KIND: &'static str = "clock"; }
    /// let root = Supervisor::new(Strategy::OneForOne).child(ChildSpec::worker("clock", || Clock));
    /// # drop(root);
    /// ```
    pub fn child(mut self, spec: ChildSpec) -> Self {
        self.children.push(spec);
        self
    }

    /// Counts a restart, then does it, or gives up. If the child is to wait first, those that its
    /// restart takes along are stopped at once: they must not run on beside a dead sibling.
    fn restart(&mut self, key: Key, ctx: &mut Ctx<Self>) {
        if !self.window.allows(Instant::now()) {
            log_error(format_args!(
                "supervisor {} gives up: too many restarts",
                ctx.pid()
            ));
            return self.shut_down(ExitReason::Shutdown, ctx);
        }
        let wait = self.children.find(key).map(children::Child::wait);
        let Some(wait) = wait.filter(|wait| !wait.is_zero()) else {
            return self.restart_now(key, ctx);
        };
        let reach = plan::reach(self.strategy, self.children.entries(), key);
        self.carry_out(plan::stop_all(&reach), ctx, move |supervisor, _, ctx| {
            if let Some(child) = supervisor.children.find(key) {
                let attempt = child.await_restart();
                let why = Why::Waited;
                ctx.send_after(wait, Retry { key, attempt, why });
            }
        });
    }

    fn restart_now(&mut self, key: Key, ctx: &mut Ctx<Self>) {
        let reach = plan::reach(self.strategy, self.children.entries(), key);
        let steps = plan::restart(&reach);
        for step in &steps {
            if let Step::Start(key) = step
                && let Some(child) = self.children.find(*key)
            {
                child.restarts += 1;
            }
        }
        self.carry_out(steps, ctx, |supervisor, result, ctx| {
            if let Err(Failed { key, .. }) = result
                && let Some(child) = supervisor.children.find(key)
            {
                let attempt = child.await_restart();
                let why = Why::Failed;
                ctx.me().tell_exempt(Retry { key, attempt, why });
            }
        });
    }

    fn shut_down(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        let steps = plan::stop_all(&self.children.entries());
        self.carry_out(steps, ctx, |_, _, ctx| ctx.exit(reason));
    }

    /// A failed child of the first start: the ones before it are stopped, in reverse.
    fn give_up_init(&mut self, failed: &Failed, ctx: &mut Ctx<Self>) {
        let why = format!(
            "failed_to_start_child {}: {}",
            failed.id,
            failed.error.reason()
        );
        let steps = plan::stop_all(&self.children.entries());
        self.carry_out(steps, ctx, move |_, _, ctx| {
            ctx.init_done(Err(ExitReason::shutdown_with(&why)));
        });
    }
}

impl Process for Supervisor {
    const KIND: &'static str = "supervisor";
    const CLASS: &'static str = "supervisor";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        if let Err(error) = self.children.check(self.auto_shutdown) {
            return Init::Fail(error.into());
        }
        ctx.trap_exit(true);
        let steps: Vec<_> = self.children.iter().map(|c| Step::Start(c.key)).collect();
        self.carry_out(steps, ctx, |supervisor, result, ctx| match result {
            Ok(()) => ctx.init_done(Ok(())),
            Err(failed) => supervisor.give_up_init(&failed, ctx),
        });
        Init::Pending
    }

    fn handle_exit(&mut self, exit: Exit, ctx: &mut Ctx<Self>) {
        if exit.from == Pid::OUTSIDE && exit.reason != ExitReason::Normal {
            return self.shut_down(exit.reason, ctx);
        }
        // Unknown: a child that was stopped or whose start failed, or a stranger (OTP ignores it).
        let Some(child) = self.children.by_pid(exit.from) else {
            return;
        };
        let (key, significant) = (child.key, child.spec.significant);
        let again = plan::restarts(child.spec.restart, &exit.reason);
        self.children.ended(key, Some(exit.reason));
        if again {
            self.restart(key, ctx);
        } else if plan::ends_with(
            self.auto_shutdown,
            significant,
            self.children.any_significant_left(),
        ) {
            self.shut_down(ExitReason::Shutdown, ctx);
        }
    }

    fn handle_parent_exit(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        self.shut_down(reason, ctx);
    }

    fn state_summary(&self) -> Option<String> {
        let counts = self.children.counts();
        Some(format!(
            "{} of {} children run",
            counts.active, counts.specs
        ))
    }
}

impl Handle<Retry> for Supervisor {
    fn handle(&mut self, retry: Retry, ctx: &mut Ctx<Self>) {
        let due = self.children.find(retry.key).is_some_and(|child| {
            child.status == ChildStatus::Restarting && child.attempt == retry.attempt
        });
        match retry.why {
            _ if !due => {}
            Why::Failed => self.restart(retry.key, ctx),
            Why::Waited => self.restart_now(retry.key, ctx),
        }
    }
}
