//! References to processes of one type ([`ProcRef`]); those by one message are in `recipient.rs`.

mod recipient;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::dev::SendError as ActixSendError;

use crate::call::Call;
use crate::cell::Cell;
use crate::letter::{Errand, Letter};
use crate::pid::Pid;
use crate::process::{Handle, Process};
use crate::reply::{CallError, Lost, ReplyTo, Waiting};
use crate::shell::Mailbox;

pub use recipient::Recipient;

/// A message that could not be sent; it comes back.
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
/// exit(echo.pid(), ExitReason::Kill);
/// watch(echo.pid()).await;
/// match echo.tell(Ask(42, ReplyTo::detached())) {
///     Err(SendError::Dead(Ask(n, _))) => assert_eq!(n, 42, "the message is back"),
///     other => unreachable!("{other:?}"),
/// }
/// # });
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SendError<M> {
    /// The process is dead.
    Dead(M),
    /// The mailbox holds [`Process::MAILBOX_MAX`] messages.
    Full(M),
}

impl<M> SendError<M> {
    /// The message.
    ///
    /// ```
    /// # use guildhall_process::SendError;
    /// assert_eq!(SendError::Full("letter").into_inner(), "letter");
    /// ```
    pub fn into_inner(self) -> M {
        match self {
            Self::Dead(msg) | Self::Full(msg) => msg,
        }
    }
}

impl<M> fmt::Display for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dead(_) => "the process is dead",
            Self::Full(_) => "the mailbox is full",
        })
    }
}

impl<M> fmt::Debug for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dead(_) => "Dead(..)",
            Self::Full(_) => "Full(..)",
        })
    }
}

impl<M> std::error::Error for SendError<M> {}

/// A reference to a process of type `P`. It does not keep the process alive.
///
/// ```
/// use guildhall_process::{ProcRef, Process, Spawn, spawn};
///
/// struct Room;
///
/// impl Process for Room {
///     const KIND: &'static str = "room";
/// }
///
/// actix_rt::System::new().block_on(async {
///     let room: ProcRef<Room> = spawn(Spawn::new(), || Room);
///     assert_eq!(room, room.clone());
/// });
/// ```
pub struct ProcRef<P: Process> {
    cell: Arc<Cell<Mailbox<P>>>,
}

impl<P: Process> Clone for ProcRef<P> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.cell))
    }
}

impl<P: Process> fmt::Debug for ProcRef<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", P::KIND, self.pid())
    }
}

impl<P: Process> PartialEq for ProcRef<P> {
    fn eq(&self, other: &Self) -> bool {
        self.pid() == other.pid()
    }
}

impl<P: Process> Eq for ProcRef<P> {}

impl<P: Process> ProcRef<P> {
    pub(crate) fn new(cell: Arc<Cell<Mailbox<P>>>) -> Self {
        Self { cell }
    }

    pub(crate) fn cell(&self) -> &Arc<Cell<Mailbox<P>>> {
        &self.cell
    }

    /// The process's pid.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let room = spawn(Spawn::new(), || Room);
    /// assert!(is_alive(room.pid()));
    /// # });
    /// ```
    pub fn pid(&self) -> Pid {
        self.cell.pid
    }

    /// Whether the process is alive at this moment.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let room = spawn(Spawn::new(), || Room);
    /// exit(room.pid(), ExitReason::Kill);
    /// watch(room.pid()).await;
    /// assert!(!room.is_alive());
    /// # });
    /// ```
    pub fn is_alive(&self) -> bool {
        self.cell.is_alive()
    }

    /// Puts a message into the mailbox. Messages of one sender arrive in order.
    ///
    /// # Errors
    /// The message comes back if the process is dead or its mailbox full.
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
    /// assert_eq!(echo.tell(Ask(42, ReplyTo::detached())).map_err(|error| error.to_string()), Ok(()));
    /// # });
    /// ```
    pub fn tell<M: Send + 'static>(&self, msg: M) -> Result<(), SendError<M>>
    where
        P: Handle<M>,
    {
        let len = &self.cell.mailbox_len;
        if len.fetch_add(1, Ordering::Relaxed) >= P::MAILBOX_MAX {
            len.fetch_sub(1, Ordering::Relaxed);
            return Err(SendError::Full(msg));
        }
        match self.cell.body.0.try_send(Letter::counted(msg)) {
            Ok(()) => Ok(()),
            // The queue itself is unbounded, so both errors mean that it is closed.
            Err(ActixSendError::Full(letter) | ActixSendError::Closed(letter)) => {
                len.fetch_sub(1, Ordering::Relaxed);
                letter
                    .take()
                    .map_or(Ok(()), |msg| Err(SendError::Dead(msg)))
            }
        }
    }

    /// Puts a message of the machinery into the mailbox, past its bound.
    pub(crate) fn tell_exempt<M: Send + 'static>(&self, msg: M)
    where
        P: Handle<M>,
    {
        // A dead process needs no news.
        let _ = self.cell.body.0.try_send(Letter::exempt(msg));
    }

    pub(crate) fn errand(&self, errand: Errand<P>) {
        // A dead process needs no news.
        let _ = self.cell.body.0.try_send(errand);
    }

    /// Sends a request and waits for its answer: monitor, request and timeout in one. The request
    /// is sent before this returns; dropping the future does not take it back. The future may be
    /// awaited on any thread that runs tokio with its timer.
    ///
    /// # Errors
    /// See [`CallError`]. The timeout counts from the second time that the future is polled, which
    /// follows the first at once.
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
    /// assert_eq!(answer.await, Ok(42));
    /// # });
    /// ```
    pub fn call<M, R, F>(
        &self,
        timeout: Duration,
        make: F,
    ) -> impl Future<Output = Result<R, CallError>> + Send + 'static + use<P, M, R, F>
    where
        F: FnOnce(ReplyTo<R>) -> M,
        P: Handle<M>,
        M: Send + 'static,
        R: Send + 'static,
    {
        Call::new(self.request(make), timeout)
    }

    /// The part of [`ProcRef::call`] that happens at once.
    pub(crate) fn request<M, R>(
        &self,
        make: impl FnOnce(ReplyTo<R>) -> M,
    ) -> Result<Waiting<R>, CallError>
    where
        P: Handle<M>,
        M: Send + 'static,
        R: Send + 'static,
    {
        let waiting = Waiting::on(self.cell.clone()).ok_or(CallError::NoProc)?;
        match self.tell(make(waiting.reply_to())) {
            // Dead after the monitor was set: it will tell why.
            Ok(()) | Err(SendError::Dead(_)) => Ok(waiting),
            Err(SendError::Full(_)) => Err(CallError::Full),
        }
    }

    /// A reference by which only messages of type `M` can be sent.
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
    /// let asked: Recipient<Ask> = echo.recipient();
    /// assert_eq!(asked.pid(), echo.pid());
    /// # });
    /// ```
    pub fn recipient<M: Send + 'static>(&self) -> Recipient<M>
    where
        P: Handle<M>,
    {
        Recipient::of(self.clone())
    }
}

impl From<Lost> for CallError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Down(reason) => Self::Exit(reason),
            Lost::Dropped => Self::NoReply,
        }
    }
}
