//! Requests: the slot that a reply comes back in, the side that fills it ([`ReplyTo`]) and the
//! side that waits for it. The slot is a monitor of the called process as well, so that a call
//! never waits for the dead.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use crate::cell::{Cell, Watcher};
use crate::exit::ExitReason;
use crate::panics::{catch, is_crashing, log_error, lost_in_panic};
use crate::pid::{MonitorRef, Pid};
use crate::sync::{Mutex, lock};

/// Why a call has no answer.
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
/// # let second = std::time::Duration::from_secs(1);
/// let echo = spawn(Spawn::new(), || Echo);
/// exit(echo.pid(), ExitReason::Shutdown);
/// let error = echo.call(second, |reply| Ask(42, reply)).await.unwrap_err();
/// assert_eq!(error, CallError::Exit(ExitReason::Shutdown));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The process was dead before the call.
    NoProc,
    /// The process ended before it answered.
    Exit(ExitReason),
    /// No answer in time. The message is not taken back; a late answer is dropped.
    Timeout,
    /// The process lives, but dropped the request without an answer.
    NoReply,
    /// The mailbox is full; the request was not sent.
    Full,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProc => f.write_str("no such process"),
            Self::Exit(reason) => write!(f, "the process ended: {reason}"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::NoReply => f.write_str("the request was dropped without an answer"),
            Self::Full => f.write_str("the mailbox is full"),
        }
    }
}

impl std::error::Error for CallError {}

/// Where the answer to a request goes. Dropping it without an answer tells the caller so.
///
/// ```
/// use std::time::Duration;
/// use guildhall_process::{CallError, Ctx, Handle, Process, ReplyTo, Spawn, spawn};
///
/// struct Clerk;
/// struct Question(&'static str, ReplyTo<&'static str>);
///
/// impl Process for Clerk {
///     const KIND: &'static str = "clerk";
/// }
///
/// impl Handle<Question> for Clerk {
///     fn handle(&mut self, Question(text, reply): Question, _ctx: &mut Ctx<Self>) {
///         if text != "why?" {
///             reply.send("yes");
///         }
///     }
/// }
///
/// actix_rt::System::new().block_on(async {
///     let (clerk, second) = (spawn(Spawn::new(), || Clerk), Duration::from_secs(1));
///     assert_eq!(clerk.call(second, |reply| Question("open?", reply)).await, Ok("yes"));
///     let refused = clerk.call(second, |reply| Question("why?", reply)).await;
///     assert_eq!(refused, Err(CallError::NoReply));
/// });
/// ```
pub struct ReplyTo<R>(Option<Arc<Slot<R>>>);

impl<R> ReplyTo<R> {
    /// Answers. A caller that is gone or has timed out is silently passed over.
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
    /// let answer = echo.call(std::time::Duration::from_secs(1), |reply| Ask(42, reply));
    /// assert_eq!(answer.await, Ok(42), "the echo sends what it was asked");
    /// # });
    /// ```
    pub fn send(mut self, reply: R) {
        if let Some(slot) = self.0.take() {
            slot.fill(State::Value(reply));
        }
    }

    /// Whether somebody still waits for the answer.
    ///
    /// ```
    /// # use guildhall_process::ReplyTo;
    /// assert!(!ReplyTo::<u32>::detached().is_waiting());
    /// ```
    pub fn is_waiting(&self) -> bool {
        self.0.as_ref().is_some_and(|slot| slot.is_open())
    }

    /// For a request whose answer nobody wants.
    ///
    /// ```
    /// # use guildhall_process::ReplyTo;
    /// ReplyTo::detached().send("nobody reads this");
    /// ```
    pub fn detached() -> Self {
        Self(None)
    }
}

impl<R> Drop for ReplyTo<R> {
    fn drop(&mut self) {
        let Some(slot) = self.0.take() else {
            return;
        };
        if is_crashing(slot.called) {
            // The exit reason is the answer; the end of the turn knows whether there is one.
            lost_in_panic(slot.monitor);
        } else {
            slot.fill(State::Lost(Lost::Dropped));
        }
    }
}

