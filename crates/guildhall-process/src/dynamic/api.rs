//! The handle of a dynamic supervisor: starting children, and asking about them.

use std::future::Future;
use std::sync::Arc;

use super::DynamicSupervisor;
use super::child::{Again, Child, Phase};
use super::requests::{Request, Start};
use crate::pid::Pid;
use crate::process::Process;
use crate::process_ref::ProcRef;
use crate::reply::CallError;
use crate::spawn::{Placement, Spawn, StartError, Starter, spawn_with};
use crate::supervisor::{ChildCounts, ChildError, ChildKind, ChildStatus, Restart, answered};

/// One child of a dynamic supervisor.
///
/// ```
/// # use guildhall_process::{ChildError, DynamicRef, DynamicChildInfo};
/// async fn names(sessions: &DynamicRef) -> Result<Vec<String>, ChildError> {
///     let children = sessions.which_children().await?;
///     Ok(children.into_iter().filter_map(|child| child.name).collect())
/// }
/// # let _ = |child: DynamicChildInfo| child.name;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DynamicChildInfo {
    /// Its name.
    pub name: Option<String>,
    /// Whether it runs; one whose `init` is not done yet, or that is being stopped, does.
    pub status: ChildStatus,
    /// Worker or supervisor.
    pub kind: ChildKind,
    /// Its restart type.
    pub restart: Restart,
    /// How often it has been restarted.
    pub restarts: u32,
}

/// A handle by which children are started, from any thread. Every request is sent before the
/// method returns: dropping the future does not take it back.
///
/// ```
/// # use guildhall_process::{DynamicRef, DynamicSupervisor, ProcRef};
/// fn handle(sessions: &ProcRef<DynamicSupervisor>) -> DynamicRef {
///     DynamicRef::from(sessions.clone())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct DynamicRef(ProcRef<DynamicSupervisor>);

impl From<ProcRef<DynamicSupervisor>> for DynamicRef {
    fn from(process: ProcRef<DynamicSupervisor>) -> Self {
        Self(process)
    }
}

impl From<CallError> for StartError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Full => Self::Full,
            _ => Self::NoProc,
        }
    }
}

impl DynamicRef {
    /// The supervisor's pid.
    ///
    /// ```
    /// # use guildhall_process::{DynamicRef, is_alive};
    /// fn runs(sessions: &DynamicRef) -> bool {
    ///     is_alive(sessions.pid())
    /// }
    /// ```
    pub fn pid(&self) -> Pid {
        self.0.pid()
    }

    /// Starts a child and waits for its `init`, however long that takes. The request is sent before
    /// this returns: dropping the future does not take it back, and the child then runs unseen.
    /// The future only waits, on any thread. `make` runs on the child's arbiter, again for every
    /// restart. `Here` means the supervisor's arbiter.
    ///
    /// ```
    /// # use guildhall_process::{DynamicRef, Placement, ProcRef, Process, Restart, StartError};
    /// # struct Session;
    /// # impl Process for Session { const KIND: &'static str = "session"; }
    /// async fn begin(sessions: &DynamicRef) -> Result<ProcRef<Session>, StartError> {
    ///     sessions.start_child(None, Restart::Transient, Placement::Here, || Session).await
    /// }
    /// ```
    ///
    /// # Errors
    /// See [`StartError`]. A child whose first `init` fails is not restarted.
    pub fn start_child<P, F>(
        &self,
        name: Option<String>,
        restart: Restart,
        placement: Placement,
        make: F,
    ) -> impl Future<Output = Result<ProcRef<P>, StartError>> + Send + 'static + use<P, F>
    where
        P: Process,
        F: Fn() -> P + Send + Sync + 'static,
    {
        let make = Arc::new(make);
        let launch = move |opts: Spawn, starter: Starter| {
            let make = Arc::clone(&make);
            spawn_with(opts, move || make(), Some(starter))
        };
        let again = launch.clone();
        let again = Again::new(Arc::new(move |opts, starter| again(opts, starter).pid()));
        let child = new_child::<P>(name, restart, placement, Some(again));
        self.start(child, launch)
    }

