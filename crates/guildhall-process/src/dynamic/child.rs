//! One child of a dynamic supervisor. A temporary one is made only once, so it carries nothing for
//! a restart.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::DynamicSupervisor;
use super::api::DynamicChildInfo;
use super::requests::Started;
use crate::cell::ChildRecord;
use crate::ctx::Ctx;
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process_ref::ProcRef;
use crate::spawn::{Placement, Spawn, Starter};
use crate::supervisor::{Backoff, ChildKind, ChildStatus, Restart, Streak};

/// Spawns the child again.
pub(super) type Launch = Arc<dyn Fn(Spawn, Starter) -> Pid + Send + Sync>;

/// Answers the one who asked for the child.
pub(super) type Answer = Box<dyn FnOnce(Result<(), ExitReason>) + Send>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its `init` runs.
    Starting,
    Ready,
    /// It is dead and waits for its restart.
    Restarting,
    /// It was told to stop on request.
    Stopping,
}

pub(super) struct Child {
    pub name: Option<String>,
    pub kind: ChildKind,
    pub restart: Restart,
    pub placement: Placement,
    pub phase: Phase,
    /// Present until the first `init` is done.
    pub answer: Option<Answer>,
    /// `None` for a temporary child.
    pub again: Option<Box<Again>>,
}

/// What a restart needs.
pub(super) struct Again {
    launch: Launch,
    restarts: u32,
    last_exit: Option<ExitReason>,
    streak: Streak,
}

impl Again {
    pub fn new(launch: Launch) -> Box<Self> {
        Box::new(Self {
            launch,
            restarts: 0,
            last_exit: None,
            streak: Streak::default(),
        })
    }
}

impl Child {
    pub fn is_alive(&self) -> bool {
        self.phase != Phase::Restarting
    }

    pub fn ready(&mut self) {
        self.phase = Phase::Ready;
        if let Some(again) = &mut self.again {
            again.streak.started(Instant::now());
        }
    }

    /// Notes how it ended, for who looks at its successor.
    pub fn note(&mut self, reason: ExitReason) {
        if let Some(again) = &mut self.again {
            again.last_exit = Some(reason);
        }
    }

    /// How long to wait before the restart.
    pub fn wait(&mut self, backoff: Option<Backoff>) -> Duration {
        let again = self.again.as_mut();
        again.map_or(Duration::ZERO, |again| {
            again.streak.wait(backoff, Instant::now())
        })
    }

    /// Spawns it once more; `None` for a temporary child.
    pub fn launch(&mut self, ctx: &Ctx<DynamicSupervisor>) -> Option<Pid> {
        let again = self.again.as_mut()?;
        again.restarts += 1;
        let launch = Arc::clone(&again.launch);
        Some(launch(self.options(ctx.pid()), tell_started(ctx.me())))
    }

    pub fn options(&self, parent: Pid) -> Spawn {
        let again = self.again.as_ref();
        let mut opts = Spawn::new()
            .on(self.placement.clone())
            .child_of(parent)
            .record(ChildRecord {
                restart: self.restart,
                restarts: again.map_or(0, |again| again.restarts),
                last_exit: again.and_then(|again| again.last_exit.clone()),
            });
        opts.name.clone_from(&self.name);
        opts
    }

    pub fn info(&self, pid: Pid) -> DynamicChildInfo {
        DynamicChildInfo {
            name: self.name.clone(),
            status: match self.phase {
                Phase::Restarting => ChildStatus::Restarting,
                Phase::Starting | Phase::Ready | Phase::Stopping => ChildStatus::Running(pid),
            },
            kind: self.kind,
            restart: self.restart,
            restarts: self.again.as_ref().map_or(0, |again| again.restarts),
        }
    }
}

pub(super) fn tell_started(supervisor: ProcRef<DynamicSupervisor>) -> Starter {
    Box::new(move |pid, result| supervisor.tell_exempt(Started(pid, result)))
}
