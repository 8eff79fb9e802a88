//! The worker of the random trees: does what it is told, records what happens to it.

use guildhall_process::{Ctx, Down, Exit, ExitReason, Handle, Init, Pid, Process};

use super::super::case::{self, Id, Name};
use super::record::{Record, Told};

pub struct Worker {
    id: Id,
    spec: case::Worker,
    record: Record,
}

/// What a worker can be told to do.
pub enum Do {
    Exit(ExitReason),
    Panic,
    Link(Pid),
    Unlink(Pid),
    Monitor(Pid),
}

impl Worker {
    pub fn new(name: Name, spec: case::Worker, record: &Record) -> Self {
        Self {
            id: record.start(name),
            spec,
            record: record.clone(),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.record.end(self.id);
    }
}

impl Process for Worker {
    const KIND: &'static str = "random worker";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        self.record.know_worker(self.id, &ctx.me());
        ctx.trap_exit(self.spec.trap);
        let n = self.id.n;
        match n <= 8 && self.spec.fails >> (n - 1) & 1 == 1 {
            true => Init::Fail(ExitReason::error("boom")),
            false => Init::Ready,
        }
    }

    fn handle_exit(&mut self, exit: Exit, _ctx: &mut Ctx<Self>) {
        self.record.tell(self.id, Told::Exit(exit));
    }

    fn handle_parent_exit(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        self.record.tell(self.id, Told::ParentExit(reason.clone()));
        if !self.spec.stubborn {
            ctx.exit(reason);
        }
    }

    fn handle_down(&mut self, down: Down, _ctx: &mut Ctx<Self>) {
        self.record.tell(self.id, Told::Down(down));
    }
}

impl Handle<Do> for Worker {
    fn handle(&mut self, deed: Do, ctx: &mut Ctx<Self>) {
        match deed {
            Do::Exit(reason) => ctx.exit(reason),
            Do::Panic => std::panic::resume_unwind(Box::new("random fault")),
            Do::Link(pid) => ctx.link(pid),
            Do::Unlink(pid) => ctx.unlink(pid),
            Do::Monitor(pid) => {
                ctx.monitor(pid);
            }
        }
    }
}
