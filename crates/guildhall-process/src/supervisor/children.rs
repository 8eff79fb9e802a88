//! The children of a supervisor in start order, and what it knows of each.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::api::{ChildCounts, ChildInfo, ChildStatus};
use super::backoff::Streak;
use super::plan::{self, Entry, Key};
use super::policy::{AutoShutdown, ChildKind, Restart, SpecError};
use super::spec::ChildSpec;
use crate::exit::ExitReason;
use crate::panics::drop_quietly;
use crate::pid::Pid;
use crate::signals::is_alive;

pub(super) struct Child {
    pub key: Key,
    pub spec: ChildSpec,
    pub status: ChildStatus,
    /// Which wait for a restart this is; a message about an earlier one means nothing any more.
    pub attempt: u64,
    pub restarts: u32,
    pub last_exit: Option<ExitReason>,
    streak: Streak,
}

impl Child {
    pub fn started(&mut self, pid: Pid) {
        self.status = ChildStatus::Running(pid);
        self.streak.started(Instant::now());
    }

    /// Waits for a restart from now on; the answer tells this wait from others.
    pub fn await_restart(&mut self) -> u64 {
        self.status = ChildStatus::Restarting;
        self.attempt += 1;
        self.attempt
    }

    pub fn wait(&mut self) -> Duration {
        self.streak.wait(self.spec.backoff, Instant::now())
    }

    pub fn info(&self) -> ChildInfo {
        ChildInfo {
            id: self.spec.id.clone(),
            status: self.status,
            kind: self.spec.kind,
            restart: self.spec.restart,
            shutdown: self.spec.shutdown,
            significant: self.spec.significant,
            restarts: self.restarts,
            last_exit: self.last_exit.clone(),
        }
    }
}

#[derive(Default)]
pub(super) struct Children {
    list: Vec<Child>,
    next_key: u64,
}

impl Children {
    pub fn push(&mut self, spec: ChildSpec) -> Key {
        let key = Key(self.next_key);
        self.next_key += 1;
        self.list.push(Child {
            key,
            spec,
            status: ChildStatus::Stopped,
            attempt: 0,
            restarts: 0,
            last_exit: None,
            streak: Streak::default(),
        });
        key
    }

    pub fn iter(&self) -> impl Iterator<Item = &Child> {
        self.list.iter()
    }

    pub fn find(&mut self, key: Key) -> Option<&mut Child> {
        self.list.iter_mut().find(|child| child.key == key)
    }

    pub fn by_id(&self, id: &str) -> Option<&Child> {
        self.iter().find(|child| child.spec.id == id)
    }

    pub fn by_pid(&self, pid: Pid) -> Option<&Child> {
        let running = ChildStatus::Running(pid);
        self.iter().find(|child| child.status == running)
    }

    pub fn remove(&mut self, key: Key) {
        if let Some(at) = self.list.iter().position(|child| child.key == key) {
            // With it go closures of the user's.
            drop_quietly(self.list.remove(at));
        }
    }

    /// Notes that a child does not run and is not going to; a temporary one is forgotten.
    pub fn ended(&mut self, key: Key, reason: Option<ExitReason>) {
        let Some(child) = self.find(key) else {
            return;
        };
        child.status = ChildStatus::Stopped;
        if reason.is_some() {
            child.last_exit = reason;
        }
        if child.spec.restart == Restart::Temporary {
            self.remove(key);
        }
    }

    pub fn entries(&self) -> Vec<Entry> {
        let entry = |child: &Child| Entry {
            key: child.key,
            restart: child.spec.restart,
            running: child.status != ChildStatus::Stopped,
        };
        self.iter().map(entry).collect()
    }

    /// Whether a significant child runs or is to be restarted.
    pub fn any_significant_left(&self) -> bool {
        self.iter()
            .any(|child| child.spec.significant && child.status != ChildStatus::Stopped)
    }

    pub fn check(&self, auto: AutoShutdown) -> Result<(), SpecError> {
        let mut seen = HashSet::new();
        for Child { spec, .. } in &self.list {
            if !seen.insert(spec.id.as_str()) {
                return Err(SpecError::DuplicateId(spec.id.clone()));
            }
            plan::check(&spec.id, spec.restart, spec.significant, auto)?;
        }
        Ok(())
    }

    pub fn counts(&self) -> ChildCounts {
        let alive = |child: &&Child| child.status.pid().is_some_and(is_alive);
        let supervisor = |child: &&Child| child.spec.kind == ChildKind::Supervisor;
        let (specs, supervisors) = (self.list.len(), self.iter().filter(supervisor).count());
        ChildCounts {
            specs,
            active: self.iter().filter(alive).count(),
            supervisors,
            workers: specs - supervisors,
        }
    }
}

impl Drop for Children {
    // One by one, because two panics of the user's values at once would abort.
    fn drop(&mut self) {
        self.list.drain(..).for_each(drop_quietly);
    }
}
