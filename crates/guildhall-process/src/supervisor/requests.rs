//! The supervisor's side of a request: OTP's `handle_call`, clause by clause.

use super::Supervisor;
use super::api::{Answer, ChildError, ChildStatus, Request};
use super::children::Child;
use super::plan::{self, Key, Step};
use super::spec::ChildSpec;
use crate::ctx::Ctx;
use crate::panics::drop_quietly;
use crate::pid::Pid;
use crate::process::Handle;
use crate::spawn::StartError;

impl Handle<Request> for Supervisor {
    fn handle(&mut self, request: Request, ctx: &mut Ctx<Self>) {
        match request {
            Request::Start(spec, reply) => self.start_child(*spec, reply, ctx),
            Request::Terminate(id, reply) => self.terminate_child(&id, reply, ctx),
            Request::Restart(id, reply) => self.restart_child(&id, reply, ctx),
            Request::Delete(id, reply) => reply.send(self.delete_child(&id)),
            Request::Get(id, reply) => reply.send(self.known(&id).map(Child::info)),
            Request::Which(reply) => {
                reply.send(Ok(self.children.iter().map(Child::info).collect()))
            }
            Request::Count(reply) => reply.send(Ok(self.children.counts())),
        }
    }
}

impl Supervisor {
    fn known(&self, id: &str) -> Result<&Child, ChildError> {
        self.children.by_id(id).ok_or(ChildError::NotFound)
    }

    /// The key of a child that neither runs nor is going to.
    fn stopped(&self, id: &str) -> Result<Key, ChildError> {
        let child = self.known(id)?;
        match child.status {
            ChildStatus::Stopped => Ok(child.key),
            ChildStatus::Running(_) => Err(ChildError::Running),
            ChildStatus::Restarting => Err(ChildError::Restarting),
        }
    }

    fn accept(&self, spec: &ChildSpec) -> Result<(), ChildError> {
        plan::check(&spec.id, spec.restart, spec.significant, self.auto_shutdown)
            .map_err(ChildError::BadSpec)?;
        match self.children.by_id(&spec.id).map(|child| child.status) {
            None => Ok(()),
            Some(ChildStatus::Running(pid)) => Err(ChildError::AlreadyStarted(pid)),
            Some(_) => Err(ChildError::AlreadyPresent),
        }
    }

    fn start_child(&mut self, spec: ChildSpec, reply: Answer<Pid>, ctx: &mut Ctx<Self>) {
        if let Err(error) = self.accept(&spec) {
            // It holds closures of the user's.
            drop_quietly(spec);
            return reply.send(Err(error));
        }
        let key = self.children.push(spec);
        self.start_for(key, ctx, move |supervisor, result| {
            if result.is_err() {
                supervisor.children.remove(key);
            }
            reply.send(result);
        });
    }

    fn terminate_child(&mut self, id: &str, reply: Answer<()>, ctx: &mut Ctx<Self>) {
        match self.known(id).map(|child| child.key) {
            Err(error) => reply.send(Err(error)),
            Ok(key) => self.carry_out([Step::Stop(key)], ctx, |_, _, _| reply.send(Ok(()))),
        }
    }

    fn restart_child(&mut self, id: &str, reply: Answer<Pid>, ctx: &mut Ctx<Self>) {
        match self.stopped(id) {
            Err(error) => reply.send(Err(error)),
            Ok(key) => self.start_for(key, ctx, |_, result| reply.send(result)),
        }
    }

    fn delete_child(&mut self, id: &str) -> Result<(), ChildError> {
        let key = self.stopped(id)?;
        self.children.remove(key);
        Ok(())
    }

    /// Starts one child on request.
    fn start_for(
        &mut self,
        key: Key,
        ctx: &mut Ctx<Self>,
        then: impl FnOnce(&mut Self, Result<Pid, ChildError>) + 'static,
    ) {
        self.carry_out([Step::Start(key)], ctx, move |supervisor, result, _| {
            let child = supervisor.children.find(key);
            let pid = child.and_then(|child| child.status.pid());
            let result = result.map_err(|failed| match failed.error {
                // A name that somebody else has (see `ChildSpec::via`).
                StartError::AlreadyStarted(pid) => ChildError::AlreadyStarted(pid),
                error => ChildError::Start(error.reason()),
            });
            then(supervisor, result.and(pid.ok_or(ChildError::NotFound)));
        });
    }
}