impl<R> fmt::Debug for ReplyTo<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplyTo(waiting: {})", self.is_waiting())
    }
}

pub(crate) struct Slot<R> {
    /// Who is to answer.
    called: Pid,
    /// The slot among the watchers of who is to answer.
    monitor: MonitorRef,
    state: Mutex<State<R>>,
}

/// Why a slot stays empty.
pub(crate) enum Lost {
    Down(ExitReason),
    Dropped,
}

enum State<R> {
    Open(Option<Waker>),
    Value(R),
    Lost(Lost),
    Closed,
}

impl<R> Slot<R> {
    fn is_open(&self) -> bool {
        matches!(*lock(&self.state), State::Open(_))
    }

    /// The first answer counts; only "dropped" gives way to the exit reason behind it.
    fn fill(&self, news: State<R>) {
        let mut state = lock(&self.state);
        let replaceable = match &*state {
            State::Open(_) => true,
            State::Lost(Lost::Dropped) => matches!(news, State::Lost(Lost::Down(_))),
            _ => false,
        };
        // What is dropped below may be a user's value: not under the lock.
        let old = if replaceable {
            mem::replace(&mut *state, news)
        } else {
            news
        };
        drop(state);
        // A waker is somebody else's code, and after it others wait to be told.
        if let State::Open(Some(waker)) = old
            && let Err(fault) = catch(|| waker.wake())
        {
            log_error(format_args!("a waker panicked: {}", fault.message));
        }
    }
}

/// Hears of a death without being a process.
pub(crate) trait OnDown: Send + Sync {
    fn down(&self, reason: ExitReason);
    /// The answer was dropped in a panic that the process has survived; for who waits for one.
    fn dropped(&self) {}
}

impl<R: Send> OnDown for Slot<R> {
    fn down(&self, reason: ExitReason) {
        self.fill(State::Lost(Lost::Down(reason)));
    }

    fn dropped(&self) {
        self.fill(State::Lost(Lost::Dropped));
    }
}

/// The waiting side. Dropping it closes the slot and removes the monitor.
pub(crate) struct Waiting<R> {
    slot: Arc<Slot<R>>,
    cell: Arc<Cell>,
}

impl<R: Send + 'static> Waiting<R> {
    /// Monitors `cell` with a new slot; `None` if it is dead.
    pub fn on(cell: Arc<Cell>) -> Option<Self> {
        let monitor = MonitorRef::next();
        let slot = Arc::new(Slot {
            called: cell.pid,
            monitor,
            state: Mutex::new(State::Open(None)),
        });
        let alive = cell.watch(monitor, Watcher::Slot(slot.clone()));
        alive.then_some(Self { slot, cell })
    }

    pub fn reply_to(&self) -> ReplyTo<R> {
        ReplyTo(Some(Arc::clone(&self.slot)))
    }
}

impl<R> Future for Waiting<R> {
    type Output = Result<R, Lost>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = lock(&self.slot.state);
        let old = mem::replace(&mut *state, State::Closed);
        let answer = match old {
            State::Value(value) => Ok(value),
            // A process at its end drops the requests it holds: the exit reason is on its way.
            State::Lost(Lost::Dropped) if !self.cell.closing.load(Ordering::Acquire) => {
                Err(Lost::Dropped)
            }
            State::Lost(Lost::Down(reason)) => Err(Lost::Down(reason)),
            State::Open(_) | State::Lost(_) | State::Closed => {
                *state = State::Open(Some(cx.waker().clone()));
                // The old waker may own a task: its Drop must not run under the lock.
                drop(state);
                drop(old);
                return Poll::Pending;
            }
        };
        Poll::Ready(answer)
    }
}

impl<R> Drop for Waiting<R> {
    fn drop(&mut self) {
        self.cell.unwatch(self.slot.monitor);
        let old = mem::replace(&mut *lock(&self.slot.state), State::Closed);
        drop(old);
    }
}
