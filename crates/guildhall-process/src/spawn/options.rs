//! The options of a start: where a process runs, its name, and what it is bound to before it runs.

use actix_rt::{Arbiter, ArbiterHandle};

use crate::cell::ChildRecord;
use crate::pid::{MonitorRef, Pid};

/// Where a process runs. It stays there all its life.
#[derive(Clone, Debug, Default)]
pub enum Placement {
    /// On the arbiter of the thread that spawns it.
    #[default]
    Here,
    /// On this arbiter.
    On(ArbiterHandle),
}

impl Placement {
    /// The current arbiter, to be used from other threads later. `Here` if there is none.
    pub fn here() -> Self {
        Arbiter::try_current().map_or(Self::Here, Self::On)
    }
}

/// A monitor to be set together with the spawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Monitor {
    /// Which process gets the DOWN.
    pub by: Pid,
    /// What the DOWN will carry.
    pub reference: MonitorRef,
}

impl Monitor {
    /// A new monitor of process `by`.
    pub fn by(by: Pid) -> Self {
        Self {
            by,
            reference: MonitorRef::next(),
        }
    }
}

/// How to start a process.
#[derive(Default)]
pub struct Spawn {
    /// Where it runs.
    pub placement: Placement,
    /// Its name on the status page and in logs; for look-ups there is [`crate::Registry`].
    pub name: Option<String>,
    /// Whom it is linked to before it runs.
    pub link: Option<Pid>,
    /// Who monitors it from its beginning.
    pub monitor: Option<Monitor>,
    /// Whose child it is.
    pub parent: Option<Pid>,
    pub(crate) child: Option<Box<ChildRecord>>,
}

impl Spawn {
    /// Here, without name, link, monitor and parent.
    pub fn new() -> Self {
        Self::default()
    }

    /// Here, with a name for the status page.
    pub fn named(name: impl Into<String>) -> Self {
        Self::new().name(name)
    }

    /// Sets the name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the place.
    pub fn on(mut self, placement: Placement) -> Self {
        self.placement = placement;
        self
    }

    /// Links the process to `pid`, atomically with the spawn. If `pid` is dead, the process gets a
    /// `NoProc` exit signal before it runs.
    pub fn link(mut self, pid: Pid) -> Self {
        self.link = Some(pid);
        self
    }

    /// Sets a monitor, atomically with the spawn.
    pub fn monitor(mut self, monitor: Monitor) -> Self {
        self.monitor = Some(monitor);
        self
    }

    /// Sets the parent.
    pub fn parent(mut self, pid: Pid) -> Self {
        self.parent = Some(pid);
        self
    }

    /// Makes `pid` the parent and links to it.
    pub fn child_of(self, pid: Pid) -> Self {
        self.parent(pid).link(pid)
    }

    pub(crate) fn record(mut self, record: ChildRecord) -> Self {
        self.child = Some(Box::new(record));
        self
    }
}
