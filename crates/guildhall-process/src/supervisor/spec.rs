//! Child specifications: what a supervisor must know to start, restart and stop one child. The
//! words in them are in `policy.rs`.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;

use super::Supervisor;
use super::backoff::Backoff;
use super::policy::{ChildKind, Restart, Shutdown};
use crate::cell::ChildRecord;
use crate::dynamic::DynamicSupervisor;
use crate::exit::ExitReason;
use crate::panics::{Fault, Quiet, catch, drop_quietly};
use crate::pid::Pid;
use crate::process::Process;
use crate::process_ref::ProcRef;
use crate::registry::Via;
use crate::spawn::{Placement, Spawn, StartError, start};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A started child: its pid and its typed reference.
pub(super) type Started = (Pid, Box<dyn Any + Send>);

type StartFn = dyn Fn(Spawn) -> BoxFuture<Result<Started, StartError>> + Send + Sync;
type OnStart = dyn Fn(&dyn Any) -> Result<(), ExitReason> + Send + Sync;

/// What a supervisor must know to start, restart and stop one child.
///
/// ```
/// use std::time::Duration;
/// use guildhall_process::{Backoff, ChildSpec, Process, Restart, Shutdown};
///
/// struct Mailer;
/// impl Process for Mailer {
///     const KIND: &'static str = "mailer";
/// }
///
/// let second = Duration::from_secs(1);
/// let mailer = ChildSpec::worker("mailer", || Mailer)
///     .restart(Restart::Transient)
///     .shutdown(Shutdown::Timeout(second))
///     .backoff(Backoff::new(second, 60 * second));
/// # drop(mailer);
/// ```
#[derive(Clone)]
pub struct ChildSpec {
    pub(super) id: String,
    pub(super) kind: ChildKind,
    pub(super) restart: Restart,
    pub(super) shutdown: Shutdown,
    pub(super) significant: bool,
    pub(super) backoff: Option<Backoff>,
    placement: Placement,
    start: Arc<StartFn>,
    on_start: Option<Arc<OnStart>>,
}

