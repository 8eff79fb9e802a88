//! References by one type of message, to processes of any type.

use std::fmt;
use std::sync::Arc;

use super::{ProcRef, SendError};
use crate::pid::Pid;
use crate::process::Handle;

/// A reference to a process of any type that handles `M`.
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
/// # struct Wall;
/// # impl Process for Wall { const KIND: &'static str = "wall"; }
/// # impl Handle<Ask> for Wall { fn handle(&mut self, _ask: Ask, _ctx: &mut Ctx<Self>) {} }
/// let echo = spawn(Spawn::new(), || Echo).recipient();
/// let wall = spawn(Spawn::new(), || Wall).recipient();
/// let all: [Recipient<Ask>; 2] = [echo, wall];
/// assert!(all.iter().all(|one| one.tell(Ask(42, ReplyTo::detached())).is_ok()));
/// # });
/// ```
pub struct Recipient<M>(Arc<dyn Tell<M>>);

trait Tell<M>: Send + Sync {
    fn tell(&self, msg: M) -> Result<(), SendError<M>>;
    fn pid(&self) -> Pid;
}

impl<P: Handle<M>, M: Send + 'static> Tell<M> for ProcRef<P> {
    fn tell(&self, msg: M) -> Result<(), SendError<M>> {
        ProcRef::tell(self, msg)
    }

    fn pid(&self) -> Pid {
        ProcRef::pid(self)
    }
}

impl<M: Send + 'static> Recipient<M> {
    pub(super) fn of<P: Handle<M>>(process: ProcRef<P>) -> Self {
        Self(Arc::new(process))
    }
}

impl<M> Recipient<M> {
    /// See [`ProcRef::tell`].
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
    /// let echo = spawn(Spawn::new(), || Echo).recipient();
    /// assert!(echo.tell(Ask(42, ReplyTo::detached())).is_ok());
    /// # });
    /// ```
    pub fn tell(&self, msg: M) -> Result<(), SendError<M>> {
        self.0.tell(msg)
    }

    /// The process's pid.
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
    /// assert_eq!(echo.recipient().pid(), echo.pid());
    /// # });
    /// ```
    pub fn pid(&self) -> Pid {
        self.0.pid()
    }
}

impl<M> Clone for Recipient<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> fmt::Debug for Recipient<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.pid())
    }
}
