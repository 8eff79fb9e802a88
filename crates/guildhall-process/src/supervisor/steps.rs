//! Carrying out a plan: one step after the other while the mailbox waits, as OTP's supervisor is
//! busy meanwhile. What waits is the process, so a kill interrupts it.

use std::any::Any;
use std::collections::VecDeque;

use super::Supervisor;
use super::children::Child;
use super::plan::{self, Key, Step};
use super::spec::Started;
use super::stop;
use crate::ctx::Ctx;
use crate::exit::ExitReason;
use crate::panics::log_error;
use crate::spawn::StartError;

/// A start that failed, and with it the plan.
pub(super) struct Failed {
    pub key: Key,
    pub id: String,
    pub error: StartError,
}

/// What follows when a plan is carried out, or when it fails.
type Then = Box<dyn FnOnce(&mut Supervisor, Result<(), Failed>, &mut Ctx<Supervisor>)>;

impl Supervisor {
    pub(super) fn carry_out(
        &mut self,
        steps: impl IntoIterator<Item = Step>,
        ctx: &mut Ctx<Self>,
        then: impl FnOnce(&mut Self, Result<(), Failed>, &mut Ctx<Self>) + 'static,
    ) {
        self.go_on(steps.into_iter().collect(), ctx, Box::new(then));
    }

    fn go_on(&mut self, mut steps: VecDeque<Step>, ctx: &mut Ctx<Self>, then: Then) {
        while let Some(step) = steps.pop_front() {
            let (Step::Stop(key) | Step::Start(key)) = step;
            match (step, self.children.find(key)) {
                (_, None) => {}
                (Step::Start(_), Some(child)) => return start(child, steps, ctx, then),
                (Step::Stop(_), Some(child)) if child.status.pid().is_some() => {
                    return stop_child(child, steps, ctx, then);
                }
                // Also the end of a wait for a restart.
                (Step::Stop(_), Some(_)) => self.children.ended(key, None),
            }
        }
        then(self, Ok(()), ctx);
    }

    /// A failed start leaves nothing alive: a child that was refused by its `on_start` is stopped.
    fn failed(&mut self, failed: Failed, ctx: &mut Ctx<Self>, then: Then) {
        let (me, Failed { id, error, .. }) = (ctx.pid(), &failed);
        let reason = error.reason();
        log_error(format_args!(
            "supervisor {me} could not start child {id}: {reason}"
        ));
        let stop = Step::Stop(failed.key);
        self.carry_out([stop], ctx, |supervisor, _, ctx| {
            then(supervisor, Err(failed), ctx);
        });
    }

    fn has_started(
        &mut self,
        key: Key,
        started: Result<Started, StartError>,
    ) -> Result<(), Failed> {
        let Some(child) = self.children.find(key) else {
            return Ok(());
        };
        let outcome = match started {
            Err(error) => Err(error),
            Ok((pid, process)) => {
                child.started(pid);
                let process: &dyn Any = &*process;
                child.spec.started(process).map_err(StartError::Init)
            }
        };
        outcome.map_err(|error| Failed {
            key,
            id: child.spec.id.clone(),
            error,
        })
    }
}

fn start(child: &Child, steps: VecDeque<Step>, ctx: &mut Ctx<Supervisor>, then: Then) {
    let key = child.key;
    let starting = child
        .spec
        .start(ctx.pid(), child.restarts, child.last_exit.clone());
    ctx.wait(starting, move |supervisor, started, ctx| {
        match supervisor.has_started(key, started) {
            Ok(()) => supervisor.go_on(steps, ctx, then),
            Err(failed) => supervisor.failed(failed, ctx, then),
        }
    });
}

fn stop_child(child: &Child, steps: VecDeque<Step>, ctx: &mut Ctx<Supervisor>, then: Then) {
    let Some(pid) = child.status.pid() else {
        return;
    };
    let key = child.key;
    let stopping = stop::stop(ctx.pid(), pid, child.spec.shutdown);
    ctx.wait(stopping, move |supervisor, reason, ctx| {
        supervisor.has_stopped(key, reason, ctx);
        supervisor.go_on(steps, ctx, then);
    });
}

impl Supervisor {
    fn has_stopped(&mut self, key: Key, reason: ExitReason, ctx: &Ctx<Self>) {
        if let Some(child) = self.children.find(key)
            && !plan::stopped_well(child.spec.shutdown, child.spec.restart, &reason)
        {
            let (me, id) = (ctx.pid(), &child.spec.id);
            log_error(format_args!(
                "supervisor {me} stopped child {id}, which ended with {reason}"
            ));
        }
        // Its own end is not known then, but an earlier one may be.
        let reason = Some(reason).filter(|reason| *reason != ExitReason::NoProc);
        self.children.ended(key, reason);
    }
}
