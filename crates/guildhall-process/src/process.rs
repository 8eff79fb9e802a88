//! What a user of the crate implements: [`Process`] for the life cycle, [`Handle`] for messages.

use crate::ctx::Ctx;
use crate::exit::ExitReason;
use crate::pid::{MonitorRef, Pid};

/// What [`Process::init`] answers.
///
/// ```
/// use guildhall_process::{Ctx, ExitReason, Init, Process, Spawn, StartError, start};
///
/// struct Store;
///
/// impl Process for Store {
///     const KIND: &'static str = "store";
///
///     fn init(&mut self, _ctx: &mut Ctx<Self>) -> Init {
///         Init::Fail(ExitReason::error("no disk"))
///     }
/// }
///
/// actix_rt::System::new().block_on(async {
///     let error = start(Spawn::new(), || Store).await.unwrap_err();
///     assert_eq!(error, StartError::Init(ExitReason::error("no disk")));
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Init {
    /// Ready for messages; the starter goes on.
    Ready,
    /// The process ends with this reason and the starter gets it as an error.
    Fail(ExitReason),
    /// Asynchronous work has been started with [`Ctx::wait`]; [`Ctx::init_done`] will follow, and
    /// the starter waits for it.
    Pending,
}

/// The message that a linked process, or `exit/2`, leaves in the mailbox of a process that traps
/// exits.
///
/// ```
/// use guildhall_process::{Exit, ExitReason, Pid};
///
/// let exit = Exit { from: Pid::OUTSIDE, reason: ExitReason::Shutdown };
/// assert!(exit.reason.is_normal_exit());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Who ended, or who sent the signal; [`Pid::OUTSIDE`] if it was no process.
    pub from: Pid,
    /// Why.
    pub reason: ExitReason,
}

/// The message that a monitor sends.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room {
/// #     const KIND: &'static str = "room";
/// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
/// let monitor = ctx.monitor(Pid::OUTSIDE);
/// // What `handle_down` is going to get:
/// let down = Down { monitor, pid: Pid::OUTSIDE, reason: ExitReason::NoProc };
/// assert_eq!(down.reason, ExitReason::NoProc);
/// #         Init::Ready
/// #     }
/// # }
/// # actix_rt::System::new().block_on(async {
/// #     start(Spawn::new(), || Room).await.unwrap();
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down {
    /// What [`Ctx::monitor`] returned.
    pub monitor: MonitorRef,
    /// Who ended.
    pub pid: Pid,
    /// Why; `NoProc` if it was dead when the monitor was set.
    pub reason: ExitReason,
}

