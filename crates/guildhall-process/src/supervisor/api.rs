//! Requests to a running supervisor: the handle, what is asked, and OTP's answers. How they are
//! carried out is in `requests.rs`.

use std::fmt;
use std::future::Future;

use super::Supervisor;
use super::policy::{ChildKind, Restart, Shutdown, SpecError};
use super::spec::ChildSpec;
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process_ref::ProcRef;
use crate::reply::{CallError, ReplyTo, Waiting};

/// What a child does.
///
/// ```
/// # use guildhall_process::{ChildError, ChildStatus, SupervisorRef};
/// async fn runs(root: &SupervisorRef, id: &str) -> Result<bool, ChildError> {
///     let status = root.child(id).await?.status;
///     Ok(matches!(status, ChildStatus::Running(_)))
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildStatus {
    /// It runs, or has ended a moment ago.
    Running(Pid),
    /// It has ended and is to be started again: after a wait, or because a restart has failed.
    Restarting,
    /// It has ended for good or was stopped.
    Stopped,
}

impl ChildStatus {
    /// Its pid, if it runs.
    ///
    /// ```
    /// # use guildhall_process::ChildStatus;
    /// assert_eq!(ChildStatus::Restarting.pid(), None);
    /// ```
    pub fn pid(self) -> Option<Pid> {
        match self {
            Self::Running(pid) => Some(pid),
            Self::Restarting | Self::Stopped => None,
        }
    }
}

/// One child, as its supervisor sees it.
///
/// ```
/// # use guildhall_process::{ChildError, ChildInfo, SupervisorRef};
/// async fn worst(root: &SupervisorRef) -> Result<Option<ChildInfo>, ChildError> {
///     let children = root.which_children().await?;
///     Ok(children.into_iter().max_by_key(|child| child.restarts))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildInfo {
    /// Its id.
    pub id: String,
    /// Whether it runs.
    pub status: ChildStatus,
    /// Worker or supervisor.
    pub kind: ChildKind,
    /// Its restart type.
    pub restart: Restart,
    /// How it is stopped.
    pub shutdown: Shutdown,
    /// Whether its own end counts for the supervisor's [`super::AutoShutdown`].
    pub significant: bool,
    /// How often it has been restarted.
    pub restarts: u32,
    /// How it ended the last time.
    pub last_exit: Option<ExitReason>,
}

/// OTP's `count_children`.
///
/// ```
/// # use guildhall_process::{ChildError, SupervisorRef};
/// async fn all_run(root: &SupervisorRef) -> Result<bool, ChildError> {
///     let counts = root.count_children().await?;
///     Ok(counts.active == counts.specs)
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildCounts {
    /// All children, whether they run or not.
    pub specs: usize,
    /// Those that are alive.
    pub active: usize,
    /// Those that are supervisors, whether they run or not.
    pub supervisors: usize,
    /// Those that are not.
    pub workers: usize,
}

/// Why a request about a child failed.
///
/// ```
/// # use guildhall_process::{ChildError, SupervisorRef};
/// async fn forget(root: &SupervisorRef, id: &str) -> Result<(), ChildError> {
///     match root.terminate_child(id).await {
///         Err(ChildError::NotFound) => Ok(()),
///         Err(other) => Err(other),
///         Ok(()) => root.delete_child(id).await,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildError {
    /// There is no child of this id.
    NotFound,
    /// It runs.
    Running,
    /// It is to be started again; see [`ChildStatus::Restarting`].
    Restarting,
    /// There is a child of this id, and it does not run.
    AlreadyPresent,
    /// There is a child of this id, and it runs; or another process has its name (see [`ChildSpec::via`]).
    AlreadyStarted(Pid),
    /// The specification is refused.
    BadSpec(SpecError),
    /// It could not be started.
    Start(ExitReason),
    /// The supervisor is dead, or stops.
    NoProc,
    /// The supervisor's mailbox is full.
    Full,
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("there is no such child"),
            Self::Running => f.write_str("the child is running"),
            Self::Restarting => f.write_str("the child is being restarted"),
            Self::AlreadyPresent => f.write_str("there is a stopped child of this id"),
            Self::AlreadyStarted(pid) => write!(f, "there is a child of this id: {pid}"),
            Self::BadSpec(error) => write!(f, "the child specification is refused: {error}"),
            Self::Start(reason) => write!(f, "the child could not be started: {reason}"),
            Self::NoProc => f.write_str("the supervisor is dead"),
            Self::Full => f.write_str("the supervisor's mailbox is full"),
        }
    }
}

