//! How the kit's assertions fail: a panic whose text says what was expected, what came instead, and
//! which line of the test asked.

use std::panic::Location;

use super::scope::Scope;
use crate::exit::ExitReason;
use crate::info::process_info;
use crate::pid::Pid;

/// The line of the test that asked.
#[derive(Clone, Copy)]
pub(crate) struct Site(&'static Location<'static>);

impl Site {
    #[track_caller]
    pub fn here() -> Self {
        Self(Location::caller())
    }

    #[expect(
        clippy::panic,
        reason = "a failed assertion is a panic, as everywhere in Rust's tests"
    )]
    pub fn fail(self, text: impl AsRef<str>) -> ! {
        panic!("{}\n  asked at {}", text.as_ref(), self.0)
    }
}

/// What an exit reason is expected to be: a reason (equality), a text (which the reason's own text
/// contains, as in `"panic"`, `"boom"` or `"noproc"`), or a function that says whether it fits.
///
/// ```
/// use guildhall_process::ExitReason;
/// use guildhall_process::testing::ReasonPattern;
/// assert!("boom".fits(&ExitReason::error("boom")));
/// assert!(ExitReason::Normal.fits(&ExitReason::Normal));
/// assert!(ExitReason::is_normal_exit.fits(&ExitReason::Shutdown));
/// ```
pub trait ReasonPattern {
    /// Whether the reason is as expected.
    ///
    /// ```
    /// use guildhall_process::{ExitReason, testing::ReasonPattern};
    /// assert!(!"boom".fits(&ExitReason::Normal));
    /// ```
    fn fits(&self, reason: &ExitReason) -> bool;

    /// The expectation in words, for the text of a failure.
    ///
    /// ```
    /// use guildhall_process::testing::ReasonPattern;
    /// assert_eq!("boom".in_words(), "one that contains \"boom\"");
    /// ```
    fn in_words(&self) -> String {
        "as the test's function wants it".to_owned()
    }
}

impl ReasonPattern for ExitReason {
    fn fits(&self, reason: &ExitReason) -> bool {
        self == reason
    }

    fn in_words(&self) -> String {
        format!("`{self}`")
    }
}

impl ReasonPattern for &str {
    fn fits(&self, reason: &ExitReason) -> bool {
        reason.to_string().contains(self)
    }

    fn in_words(&self) -> String {
        format!("one that contains {self:?}")
    }
}

impl<F: Fn(&ExitReason) -> bool> ReasonPattern for F {
    fn fits(&self, reason: &ExitReason) -> bool {
        self(reason)
    }
}

/// A process or port for people: pid, kind and name.
pub(crate) fn describe(scope: Option<&Scope>, pid: Pid) -> String {
    let known = scope.and_then(|scope| scope.identity_of(pid));
    let known = known.map(|it| (it.kind, it.name));
    let (kind, name) = match known.or_else(|| process_info(pid).map(|it| (it.kind, it.name))) {
        None => return pid.to_string(),
        Some(known) => known,
    };
    match name {
        Some(name) => format!("{pid} {kind} {name:?}"),
        None => format!("{pid} {kind}"),
    }
}
