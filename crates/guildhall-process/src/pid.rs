//! Identities: process ids and monitor references. Both are unique in this operating-system
//! process and never used twice.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// The identity of a process or port; displayed as `<0.17>`. Never reused.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let (ada, bob) = (spawn(Spawn::new(), || Room).pid(), spawn(Spawn::new(), || Room).pid());
/// assert!(ada < bob, "the later one is greater");
/// assert_eq!(ada.to_string(), format!("<0.{}>", ada.to_u64()));
/// # });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pid(NonZeroU64);

/// The first number given out; the one before it is [`Pid::OUTSIDE`].
static NEXT_PID: AtomicU64 = AtomicU64::new(2);
static NEXT_MONITOR: AtomicU64 = AtomicU64::new(1);

impl Pid {
    /// The sender of exit signals that come from no process (see [`crate::exit`]). Never alive.
    ///
    /// ```
    /// # use guildhall_process::{Pid, is_alive};
    /// assert!(!is_alive(Pid::OUTSIDE));
    /// ```
    pub const OUTSIDE: Pid = Pid(NonZeroU64::MIN);

    pub(crate) fn next() -> Self {
        let id = NEXT_PID.fetch_add(1, Ordering::Relaxed);
        NonZeroU64::new(id).map_or(Self::OUTSIDE, Self)
    }

    /// The number behind the pid, for logs and wire formats.
    ///
    /// ```
    /// # use guildhall_process::Pid;
    /// assert_eq!(Pid::OUTSIDE.to_u64(), 1);
    /// ```
    pub fn to_u64(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<0.{}>", self.0)
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One monitor: every call of [`crate::Ctx::monitor`] gives another one.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room {
/// #     const KIND: &'static str = "room";
/// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
/// let me = ctx.pid();
/// assert_ne!(ctx.monitor(me), ctx.monitor(me));
/// #         Init::Ready
/// #     }
/// # }
/// # actix_rt::System::new().block_on(async {
/// #     start(Spawn::new(), || Room).await.unwrap();
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MonitorRef(u64);

impl MonitorRef {
    pub(crate) fn next() -> Self {
        Self(NEXT_MONITOR.fetch_add(1, Ordering::Relaxed))
    }
}
