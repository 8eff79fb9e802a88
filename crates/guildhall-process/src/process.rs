//! What a user of the crate implements: [`Process`] for the life cycle, [`Handle`] for messages.

use crate::ctx::Ctx;
use crate::exit::ExitReason;
use crate::pid::{MonitorRef, Pid};

/// What [`Process::init`] answers.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Who ended, or who sent the signal; [`Pid::OUTSIDE`] if it was no process.
    pub from: Pid,
    /// Why.
    pub reason: ExitReason,
}

/// The message that a monitor sends.
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
pub trait Process: Sized + Unpin + 'static {
    /// What kind of process this is, for logs and the status page (`"session"`).
    const KIND: &'static str;

    /// How many messages may wait before a sender gets its message back. EXIT, DOWN and timer
    /// messages do not count.
    const MAILBOX_MAX: usize = 1024;

    /// `worker` or `supervisor`, for the status page.
    #[doc(hidden)]
    const CLASS: &'static str = "worker";

    /// Runs before the first message.
    fn init(&mut self, _ctx: &mut Ctx<Self>) -> Init {
        Init::Ready
    }

    /// A link ended or somebody sent an exit signal. Only for who traps exits; otherwise the
    /// signal ends the process. The exit of the parent goes to [`Process::handle_parent_exit`].
    fn handle_exit(&mut self, _exit: Exit, _ctx: &mut Ctx<Self>) {}

    /// The parent ended or orders to stop (only for who traps exits). Ends the process with the
    /// same reason unless overridden, as `gen_server` does. Who must finish something first
    /// overrides it, waits with [`Ctx::wait`] and calls [`Ctx::exit`] then.
    fn handle_parent_exit(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        ctx.exit(reason);
    }

    /// A monitored process ended.
    fn handle_down(&mut self, _down: Down, _ctx: &mut Ctx<Self>) {}

    /// Called before a process ends by its own decision ([`Ctx::exit`], also after the parent's
    /// exit was trapped). Not called after a panic, after a failed `init`, and when an exit signal
    /// or a kill ends the process from outside.
    fn terminate(&mut self, _reason: &ExitReason, _ctx: &mut Ctx<Self>) {}

    /// One line about the state, for the crash report.
    fn state_summary(&self) -> Option<String> {
        None
    }
}

/// Handles one type of message. A message is one-way; a request carries a [`crate::ReplyTo`].
pub trait Handle<M: Send + 'static>: Process {
    /// Handles the message. It cannot be interrupted: whoever computes long keeps its arbiter.
    fn handle(&mut self, msg: M, ctx: &mut Ctx<Self>);
}