impl ChildSpec {
    /// A child: permanent, on the supervisor's arbiter, with 5 s to shut down (a supervisor of this
    /// crate has all the time it needs). `make` runs on the child's arbiter, once for every start.
    ///
    /// ```
    /// # use guildhall_process::{ChildSpec, Process};
    /// # struct Clock;
    /// # impl Process for Clock { const KIND: &'static str = "clock"; }
    /// let clock = ChildSpec::worker("clock", || Clock);
    /// # drop(clock);
    /// ```
    pub fn worker<P: Process>(
        id: impl Into<String>,
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> Self {
        let make = Arc::new(make);
        Self::started_by(id, move |opts| {
            let make = Arc::clone(&make);
            start(opts, move || make())
        })
    }

    /// A child that has a name in a registry from its start on; see [`Via::start`]. While another
    /// process has the name the child cannot be started.
    ///
    /// ```
    /// use guildhall_process::{ChildSpec, Process, Registry};
    ///
    /// struct Mailer;
    /// impl Process for Mailer {
    ///     const KIND: &'static str = "mailer";
    /// }
    ///
    /// let services: Registry<&str, Mailer> = Registry::new("services");
    /// let mailer = ChildSpec::via("mailer", services.via("mailer"), || Mailer);
    /// # drop(mailer);
    /// ```
    pub fn via<K, P: Process>(
        id: impl Into<String>,
        via: Via<K, P>,
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> Self
    where
        K: Eq + Hash + Clone + Send + Sync + fmt::Debug + 'static,
    {
        let make = Arc::new(make);
        // Two values of a user's in one closure: they may both panic when they are dropped.
        let via = Quiet::new(via);
        Self::started_by(id, move |opts| {
            let make = Arc::clone(&make);
            let starting = via.get().map(|via| via.start(opts, move || make()));
            async move {
                match starting {
                    Some(starting) => starting.await,
                    None => Err(StartError::NoProc),
                }
            }
        })
    }

    fn started_by<P: Process, F>(
        id: impl Into<String>,
        start: impl Fn(Spawn) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<ProcRef<P>, StartError>> + Send + 'static,
    {
        let start = move |opts: Spawn| -> BoxFuture<Result<Started, StartError>> {
            // The key of a name is a user's: its `Clone`, `Hash` and `Eq` may panic.
            let started = catch(|| start(opts));
            Box::pin(async move {
                let failed = |fault: Fault| StartError::Init(fault.into_reason(None));
                let process = started.map_err(failed)?.await?;
                let any: Box<dyn Any + Send> = Box::new(process.clone());
                Ok((process.pid(), any))
            })
        };
        let kind = ChildKind::of::<P>();
        Self {
            id: id.into(),
            kind,
            restart: Restart::Permanent,
            shutdown: kind.shutdown(),
            significant: false,
            backoff: None,
            placement: Placement::Here,
            start: Arc::new(start),
            on_start: None,
        }
    }

    /// A supervisor: permanent, with all the time it needs to shut down.
    ///
    /// ```
    /// # use guildhall_process::{ChildSpec, Strategy, Supervisor};
    /// let core = ChildSpec::supervisor("core", || Supervisor::new(Strategy::OneForAll));
    /// # drop(core);
    /// ```
    pub fn supervisor(
        id: impl Into<String>,
        make: impl Fn() -> Supervisor + Send + Sync + 'static,
    ) -> Self {
        Self::worker(id, make)
    }

    /// A dynamic supervisor: permanent, with all the time it needs to shut down.
    ///
    /// ```
    /// # use guildhall_process::{ChildSpec, DynamicSupervisor};
    /// let sessions = ChildSpec::dynamic("sessions", DynamicSupervisor::new);
    /// # drop(sessions);
    /// ```
    pub fn dynamic(
        id: impl Into<String>,
        make: impl Fn() -> DynamicSupervisor + Send + Sync + 'static,
    ) -> Self {
        Self::worker(id, make)
    }

    /// Sets the restart type.
    ///
    /// ```
    /// # use guildhall_process::{ChildSpec, Process, Restart};
    /// # struct Clock;
    /// # impl Process for Clock { const KIND: &'static str = "clock"; }
    /// let once = ChildSpec::worker("clock", || Clock).restart(Restart::Temporary);
    /// # drop(once);
    /// ```
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// Sets how the child is stopped.
    ///
    /// ```
    /// # use guildhall_process::{ChildSpec, Process, Shutdown};
    /// # struct Clock;
    /// # impl Process for Clock { const KIND: &'static str = "clock"; }
    /// let clock = ChildSpec::worker("clock", || Clock).shutdown(Shutdown::BrutalKill);
    /// # drop(clock);
    /// ```
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Whether the child's own end counts for the supervisor's [`super::AutoShutdown`]. Refused
    /// for a permanent child, and below a supervisor that never shuts itself down.
    ///
    /// ```
    /// # use guildhall_process::{ChildSpec, Process, Restart};
    /// # struct Clock;
    /// # impl Process for Clock { const KIND: &'static str = "clock"; }
    /// let clock = ChildSpec::worker("clock", || Clock).restart(Restart::Temporary).significant(true);
    /// # drop(clock);
    /// ```
    pub fn significant(mut self, significant: bool) -> Self {
        self.significant = significant;
        self
    }

    /// Waits before every restart of this child. It stands here and not at the supervisor because
    /// the reason to wait is what this one child needs from outside; its siblings need not.
    ///
    /// ```
    /// # use guildhall_process::{Backoff, ChildSpec, Process};
    /// # struct Clock;
    /// # impl Process for Clock { const KIND: &'static str = "clock"; }
    /// use std::time::Duration;
    ///
    /// let second = Duration::from_secs(1);
    /// let clock = ChildSpec::worker("clock", || Clock).backoff(Backoff::new(second, 30 * second));
    /// # drop(clock);
    /// ```
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = Some(backoff);
        self
    }

    /// Sets where the child runs.
    ///
    /// ```
    /// # use guildhall_process::{ChildSpec, Placement, Process};
    /// # struct Clock;
    /// # impl Process for Clock { const KIND: &'static str = "clock"; }
    /// # fn place(arbiter: guildhall_process::ArbiterHandle) -> ChildSpec {
    /// ChildSpec::worker("clock", || Clock).placement(Placement::On(arbiter))
    /// # }
    /// ```
    pub fn placement(mut self, placement: Placement) -> Self {
        self.placement = placement;
        self
    }

    /// Calls `f` on the supervisor's arbiter after every successful start, before the next child
    /// is started; a further one is called after it. `P` must be the child's type: otherwise, and
    /// if `f` panics, the child is stopped and counts as one that could not be started.
    ///
    /// ```
    /// # use guildhall_process::{ChildSpec, ProcRef, Process};
    /// # struct Clock;
    /// # impl Process for Clock { const KIND: &'static str = "clock"; }
    /// let clock = ChildSpec::worker("clock", || Clock);
    /// let clock = clock.on_start(|clock: &ProcRef<Clock>| println!("{clock:?} runs"));
    /// # drop(clock);
    /// ```
    pub fn on_start<P: Process>(mut self, f: impl Fn(&ProcRef<P>) + Send + Sync + 'static) -> Self {
        let before = Quiet::new(self.on_start.take());
        self.on_start = Some(Arc::new(move |any: &dyn Any| {
            let before = before.get().and_then(Option::as_ref);
            before.map_or(Ok(()), |before| before(any))?;
            let process = any.downcast_ref::<ProcRef<P>>().ok_or_else(|| {
                ExitReason::error(format!("on_start expects a {}, not this child", P::KIND))
            })?;
            f(process);
            Ok(())
        }));
        self
    }

    /// Starts the child below `parent`; it is linked to it before it runs.
    pub(super) fn start(
        &self,
        parent: Pid,
        restarts: u32,
        last_exit: Option<ExitReason>,
    ) -> BoxFuture<Result<Started, StartError>> {
        let opts = Spawn::named(self.id.clone())
            .on(self.placement.clone())
            .child_of(parent)
            .record(ChildRecord {
                restart: self.restart,
                restarts,
                last_exit,
            });
        (self.start)(opts)
    }

    /// Tells of a successful start. As in OTP, what goes wrong here is a failed start and no crash
    /// of the supervisor.
    pub(super) fn started(&self, process: &dyn Any) -> Result<(), ExitReason> {
        match &self.on_start {
            None => Ok(()),
            Some(f) => catch(|| f(process)).unwrap_or_else(|fault| Err(fault.into_reason(None))),
        }
    }
}

impl Drop for ChildSpec {
    // Two closures of the user's end here: alone each of them may panic, together they would abort.
    fn drop(&mut self) {
        drop_quietly(self.on_start.take());
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("restart", &self.restart)
            .field("shutdown", &self.shutdown)
            .field("significant", &self.significant)
            .finish_non_exhaustive()
    }
}
