//! Exit reasons: why a process ended. A reason is not an error value: `Normal` and `Shutdown`
//! are reasons too.

use std::fmt;
use std::sync::Arc;

/// Why a process ended, as links, monitors and supervisors are told it.
///
/// ```
/// use guildhall_process::ExitReason;
///
/// assert_eq!(ExitReason::Killed.to_string(), "killed");
/// assert_eq!(ExitReason::error("no disk").to_string(), "error: no disk");
/// assert!(ExitReason::Shutdown.is_normal_exit() && !ExitReason::NoProc.is_normal_exit());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// It had done its work. A link of a process that does not trap exits ignores it.
    Normal,
    /// It was told to stop, or a supervisor gave up.
    Shutdown,
    /// Like `Shutdown`, with an explanation.
    ShutdownWith(Arc<str>),
    /// The order to die at once; nobody can trap it, and who obeys it ends as `Killed`. A process
    /// that exits itself with `Kill` passes `Kill` through its links, where it can be trapped.
    Kill,
    /// It was killed, or its arbiter went away under it.
    Killed,
    /// There was no such process.
    NoProc,
    /// Its code panicked.
    Panic(Arc<PanicInfo>),
    /// It gave up with an error.
    Error(Arc<str>),
}

/// What is known about a panic.
///
/// ```
/// use guildhall_process::{Ctx, ExitReason, Init, Process, Spawn, spawn, watch};
///
/// struct Fragile;
///
/// impl Process for Fragile {
///     const KIND: &'static str = "fragile";
///
///     fn init(&mut self, _ctx: &mut Ctx<Self>) -> Init {
///         panic!("it broke")
///     }
/// }
///
/// actix_rt::System::new().block_on(async {
///     match watch(spawn(Spawn::new(), || Fragile).pid()).await {
///         ExitReason::Panic(info) => assert_eq!(info.message, "it broke"),
///         other => unreachable!("{other}"),
///     }
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanicInfo {
    /// The panic's message, or a placeholder when its payload was no text.
    pub message: String,
    /// `file:line:column`.
    pub location: Option<String>,
    /// The type of the message that the process handled last, usually the one that broke it.
    pub last_message: Option<&'static str>,
}

impl ExitReason {
    /// `ShutdownWith` of a text.
    ///
    /// ```
    /// # use guildhall_process::ExitReason;
    /// assert_eq!(ExitReason::shutdown_with("idle").to_string(), "shutdown: idle");
    /// ```
    pub fn shutdown_with(why: &str) -> Self {
        Self::ShutdownWith(why.into())
    }

    /// `Error` of a text.
    ///
    /// ```
    /// # use guildhall_process::ExitReason;
    /// assert_eq!(ExitReason::error("no disk").label(), "error");
    /// ```
    pub fn error(what: impl Into<Arc<str>>) -> Self {
        Self::Error(what.into())
    }

    /// Whether a `transient` child that ended so stays ended (OTP: normal, shutdown,
    /// {shutdown, Term}).
    ///
    /// ```
    /// # use guildhall_process::ExitReason;
    /// assert!(ExitReason::shutdown_with("idle").is_normal_exit());
    /// assert!(!ExitReason::Killed.is_normal_exit());
    /// ```
    pub fn is_normal_exit(&self) -> bool {
        matches!(self, Self::Normal | Self::Shutdown | Self::ShutdownWith(_))
    }

    /// Whether the process itself broke; only such an end is worth a crash report.
    pub(crate) fn is_crash(&self) -> bool {
        matches!(self, Self::Panic(_) | Self::Error(_))
    }

    /// A stable word for logs and metrics.
    ///
    /// ```
    /// # use guildhall_process::ExitReason;
    /// assert_eq!(ExitReason::shutdown_with("idle").label(), "shutdown");
    /// ```
    pub fn label(&self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Shutdown | Self::ShutdownWith(_) => "shutdown",
            Self::Kill => "kill",
            Self::Killed => "killed",
            Self::NoProc => "noproc",
            Self::Panic(_) => "panic",
            Self::Error(_) => "error",
        }
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShutdownWith(text) | Self::Error(text) => write!(f, "{}: {text}", self.label()),
            Self::Panic(info) => write!(f, "panic: {info}"),
            _ => f.write_str(self.label()),
        }
    }
}

impl fmt::Display for PanicInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(location) = &self.location {
            write!(f, " at {location}")?;
        }
        if let Some(message) = self.last_message {
            write!(f, " (last message {message})")?;
        }
        Ok(())
    }
}
