//! Child specifications: what a supervisor starts, and how it treats its end.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::Supervisor;
use crate::cell::ChildRecord;
use crate::dynamic::DynamicSupervisor;
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process::Process;
use crate::process_ref::ProcRef;
use crate::signals::{exit_from, watch};
use crate::spawn::{Placement, Spawn, StartError, start};

/// OTP's default for workers.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether a child that has ended is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Always.
    Permanent,
    /// After an abnormal end only; see [`ExitReason::is_normal_exit`].
    Transient,
    /// Never.
    Temporary,
}

/// How a supervisor stops a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// By a kill.
    BrutalKill,
    /// By `Shutdown`, and after this time by a kill.
    Timeout(Duration),
    /// By `Shutdown`, however long it takes; for supervisors.
    Infinity,
}

impl Shutdown {
    /// How long a child may take; `None` if it is not asked at all.
    pub(crate) fn patience(self) -> Option<Duration> {
        match self {
            Self::BrutalKill => None,
            Self::Timeout(time) => Some(time),
            Self::Infinity => Some(Duration::MAX),
        }
    }
}

/// Which other children a restart takes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// None.
    OneForOne,
    /// All.
    OneForAll,
    /// Those that were started after it.
    RestForOne,
}

/// Whether a child is a supervisor itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildKind {
    /// No.
    Worker,
    /// Yes.
    Supervisor,
}

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A started child: its pid and its typed reference.
pub(crate) type Started = (Pid, Box<dyn Any + Send>);

type StartFn = dyn Fn(Spawn) -> BoxFuture<Result<Started, StartError>> + Send + Sync;
type OnStart = dyn Fn(&dyn Any) -> Result<(), ExitReason> + Send + Sync;

/// What a supervisor must know to start, restart and stop one child.
#[derive(Clone)]
pub struct ChildSpec {
    pub(crate) id: String,
    pub(crate) kind: ChildKind,
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    placement: Placement,
    start: Arc<StartFn>,
    on_start: Option<Arc<OnStart>>,
}

impl ChildSpec {
    /// A worker: permanent, with 5 s to shut down, on the supervisor's arbiter. `make` runs on the
    /// child's arbiter, once for every start.
    pub fn worker<P: Process>(
        id: impl Into<String>,
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> Self {
        let make = Arc::new(make);
        let start = move |opts: Spawn| -> BoxFuture<Result<Started, StartError>> {
            let make = Arc::clone(&make);
            let started = start(opts, move || make());
            Box::pin(async move {
                let process = started.await?;
                let any: Box<dyn Any + Send> = Box::new(process.clone());
                Ok((process.pid(), any))
            })
        };
        Self {
            id: id.into(),
            kind: ChildKind::Worker,
            restart: Restart::Permanent,
            shutdown: Shutdown::Timeout(SHUTDOWN_TIMEOUT),
            placement: Placement::Here,
            start: Arc::new(start),
            on_start: None,
        }
    }

    /// A supervisor: permanent, with all the time it needs to shut down.
    pub fn supervisor(
        id: impl Into<String>,
        make: impl Fn() -> Supervisor + Send + Sync + 'static,
    ) -> Self {
        Self::worker(id, make).into_supervisor()
    }

    /// A dynamic supervisor: permanent, with all the time it needs to shut down.
    pub fn dynamic(
        id: impl Into<String>,
        make: impl Fn() -> DynamicSupervisor + Send + Sync + 'static,
    ) -> Self {
        Self::worker(id, make).into_supervisor()
    }

    fn into_supervisor(mut self) -> Self {
        self.kind = ChildKind::Supervisor;
        self.shutdown = Shutdown::Infinity;
        self
    }

    /// Sets the restart type.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// Sets how the child is stopped.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Sets where the child runs.
    pub fn placement(mut self, placement: Placement) -> Self {
        self.placement = placement;
        self
    }

    /// Calls `f` on the supervisor's arbiter after every successful start, before the next child
    /// is started. `P` must be the child's type, or the supervisor cannot start it.
    pub fn on_start<P: Process>(mut self, f: impl Fn(&ProcRef<P>) + Send + Sync + 'static) -> Self {
        self.on_start = Some(Arc::new(move |any: &dyn Any| {
            let process = any.downcast_ref::<ProcRef<P>>();
            let process = process.ok_or_else(|| {
                ExitReason::error(format!("on_start expects a {}, not this child", P::KIND))
            })?;
            f(process);
            Ok(())
        }));
        self
    }

    /// Starts the child below `parent`; it is linked to it before it runs.
    pub(crate) fn start(
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

    pub(crate) fn started(&self, process: &dyn Any) -> Result<(), ExitReason> {
        self.on_start.as_ref().map_or(Ok(()), |f| f(process))
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("restart", &self.restart)
            .field("shutdown", &self.shutdown)
            .finish_non_exhaustive()
    }
}

/// Stops a process in the name of `parent` and waits, on a monitor, until it is dead.
pub(crate) async fn stop(parent: Pid, child: Pid, shutdown: Shutdown) -> ExitReason {
    let down = watch(child);
    tokio::pin!(down);
    if let Some(patience) = shutdown.patience() {
        exit_from(parent, child, ExitReason::Shutdown);
        if let Ok(reason) = tokio::time::timeout(patience, &mut down).await {
            return reason;
        }
    }
    exit_from(parent, child, ExitReason::Kill);
    down.await
}