/// An Erlang process. All methods run on the process's arbiter, one at a time; a panic in any of
/// them ends the process with [`ExitReason::Panic`] and nothing else.
///
/// ```
/// use guildhall_process::{Process, Spawn, process_info, spawn};
///
/// struct Room;
///
/// impl Process for Room {
///     const KIND: &'static str = "room";
/// }
///
/// actix_rt::System::new().block_on(async {
///     let room = spawn(Spawn::new(), || Room);
///     assert_eq!(process_info(room.pid()).unwrap().kind, "room");
/// });
/// ```
pub trait Process: Sized + Unpin + 'static {
    /// What kind of process this is, for logs and the status page (`"session"`).
    ///
    /// ```
    /// # use guildhall_process::{Process, Supervisor};
    /// assert_eq!(Supervisor::KIND, "supervisor");
    /// ```
    const KIND: &'static str;

    /// How many messages may wait before a sender gets its message back. EXIT, DOWN and timer
    /// messages do not count.
    ///
    /// ```
    /// # use guildhall_process::{Ctx, Handle, Process, SendError, Spawn, spawn};
    /// struct Picky;
    ///
    /// impl Process for Picky {
    ///     const KIND: &'static str = "picky";
    ///     const MAILBOX_MAX: usize = 1;
    /// }
    ///
    /// # impl Handle<u32> for Picky { fn handle(&mut self, _n: u32, _ctx: &mut Ctx<Self>) {} }
    /// # actix_rt::System::new().block_on(async {
    /// let picky = spawn(Spawn::new(), || Picky);
    /// picky.tell(1).unwrap();
    /// assert_eq!(picky.tell(2), Err(SendError::Full(2)));
    /// # });
    /// ```
    const MAILBOX_MAX: usize = 1024;

    /// `worker` or `supervisor`, for the status page.
    #[doc(hidden)]
    const CLASS: &'static str = "worker";

    /// Runs before the first message.
    ///
    /// ```
    /// use guildhall_process::{Ctx, Init, Process};
    ///
    /// struct Room;
    ///
    /// impl Process for Room {
    ///     const KIND: &'static str = "room";
    ///
    ///     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    ///         ctx.trap_exit(true);
    ///         Init::Ready
    ///     }
    /// }
    /// # actix_rt::System::new().block_on(async {
    /// #     guildhall_process::start(Default::default(), || Room).await.unwrap();
    /// # });
    /// ```
    fn init(&mut self, _ctx: &mut Ctx<Self>) -> Init {
        Init::Ready
    }

    /// A link ended or somebody sent an exit signal. Only for who traps exits; otherwise the
    /// signal ends the process. The exit of the parent goes to [`Process::handle_parent_exit`].
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room {
    /// #     const KIND: &'static str = "room";
    /// fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    ///     ctx.trap_exit(true);
    ///     Init::Ready
    /// }
    ///
    /// fn handle_exit(&mut self, exit: Exit, ctx: &mut Ctx<Self>) {
    ///     ctx.exit(ExitReason::shutdown_with(&format!("told of {}", exit.reason)));
    /// }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// # let room = start(Spawn::new(), || Room).await.unwrap();
    /// exit(room.pid(), ExitReason::error("boom"));
    /// assert_eq!(watch(room.pid()).await, ExitReason::shutdown_with("told of error: boom"));
    /// # });
    /// ```
    fn handle_exit(&mut self, _exit: Exit, _ctx: &mut Ctx<Self>) {}

    /// The parent ended or orders to stop (only for who traps exits). Ends the process with the
    /// same reason unless overridden, as `gen_server` does. Who must finish something first
    /// overrides it, waits with [`Ctx::wait`] and calls [`Ctx::exit`] then.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Store;
    /// # impl Process for Store {
    /// #     const KIND: &'static str = "store";
    /// #     fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    /// #         ctx.trap_exit(true);
    /// #         Init::Ready
    /// #     }
    /// fn handle_parent_exit(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
    ///     let save = async { "all of it" };
    ///     ctx.wait(save, move |_store, saved, ctx| {
    ///         ctx.exit(ExitReason::shutdown_with(&format!("{reason}, saved {saved}")));
    ///     });
    /// }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// # let parent = Port::open("parent", None, |_| ());
    /// # let store = start(Spawn::new().child_of(parent.pid()), || Store).await.unwrap();
    /// parent.close(ExitReason::Shutdown);
    /// let reason = watch(store.pid()).await;
    /// assert_eq!(reason, ExitReason::shutdown_with("shutdown, saved all of it"));
    /// # });
    /// ```
    fn handle_parent_exit(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        ctx.exit(reason);
    }

    /// A monitored process ended.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Watcher(Pid);
    /// # impl Process for Watcher {
    /// #     const KIND: &'static str = "watcher";
    /// fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
    ///     ctx.monitor(self.0);
    ///     Init::Ready
    /// }
    ///
    /// fn handle_down(&mut self, down: Down, ctx: &mut Ctx<Self>) {
    ///     assert_eq!(down.pid, self.0);
    ///     ctx.exit(ExitReason::shutdown_with(&format!("it was {}", down.reason)));
    /// }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// # let port = Port::open("socket", None, |_| ());
    /// # let watched = port.pid();
    /// # let watcher = start(Spawn::new(), move || Watcher(watched)).await.unwrap();
    /// port.close(ExitReason::Killed);
    /// assert_eq!(watch(watcher.pid()).await, ExitReason::shutdown_with("it was killed"));
    /// # });
    /// ```
    fn handle_down(&mut self, _down: Down, _ctx: &mut Ctx<Self>) {}

    /// Called before a process ends by its own decision ([`Ctx::exit`], also after the parent's
    /// exit was trapped). Not called after a panic, after a failed `init`, and when an exit signal
    /// or a kill ends the process from outside.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room(std::sync::mpsc::Sender<String>);
    /// # impl Process for Room {
    /// #     const KIND: &'static str = "room";
    /// fn terminate(&mut self, reason: &ExitReason, _ctx: &mut Ctx<Self>) {
    ///     self.0.send(format!("closed: {reason}")).unwrap();
    /// }
    /// # }
    /// # struct Close;
    /// # impl Handle<Close> for Room {
    /// #     fn handle(&mut self, _: Close, ctx: &mut Ctx<Self>) { ctx.exit(ExitReason::Normal) }
    /// # }
    /// # actix_rt::System::new().block_on(async {
    /// # let (tx, rx) = std::sync::mpsc::channel();
    /// # let room = start(Spawn::new(), || Room(tx)).await.unwrap();
    /// room.tell(Close).unwrap(); // Its handler calls `ctx.exit(ExitReason::Normal)`.
    /// watch(room.pid()).await;
    /// assert_eq!(rx.recv().unwrap(), "closed: normal");
    /// # });
    /// ```
    fn terminate(&mut self, _reason: &ExitReason, _ctx: &mut Ctx<Self>) {}

    /// One line about the state, for the crash report.
    ///
    /// ```
    /// # use guildhall_process::Process;
    /// struct Room(Vec<String>);
    ///
    /// impl Process for Room {
    ///     const KIND: &'static str = "room";
    ///
    ///     fn state_summary(&self) -> Option<String> {
    ///         Some(format!("{} guests", self.0.len()))
    ///     }
    /// }
    /// # assert_eq!(Room(vec![]).state_summary().as_deref(), Some("0 guests"));
    /// ```
    fn state_summary(&self) -> Option<String> {
        None
    }
}