impl std::error::Error for ChildError {}

impl From<CallError> for ChildError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Full => Self::Full,
            _ => Self::NoProc,
        }
    }
}

pub(super) type Answer<T> = ReplyTo<Result<T, ChildError>>;

pub(super) enum Request {
    Start(Box<ChildSpec>, Answer<Pid>),
    Terminate(String, Answer<()>),
    Restart(String, Answer<Pid>),
    Delete(String, Answer<()>),
    Get(String, Answer<ChildInfo>),
    Which(Answer<Vec<ChildInfo>>),
    Count(Answer<ChildCounts>),
}

/// A handle by which a supervisor is asked about its children and told what to do with them, from
/// any thread. Every request is sent before the method returns: dropping the future does not take
/// it back. The futures wait as long as it takes.
///
/// ```
/// # use guildhall_process::{ChildSpec, Process, Spawn, Strategy, Supervisor, start};
/// use guildhall_process::{ChildError, SupervisorRef};
/// # struct Clock;
/// # impl Process for Clock { const KIND: &'static str = "clock"; }
/// # actix_rt::System::new().block_on(async {
/// # let root = start(Spawn::named("root"), || Supervisor::new(Strategy::OneForOne));
/// # let root = root.await.unwrap();
/// let root = SupervisorRef::from(root);
/// let clock = root.start_child(ChildSpec::worker("clock", || Clock)).await.unwrap();
/// assert_eq!(root.child("clock").await.unwrap().status.pid(), Some(clock));
/// assert_eq!(root.delete_child("clock").await, Err(ChildError::Running));
/// root.terminate_child("clock").await.unwrap();
/// let second = root.restart_child("clock").await.unwrap();
/// assert_ne!(clock, second);
/// root.terminate_child("clock").await.unwrap();
/// root.delete_child("clock").await.unwrap();
/// assert_eq!(root.which_children().await, Ok(vec![]));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupervisorRef(ProcRef<Supervisor>);

impl From<ProcRef<Supervisor>> for SupervisorRef {
    fn from(process: ProcRef<Supervisor>) -> Self {
        Self(process)
    }
}

impl SupervisorRef {
    /// The supervisor's pid.
    ///
    /// ```
    /// # use guildhall_process::{ProcessInfo, SupervisorRef, process_info};
    /// fn look(root: &SupervisorRef) -> Option<ProcessInfo> {
    ///     process_info(root.pid())
    /// }
    /// ```
    pub fn pid(&self) -> Pid {
        self.0.pid()
    }

