//! The options of a start: where a process runs, its name, and what it is bound to before it runs.

use actix_rt::{Arbiter, ArbiterHandle};

use crate::cell::ChildRecord;
use crate::pid::{MonitorRef, Pid};

/// Where a process runs. It stays there all its life.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let arbiter = actix_rt::Arbiter::new();
/// let there = Placement::On(arbiter.handle());
/// assert!(start(Spawn::new().on(there), || Room).await.is_ok());
/// # });
/// ```
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
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let here = Placement::here();
    /// let started = std::thread::spawn(|| start(Spawn::new().on(here), || Room)).join().unwrap();
    /// assert!(started.await.is_ok());
    /// # });
    /// ```
    pub fn here() -> Self {
        Arbiter::try_current().map_or(Self::Here, Self::On)
    }
}

/// A monitor to be set together with the spawn.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// # let watcher = spawn(Spawn::new(), || Room);
/// let monitor = Monitor::by(watcher.pid());
/// let room = spawn(Spawn::new().monitor(monitor), || Room);
/// assert_eq!(process_info(room.pid()).unwrap().monitored_by, [monitor.by]);
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Monitor {
    /// Which process gets the DOWN.
    pub by: Pid,
    /// What the DOWN will carry.
    pub reference: MonitorRef,
}

impl Monitor {
    /// A new monitor of process `by`.
    ///
    /// ```
    /// # use guildhall_process::{Monitor, Pid};
    /// assert_ne!(Monitor::by(Pid::OUTSIDE), Monitor::by(Pid::OUTSIDE), "two references");
    /// ```
    pub fn by(by: Pid) -> Self {
        Self {
            by,
            reference: MonitorRef::next(),
        }
    }
}

/// How to start a process.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let parent = spawn(Spawn::named("hall"), || Room);
/// let child = spawn(Spawn::named("cellar").child_of(parent.pid()), || Room);
/// assert_eq!(process_info(child.pid()).unwrap().links, [parent.pid()]);
/// # });
/// ```
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
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let room = spawn(Spawn::new(), || Room);
    /// assert_eq!(process_info(room.pid()).unwrap().name, None);
    /// # });
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Here, with a name for the status page.
    ///
    /// ```
    /// # use guildhall_process::Spawn;
    /// assert_eq!(Spawn::named("hall").name.as_deref(), Some("hall"));
    /// ```
    pub fn named(name: impl Into<String>) -> Self {
        Self::new().name(name)
    }

    /// Sets the name.
    ///
    /// ```
    /// # use guildhall_process::Spawn;
    /// assert_eq!(Spawn::new().name("hall").name.as_deref(), Some("hall"));
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the place.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let arbiter = actix_rt::Arbiter::new();
    /// let opts = Spawn::named("hall").on(Placement::On(arbiter.handle()));
    /// assert!(start(opts, || Room).await.is_ok());
    /// # });
    /// ```
    pub fn on(mut self, placement: Placement) -> Self {
        self.placement = placement;
        self
    }

    /// Links the process to `pid`, atomically with the spawn. If `pid` is dead, the process gets a
    /// `NoProc` exit signal before it runs.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// let room = spawn(Spawn::new().link(Pid::OUTSIDE), || Room);
    /// assert_eq!(watch(room.pid()).await, ExitReason::NoProc);
    /// # });
    /// ```
    pub fn link(mut self, pid: Pid) -> Self {
        self.link = Some(pid);
        self
    }

    /// Sets a monitor, atomically with the spawn.
    ///
    /// ```
    /// # use guildhall_process::*;
    /// # struct Room;
    /// # impl Process for Room { const KIND: &'static str = "room"; }
    /// # actix_rt::System::new().block_on(async {
    /// # let watcher = spawn(Spawn::new(), || Room);
    /// let room = spawn(Spawn::new().monitor(Monitor::by(watcher.pid())), || Room);
    /// assert_eq!(process_info(watcher.pid()).unwrap().monitors, [room.pid()]);
    /// # });
    /// ```
    pub fn monitor(mut self, monitor: Monitor) -> Self {
        self.monitor = Some(monitor);
        self
    }

    /// Sets the parent.
    ///
    /// ```
    /// # use guildhall_process::{Pid, Spawn};
    /// let opts = Spawn::new().parent(Pid::OUTSIDE);
    /// assert_eq!((opts.parent, opts.link), (Some(Pid::OUTSIDE), None));
    /// ```
    pub fn parent(mut self, pid: Pid) -> Self {
        self.parent = Some(pid);
        self
    }

    /// Makes `pid` the parent and links to it.
    ///
    /// ```
    /// # use guildhall_process::{Pid, Spawn};
    /// let opts = Spawn::new().child_of(Pid::OUTSIDE);
    /// assert_eq!((opts.parent, opts.link), (Some(Pid::OUTSIDE), Some(Pid::OUTSIDE)));
    /// ```
    pub fn child_of(self, pid: Pid) -> Self {
        self.parent(pid).link(pid)
    }

    pub(crate) fn record(mut self, record: ChildRecord) -> Self {
        self.child = Some(Box::new(record));
        self
    }
}
