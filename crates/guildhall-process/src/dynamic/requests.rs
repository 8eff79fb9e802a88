//! The dynamic supervisor's side of requests, and of the news how a child's `init` went.

use super::DynamicSupervisor;
use super::child::{Child, Phase, tell_started};
use crate::ctx::Ctx;
use crate::exit::ExitReason;
use crate::panics::drop_quietly;
use crate::pid::Pid;
use crate::process::{Handle, Process};
use crate::process_ref::ProcRef;
use crate::reply::ReplyTo;
use crate::spawn::{Spawn, StartError, Starter};
use crate::supervisor::{AutoShutdown, ChildCounts, ChildError, ChildKind, check, stop};

use super::api::DynamicChildInfo;

/// Starts a child: a closure, because only it knows the child's type.
pub(super) struct Start(pub Box<StartFn>);

type StartFn = dyn FnOnce(&mut DynamicSupervisor, &mut Ctx<DynamicSupervisor>) + Send;

/// How the `init` of a child went. A failed one usually shows as its EXIT first, but for a child
/// that has unlinked itself.
pub(super) struct Started(pub Pid, pub Result<(), ExitReason>);

type Answer<T> = ReplyTo<Result<T, ChildError>>;

pub(super) enum Request {
    Terminate(Pid, Answer<()>),
    Which(Answer<Vec<DynamicChildInfo>>),
    Count(Answer<ChildCounts>),
}

impl Handle<Start> for DynamicSupervisor {
    fn handle(&mut self, Start(start): Start, ctx: &mut Ctx<Self>) {
        start(self, ctx);
    }
}

impl Handle<Started> for DynamicSupervisor {
    fn handle(&mut self, Started(pid, result): Started, ctx: &mut Ctx<Self>) {
        let Some(child) = self.children.get_mut(&pid) else {
            return;
        };
        match (child.phase, result) {
            (Phase::Starting, Ok(())) => {
                child.ready();
                if let Some(answer) = child.answer.take() {
                    answer(Ok(()));
                }
            }
            (Phase::Starting, Err(reason)) => self.ended(pid, reason, ctx),
            _ => {}
        }
    }
}

impl Handle<Request> for DynamicSupervisor {
    fn handle(&mut self, request: Request, ctx: &mut Ctx<Self>) {
        match request {
            Request::Terminate(pid, reply) => self.terminate_child(pid, reply, ctx),
            Request::Which(reply) => {
                let mut children: Vec<_> = self.children.iter().collect();
                children.sort_unstable_by_key(|(pid, _)| **pid);
                let info = |(pid, child): (&Pid, &Child)| child.info(*pid);
                reply.send(Ok(children.into_iter().map(info).collect()));
            }
            Request::Count(reply) => reply.send(Ok(self.counts())),
        }
    }
}

impl DynamicSupervisor {
    /// Starts a child for the first time.
    pub(super) fn begin<P: Process>(
        &mut self,
        mut child: Child,
        first: impl FnOnce(Spawn, Starter) -> ProcRef<P>,
        reply: ReplyTo<Result<ProcRef<P>, StartError>>,
        ctx: &mut Ctx<Self>,
    ) {
        if let Err(error) = self.accept(&child) {
            // They hold closures of the user's.
            drop_quietly(child);
            drop_quietly(first);
            return reply.send(Err(error));
        }
        let process = first(child.options(ctx.pid()), tell_started(ctx.me()));
        let pid = process.pid();
        child.answer = Some(Box::new(move |result| {
            reply.send(result.map(|()| process).map_err(StartError::Init));
        }));
        self.children.insert(pid, child);
    }

    fn accept(&self, child: &Child) -> Result<(), StartError> {
        let significant = self.auto_shutdown != AutoShutdown::Never;
        let name = child.name.as_deref().unwrap_or_default();
        check(name, child.restart, significant, self.auto_shutdown).map_err(StartError::BadSpec)?;
        if self.children.len() >= self.children_max {
            return Err(StartError::MaxChildren);
        }
        Ok(())
    }

    /// Stops a child beside the mailbox: a stubborn one holds up nobody.
    fn terminate_child(&mut self, pid: Pid, reply: Answer<()>, ctx: &mut Ctx<Self>) {
        let Some(child) = self.children.get_mut(&pid) else {
            return reply.send(Err(ChildError::NotFound));
        };
        // From now on its end is not followed by a restart.
        child.phase = match child.phase {
            Phase::Restarting => {
                drop_quietly(self.children.remove(&pid));
                return reply.send(Ok(()));
            }
            _ => Phase::Stopping,
        };
        ctx.run(
            stop(ctx.pid(), pid, self.shutdown),
            move |supervisor, reason, ctx| {
                supervisor.ended(pid, reason, ctx);
                reply.send(Ok(()));
            },
        );
    }

    fn counts(&self) -> ChildCounts {
        let all = self.children.values();
        let supervisor = |child: &&Child| child.kind == ChildKind::Supervisor;
        let (specs, supervisors) = (all.len(), all.clone().filter(supervisor).count());
        ChildCounts {
            specs,
            active: all.filter(|child| child.is_alive()).count(),
            supervisors,
            workers: specs - supervisors,
        }
    }
}