    /// Adds a child behind the others and starts it.
    ///
    /// ```
    /// # use guildhall_process::{ChildError, ChildSpec, Pid, Process, SupervisorRef};
    /// # struct Clock;
    /// # impl Process for Clock { const KIND: &'static str = "clock"; }
    /// async fn add(root: &SupervisorRef) -> Result<Pid, ChildError> {
    ///     root.start_child(ChildSpec::worker("clock", || Clock)).await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ChildError::BadSpec`], [`ChildError::AlreadyStarted`], [`ChildError::AlreadyPresent`] or
    /// [`ChildError::Start`]; the specification is forgotten then.
    pub fn start_child(
        &self,
        spec: ChildSpec,
    ) -> impl Future<Output = Result<Pid, ChildError>> + Send + 'static + use<> {
        self.ask(|reply| Request::Start(Box::new(spec), reply))
    }

    /// Stops a child, or ends its wait for a restart. Its specification stays, but for a temporary
    /// child. Stopping a stopped child is no error.
    ///
    /// ```
    /// # use guildhall_process::{ChildError, SupervisorRef};
    /// async fn stop(root: &SupervisorRef) -> Result<(), ChildError> {
    ///     root.terminate_child("clock").await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ChildError::NotFound`].
    pub fn terminate_child(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<(), ChildError>> + Send + 'static + use<> {
        let id = id.to_owned();
        self.ask(|reply| Request::Terminate(id, reply))
    }

    /// Starts a child that has ended or was stopped.
    ///
    /// ```
    /// # use guildhall_process::{ChildError, Pid, SupervisorRef};
    /// async fn again(root: &SupervisorRef) -> Result<Pid, ChildError> {
    ///     root.restart_child("clock").await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ChildError::NotFound`], [`ChildError::Running`], [`ChildError::Restarting`] or
    /// [`ChildError::Start`]; in the last case the child stays as it was.
    pub fn restart_child(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Pid, ChildError>> + Send + 'static + use<> {
        let id = id.to_owned();
        self.ask(|reply| Request::Restart(id, reply))
    }

    /// Forgets the specification of a child that does not run.
    ///
    /// ```
    /// # use guildhall_process::{ChildError, SupervisorRef};
    /// async fn forget(root: &SupervisorRef) -> Result<(), ChildError> {
    ///     root.delete_child("clock").await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ChildError::NotFound`], [`ChildError::Running`] or [`ChildError::Restarting`].
    pub fn delete_child(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<(), ChildError>> + Send + 'static + use<> {
        let id = id.to_owned();
        self.ask(|reply| Request::Delete(id, reply))
    }

    /// One child (OTP's `get_childspec`, and what has become of the child).
    ///
    /// ```
    /// # use guildhall_process::{ChildError, SupervisorRef};
    /// async fn restarts(root: &SupervisorRef) -> Result<u32, ChildError> {
    ///     Ok(root.child("clock").await?.restarts)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ChildError::NotFound`].
    pub fn child(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<ChildInfo, ChildError>> + Send + 'static + use<> {
        let id = id.to_owned();
        self.ask(|reply| Request::Get(id, reply))
    }

    /// All children in start order. (OTP lists the last one first.)
    ///
    /// ```
    /// # use guildhall_process::{ChildError, SupervisorRef};
    /// async fn ids(root: &SupervisorRef) -> Result<Vec<String>, ChildError> {
    ///     let children = root.which_children().await?;
    ///     Ok(children.into_iter().map(|child| child.id).collect())
    /// }
    /// ```
    ///
    /// # Errors
    /// Only of the request itself: [`ChildError::NoProc`] or [`ChildError::Full`], as for all.
    pub fn which_children(
        &self,
    ) -> impl Future<Output = Result<Vec<ChildInfo>, ChildError>> + Send + 'static + use<> {
        self.ask(Request::Which)
    }

    /// How many children there are.
    ///
    /// ```
    /// # use guildhall_process::{ChildError, SupervisorRef};
    /// async fn workers(root: &SupervisorRef) -> Result<usize, ChildError> {
    ///     Ok(root.count_children().await?.workers)
    /// }
    /// ```
    ///
    /// # Errors
    /// As for [`SupervisorRef::which_children`].
    pub fn count_children(
        &self,
    ) -> impl Future<Output = Result<ChildCounts, ChildError>> + Send + 'static + use<> {
        self.ask(Request::Count)
    }

    fn ask<T: Send + 'static, F>(
        &self,
        request: F,
    ) -> impl Future<Output = Result<T, ChildError>> + Send + 'static + use<T, F>
    where
        F: FnOnce(Answer<T>) -> Request,
    {
        answered(self.0.request(request))
    }
}

/// What comes back of a request that was sent, or not.
pub(crate) async fn answered<T, E: From<CallError>>(
    request: Result<Waiting<Result<T, E>>, CallError>,
) -> Result<T, E> {
    request?.await.map_err(CallError::from)?
}
