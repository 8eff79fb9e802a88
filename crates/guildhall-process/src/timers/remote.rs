//! Timers for another process (`erlang:send_after` with a pid): the message travels to the agenda
//! of its receiver at once and waits there, so it outlives who has set it and ends with who would
//! get it.

use std::any::type_name;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::{Alarm, TimerRef, due_after};
use crate::ctx::Ctx;
use crate::letter::Errand;
use crate::panics::drop_quietly;
use crate::process::{Handle, Process};
use crate::process_ref::ProcRef;
use crate::sync::{Mutex, lock};

/// A timer that was set with [`ProcRef::send_after`]. Dropping it does not cancel the timer.
///
/// ```
/// # use guildhall_process::*;
/// # struct Echo;
/// # impl Process for Echo { const KIND: &'static str = "echo"; }
/// # struct Ask(u32, ReplyTo<u32>);
/// # impl Handle<Ask> for Echo {
/// #     fn handle(&mut self, Ask(n, reply): Ask, _ctx: &mut Ctx<Self>) { reply.send(n) }
/// # }
/// # actix_rt::System::new().block_on(async {
/// let echo = spawn(Spawn::new(), || Echo);
/// let hour = std::time::Duration::from_secs(3600);
/// let timer: Timer = echo.send_after(hour, Ask(42, ReplyTo::detached()));
/// assert!(timer.time_left().is_some_and(|left| left <= hour));
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Timer {
    timer: TimerRef,
    due: Instant,
    /// Empty when the timer has fired or its process has ended.
    entry: Weak<dyn Entry>,
}

trait Entry: Send + Sync {
    /// Lets go of the message; false if it has been handled.
    fn cancel(&self, timer: TimerRef) -> bool;
    fn is_pending(&self) -> bool;
}

impl std::fmt::Debug for dyn Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "pending: {}", self.is_pending())
    }
}

struct Waiting<P: Process, M> {
    process: ProcRef<P>,
    msg: Mutex<Option<M>>,
}

impl<P: Process, M> Drop for Waiting<P, M> {
    fn drop(&mut self) {
        let msg = lock(&self.msg).take();
        drop_quietly(msg);
    }
}

impl<P: Process, M: Send + 'static> Entry for Waiting<P, M> {
    fn cancel(&self, timer: TimerRef) -> bool {
        let msg = lock(&self.msg).take();
        let pending = msg.is_some();
        drop_quietly(msg);
        if pending {
            self.process.errand(Errand::new(move |ctx| {
                ctx.cancel_timer(timer);
            }));
        }
        pending
    }

    fn is_pending(&self) -> bool {
        lock(&self.msg).is_some()
    }
}

impl Timer {
    /// Takes the timer back, from any thread; after this its message is not handled any more. The
    /// answer is the time that was left, `None` if it had fired or been cancelled, or if its
    /// process is dead.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Echo;
    /// # impl Process for Echo { const KIND: &'static str = "echo"; }
    /// # struct Ask(u32, ReplyTo<u32>);
    /// # impl Handle<Ask> for Echo {
    /// #     fn handle(&mut self, Ask(n, reply): Ask, _ctx: &mut Ctx<Self>) { reply.send(n) }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// let echo = spawn(Spawn::new(), || Echo);
    /// # let hour = std::time::Duration::from_secs(3600);
    /// let timer = echo.send_after(hour, Ask(42, ReplyTo::detached()));
    /// assert!(timer.cancel().is_some());
    /// assert_eq!(timer.cancel(), None);
    /// # });
    /// ```
    pub fn cancel(&self) -> Option<Duration> {
        let left = self.due.saturating_duration_since(Instant::now());
        let entry = self.entry.upgrade()?;
        entry.cancel(self.timer).then_some(left)
    }

    /// The time that is left, `None` if the timer has fired or been cancelled, or if its process is
    /// dead.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Echo;
    /// # impl Process for Echo { const KIND: &'static str = "echo"; }
    /// # struct Ask(u32, ReplyTo<u32>);
    /// # impl Handle<Ask> for Echo {
    /// #     fn handle(&mut self, Ask(n, reply): Ask, _ctx: &mut Ctx<Self>) { reply.send(n) }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// let echo = spawn(Spawn::new(), || Echo);
    /// # let hour = std::time::Duration::from_secs(3600);
    /// let timer = echo.send_after(hour, Ask(42, ReplyTo::detached()));
    /// assert!(timer.time_left().is_some());
    /// timer.cancel();
    /// assert_eq!(timer.time_left(), None);
    /// # });
    /// ```
    pub fn time_left(&self) -> Option<Duration> {
        let left = self.due.saturating_duration_since(Instant::now());
        let entry = self.entry.upgrade()?;
        entry.is_pending().then_some(left)
    }
}

impl<P: Process> ProcRef<P> {
    /// Lets the process handle `msg` after a delay, to the millisecond; may be called on any thread.
    /// The timer outlives who sets it and ends with this process; a dead process needs none. Its
    /// message is exempt from the mailbox bound.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use guildhall_process::{Ctx, Handle, Process, spawn, watch};
    /// struct Guest;
    /// struct Leave;
    ///
    /// impl Process for Guest {
    ///     const KIND: &'static str = "guest";
    /// }
    ///
    /// impl Handle<Leave> for Guest {
    ///     fn handle(&mut self, _leave: Leave, ctx: &mut Ctx<Self>) {
    ///         ctx.exit(guildhall_process::ExitReason::Normal);
    ///     }
    /// }
    ///
    /// actix_rt::System::new().block_on(async {
    ///     let guest = spawn(Default::default(), || Guest);
    ///     let late = guest.send_after(Duration::from_secs(3600), Leave);
    ///     assert!(late.cancel().is_some());
    ///     guest.send_after(Duration::from_millis(1), Leave);
    ///     watch(guest.pid()).await;
    /// });
    /// ```
    pub fn send_after<M: Send + 'static>(&self, after: Duration, msg: M) -> Timer
    where
        P: Handle<M>,
    {
        let (timer, due) = (TimerRef::next(), due_after(after));
        let waiting = Arc::new(Waiting {
            process: self.clone(),
            msg: Mutex::new(Some(msg)),
        });
        let handle: Arc<dyn Entry> = waiting.clone();
        let entry = Arc::downgrade(&handle);
        drop(handle);
        let ring = move |process: &mut P, ctx: &mut Ctx<P>| {
            let msg = lock(&waiting.msg).take();
            if let Some(msg) = msg {
                ctx.begin_result(type_name::<M>());
                process.handle(msg, ctx);
            }
        };
        self.errand(Errand::new(move |ctx: &mut Ctx<P>| {
            ctx.set_timer(timer, due, Alarm::Once(Some(Box::new(ring))));
        }));
        Timer { timer, due, entry }
    }
}