    /// Like [`DynamicRef::start_child`] (also in what a dropped future means) for a temporary child,
    /// which needs to be made only once.
    ///
    /// ```
    /// # use guildhall_process::{DynamicRef, Placement, ProcRef, Process, StartError};
    /// # struct Session;
    /// # impl Process for Session { const KIND: &'static str = "session"; }
    /// async fn begin(sessions: &DynamicRef) -> Result<ProcRef<Session>, StartError> {
    ///     sessions.start_temporary(None, Placement::Here, || Session).await
    /// }
    /// ```
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start_temporary<P, F>(
        &self,
        name: Option<String>,
        placement: Placement,
        make: F,
    ) -> impl Future<Output = Result<ProcRef<P>, StartError>> + Send + 'static + use<P, F>
    where
        P: Process,
        F: FnOnce() -> P + Send + 'static,
    {
        let child = new_child::<P>(name, Restart::Temporary, placement, None);
        self.start(child, |opts, starter| spawn_with(opts, make, Some(starter)))
    }

    /// Stops a child as the supervisor would when it stops itself, or ends its wait for a restart
    /// (then it is known by the pid that it had). The supervisor does not wait for its end; this
    /// future does.
    ///
    /// ```
    /// # use guildhall_process::{ChildError, DynamicRef, Pid};
    /// async fn end(sessions: &DynamicRef, session: Pid) -> Result<(), ChildError> {
    ///     sessions.terminate_child(session).await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ChildError::NotFound`] if it is no child, or not any more.
    pub fn terminate_child(
        &self,
        pid: Pid,
    ) -> impl Future<Output = Result<(), ChildError>> + Send + 'static + use<> {
        answered(self.0.request(|reply| Request::Terminate(pid, reply)))
    }

    /// All children by age; one that waits for its restart by the age of what it was.
    ///
    /// ```
    /// # use guildhall_process::{ChildError, DynamicRef, DynamicChildInfo};
    /// async fn oldest(sessions: &DynamicRef) -> Result<Option<DynamicChildInfo>, ChildError> {
    ///     Ok(sessions.which_children().await?.into_iter().next())
    /// }
    /// ```
    ///
    /// # Errors
    /// Only of the request itself: [`ChildError::NoProc`] or [`ChildError::Full`].
    pub fn which_children(
        &self,
    ) -> impl Future<Output = Result<Vec<DynamicChildInfo>, ChildError>> + Send + 'static + use<>
    {
        answered(self.0.request(Request::Which))
    }

    /// How many children there are; each is a specification of its own.
    ///
    /// ```
    /// # use guildhall_process::{ChildError, DynamicRef};
    /// async fn running(sessions: &DynamicRef) -> Result<usize, ChildError> {
    ///     Ok(sessions.count_children().await?.active)
    /// }
    /// ```
    ///
    /// # Errors
    /// As for [`DynamicRef::which_children`].
    pub fn count_children(
        &self,
    ) -> impl Future<Output = Result<ChildCounts, ChildError>> + Send + 'static + use<> {
        answered(self.0.request(Request::Count))
    }

    fn start<P, F>(
        &self,
        child: Child,
        first: F,
    ) -> impl Future<Output = Result<ProcRef<P>, StartError>> + Send + 'static + use<P, F>
    where
        P: Process,
        F: FnOnce(Spawn, Starter) -> ProcRef<P> + Send + 'static,
    {
        answered(self.0.request(|reply| {
            Start(Box::new(move |supervisor, ctx| {
                supervisor.begin(child, first, reply, ctx);
            }))
        }))
    }
}

fn new_child<P: Process>(
    name: Option<String>,
    restart: Restart,
    placement: Placement,
    again: Option<Box<Again>>,
) -> Child {
    Child {
        name,
        kind: ChildKind::of::<P>(),
        restart,
        placement,
        phase: Phase::Starting,
        answer: None,
        again,
    }
}
