//! The words of a child specification and of a supervisor's flags, as OTP has them, and what is
//! wrong with some combinations.

use std::fmt;
use std::time::Duration;

use crate::exit::ExitReason;
use crate::process::Process;

/// OTP's default for workers.
pub(crate) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether a child that has ended is started again.
///
/// ```
/// use guildhall_process::{ExitReason, Restart};
///
/// # let _ = Restart::Transient;
/// // What a transient child may end with for good.
/// assert!(ExitReason::shutdown_with("idle").is_normal_exit());
/// assert!(!ExitReason::error("no disk").is_normal_exit());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Always.
    Permanent,
    /// After an abnormal end only; see [`ExitReason::is_normal_exit`].
    Transient,
    /// Never.
    Temporary,
}

/// How a supervisor stops a child. It waits on a monitor, so also for a child that has unlinked
/// itself.
///
/// ```
/// # use std::time::Duration;
/// # use guildhall_process::Shutdown;
/// let quick = Shutdown::Timeout(Duration::from_millis(100));
/// # assert_ne!(quick, Shutdown::BrutalKill);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// By a kill.
    BrutalKill,
    /// By `Shutdown`, and after this time by a kill.
    Timeout(Duration),
    /// By `Shutdown`, however long it takes; for supervisors.
    Infinity,
}

/// Which other children a restart takes along.
///
/// ```
/// # use guildhall_process::{Strategy, Supervisor};
/// let pipeline = Supervisor::new(Strategy::RestForOne);
/// # drop(pipeline);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// None.
    OneForOne,
    /// All.
    OneForAll,
    /// Those that were started after it.
    RestForOne,
}

/// Whether a supervisor ends (with `Shutdown`) when significant children have ended. Only an end
/// counts that is a child's own and not followed by a restart: not a stop by the supervisor, be it
/// on request or for a sibling's sake.
///
/// ```
/// use guildhall_process::{AutoShutdown, ChildSpec, Process, Restart, Strategy, Supervisor};
///
/// struct Upload;
/// impl Process for Upload {
///     const KIND: &'static str = "upload";
/// }
///
/// // The supervisor and all its other children end with the upload.
/// let upload = ChildSpec::worker("upload", || Upload);
/// let supervisor = Supervisor::new(Strategy::OneForAll)
///     .auto_shutdown(AutoShutdown::AnySignificant)
///     .child(upload.restart(Restart::Transient).significant(true));
/// # drop(supervisor);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoShutdown {
    /// It does not.
    #[default]
    Never,
    /// It ends with the first.
    AnySignificant,
    /// It ends with the last.
    AllSignificant,
}

/// Whether a child is a supervisor itself.
///
/// ```
/// # use guildhall_process::{ChildCounts, ChildInfo, ChildKind};
/// fn supervisors(children: &[ChildInfo]) -> usize {
///     let is_supervisor = |child: &&ChildInfo| child.kind == ChildKind::Supervisor;
///     children.iter().filter(is_supervisor).count()
/// }
/// # assert_eq!(supervisors(&[]), ChildCounts::default().supervisors);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildKind {
    /// No.
    Worker,
    /// Yes.
    Supervisor,
}

impl ChildKind {
    pub(crate) fn of<P: Process>() -> Self {
        match P::CLASS {
            "supervisor" => Self::Supervisor,
            _ => Self::Worker,
        }
    }

    /// OTP's defaults.
    pub(super) fn shutdown(self) -> Shutdown {
        match self {
            Self::Worker => Shutdown::Timeout(SHUTDOWN_TIMEOUT),
            Self::Supervisor => Shutdown::Infinity,
        }
    }
}

/// Why a child specification is refused; each names the child.
///
/// ```
/// # use guildhall_process::{
/// #     ChildSpec, Process, Spawn, SpecError, StartError, Strategy, Supervisor, start,
/// # };
/// # struct Clock;
/// # impl Process for Clock { const KIND: &'static str = "clock"; }
/// # actix_rt::System::new().block_on(async {
/// let clock = || ChildSpec::worker("clock", || Clock);
/// let twice = Supervisor::new(Strategy::OneForOne).child(clock()).child(clock());
/// let error = start(Spawn::new(), || twice).await.unwrap_err();
/// assert_eq!(error, StartError::Init(SpecError::DuplicateId("clock".into()).into()));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// Of two children with the same id no request could mean the second.
    DuplicateId(String),
    /// A significant child below [`AutoShutdown::Never`].
    SignificantUnderNever(String),
    /// A permanent child never ends for good, so it cannot be significant.
    SignificantPermanent(String),
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateId(id) => write!(f, "two children have the id {id}"),
            Self::SignificantUnderNever(id) => write!(
                f,
                "child {id} is significant, but its supervisor never shuts itself down"
            ),
            Self::SignificantPermanent(id) => {
                write!(f, "child {id} is permanent, so it cannot be significant")
            }
        }
    }
}

impl std::error::Error for SpecError {}

/// The reason with which the `init` of a supervisor fails.
impl From<SpecError> for ExitReason {
    fn from(error: SpecError) -> Self {
        Self::error(error.to_string())
    }
}
