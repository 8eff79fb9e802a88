//! What actix asks of a context. "Waiting" is the answer that makes turns out of actix's loop.

use actix::dev::{AsyncContextParts, ContextParts};
use actix::fut::ActorFuture;
use actix::{ActorContext, ActorState, Addr, AsyncContext, SpawnHandle};

use super::Ctx;
use crate::exit::ExitReason;
use crate::process::Process;
use crate::shell::Shell;

impl<P: Process> ActorContext for Ctx<P> {
    fn stop(&mut self) {
        self.exit(ExitReason::Normal);
    }

    fn terminate(&mut self) {
        self.exit(ExitReason::Normal);
    }

    fn state(&self) -> ActorState {
        self.parts.state()
    }
}

impl<P: Process> AsyncContext<Shell<P>> for Ctx<P> {
    fn address(&self) -> Addr<Shell<P>> {
        self.parts.address()
    }

    fn spawn<F>(&mut self, fut: F) -> SpawnHandle
    where
        F: ActorFuture<Shell<P>, Output = ()> + 'static,
    {
        self.parts.spawn(fut)
    }

    fn wait<F>(&mut self, fut: F)
    where
        F: ActorFuture<Shell<P>, Output = ()> + 'static,
    {
        self.parts.wait(fut);
    }

    // The mailbox asks this before every message: here the turn's budget, an own exit and a
    // signal that has just come in stop it.
    fn waiting(&self) -> bool {
        self.parts.waiting() || self.is_ending() || !self.turn.allows_message()
    }

    fn cancel_future(&mut self, handle: SpawnHandle) -> bool {
        self.parts.cancel_future(handle)
    }
}

impl<P: Process> AsyncContextParts<Shell<P>> for Ctx<P> {
    fn parts(&mut self) -> &mut ContextParts<Shell<P>> {
        &mut self.parts
    }
}