/// Handles one type of message. A message is one-way; a request carries a [`crate::ReplyTo`].
///
/// ```
/// use std::time::Duration;
/// use guildhall_process::{Ctx, Handle, Process, ReplyTo, Spawn, spawn};
///
/// struct Counter(u64);
/// struct Add(u64);
/// struct Get(ReplyTo<u64>);
///
/// impl Process for Counter {
///     const KIND: &'static str = "counter";
/// }
///
/// impl Handle<Add> for Counter {
///     fn handle(&mut self, Add(n): Add, _ctx: &mut Ctx<Self>) {
///         self.0 += n;
///     }
/// }
///
/// impl Handle<Get> for Counter {
///     fn handle(&mut self, Get(reply): Get, _ctx: &mut Ctx<Self>) {
///         reply.send(self.0);
///     }
/// }
///
/// actix_rt::System::new().block_on(async {
///     let counter = spawn(Spawn::new(), || Counter(40));
///     counter.tell(Add(2)).unwrap();
///     assert_eq!(counter.call(Duration::from_secs(1), Get).await, Ok(42));
/// });
/// ```
pub trait Handle<M: Send + 'static>: Process {
    /// Handles the message. It cannot be interrupted: whoever computes long keeps its arbiter.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// struct Close;
    ///
    /// impl Handle<Close> for Room {
    ///     fn handle(&mut self, _close: Close, ctx: &mut Ctx<Self>) {
    ///         ctx.exit(ExitReason::Normal);
    ///     }
    /// }
    /// # actix_rt::System::new().block_on(async {
    /// let room = spawn(Spawn::new(), || Room);
    /// let end = watch(room.pid());
    /// room.tell(Close).unwrap();
    /// assert_eq!(end.await, ExitReason::Normal);
    /// # });
    /// ```
    fn handle(&mut self, msg: M, ctx: &mut Ctx<Self>);
}
