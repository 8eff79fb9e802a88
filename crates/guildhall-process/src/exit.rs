//! Exit reasons: why a process ended. A reason is not an error value: `Normal` and `Shutdown`
//! are reasons too.

use std::fmt;
use std::sync::Arc;

/// Why a process ended, as links, monitors and supervisors are told it.
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
    pub fn shutdown_with(why: &str) -> Self {
        Self::ShutdownWith(why.into())
    }

    /// `Error` of a text.
    pub fn error(what: impl Into<Arc<str>>) -> Self {
        Self::Error(what.into())
    }

    /// Whether a `transient` child that ended so stays ended (OTP: normal, shutdown,
    /// {shutdown, Term}).
    pub fn is_normal_exit(&self) -> bool {
        matches!(self, Self::Normal | Self::Shutdown | Self::ShutdownWith(_))
    }

    /// Whether the process itself broke; only such an end is worth a crash report.
    pub(crate) fn is_crash(&self) -> bool {
        matches!(self, Self::Panic(_) | Self::Error(_))
    }

    /// A stable word for logs and metrics.
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
