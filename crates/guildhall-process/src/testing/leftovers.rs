//! The check at the end of a test: nothing that it made may be left over.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::failure::{Site, describe};
use super::scope::{self, Entered, Scope};
use crate::cell::{Cell, Name, NameKind, Watcher};
use crate::pid::Pid;
use crate::sync::lock;
use crate::table;

/// What was left over.
///
/// ```
/// use guildhall_process::testing::LeftoverKind;
/// assert_eq!(LeftoverKind::Process.to_string(), "process");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftoverKind {
    /// A process that lives.
    Process,
    /// A port that is open.
    Port,
    /// A key of a registry.
    Name,
    /// A membership of a process group.
    Group,
    /// A monitor of process groups.
    GroupMonitor,
    /// A link; shown once for each side.
    Link,
    /// A monitor of one process by another, or by a call or [`crate::watch`] that still waits.
    Monitor,
    /// A timer that has not struck.
    Timer,
}

impl fmt::Display for LeftoverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Process => "process",
            Self::Port => "port",
            Self::Name => "name",
            Self::Group => "group",
            Self::GroupMonitor => "group monitor",
            Self::Link => "link",
            Self::Monitor => "monitor",
            Self::Timer => "timer",
        })
    }
}

/// One thing that was left over.
///
/// ```
/// use guildhall_process::Port;
/// use guildhall_process::testing::{LeftoverKind, Leftovers};
/// let leftovers = Leftovers::watch();
/// let port = Port::open("socket", None, |_reason| ());
/// let found = leftovers.found();
/// assert_eq!((found[0].kind, found[0].pid), (LeftoverKind::Port, port.pid()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover {
    /// What it is.
    pub kind: LeftoverKind,
    /// The process or port that it is, or that it belongs to.
    pub pid: Pid,
    /// Kind, owner and name, for people.
    pub text: String,
}

/// Watches what is made from now on by this thread and by the processes that it makes, until the
/// drop; tests that run beside this one on other threads are not seen. What a thread that is no
/// process's makes by itself is not seen either. [`super::run`] does this by itself; alone it serves
/// tests with a runtime of their own.
///
/// ```
/// use guildhall_process::Port;
/// use guildhall_process::testing::Leftovers;
///
/// let leftovers = Leftovers::watch();
/// let port = Port::open("socket", None, |_reason| ());
/// assert_eq!(leftovers.found().len(), 1);
/// drop(port);
/// leftovers.assert_none();
/// ```
pub struct Leftovers {
    scope: Arc<Scope>,
    before: BTreeSet<Leftover>,
    /// Only where no scope was there before.
    _entered: Option<Entered>,
    /// The scope is this thread's.
    _here: PhantomData<Rc<()>>,
}

impl Leftovers {
    /// Begins to watch. What is there already is not left over.
    ///
    /// ```
    /// guildhall_process::testing::Leftovers::watch().assert_none();
    /// ```
    pub fn watch() -> Self {
        let (scope, entered) = match scope::current() {
            Some(scope) => (scope, None),
            None => {
                let scope = Scope::new(false, None);
                (Arc::clone(&scope), Some(scope::enter(Some(scope))))
            }
        };
        Self {
            before: look(&scope).into_iter().collect(),
            scope,
            _entered: entered,
            _here: PhantomData,
        }
    }

    /// What is left over at this moment, by kind and pid.
    ///
    /// ```
    /// assert!(guildhall_process::testing::Leftovers::watch().found().is_empty());
    /// ```
    pub fn found(&self) -> Vec<Leftover> {
        // What was there before counts as often as it was there.
        let mut found = look(&self.scope);
        found.retain(|leftover| !self.before.contains(leftover));
        found
    }

    /// Nothing may be left over.
    ///
    /// # Panics
    /// If something is; the text names each.
    ///
    /// ```
    /// guildhall_process::testing::Leftovers::watch().assert_none();
    /// ```
    #[track_caller]
    pub fn assert_none(&self) {
        self.assert_none_at(Site::here());
    }

    pub(super) fn assert_none_at(&self, site: Site) {
        let found = self.found();
        if !found.is_empty() {
            let mut text = format!("{} things are left over:", found.len());
            for leftover in found {
                text.push_str("\n  ");
                text.push_str(&leftover.text);
            }
            site.fail(text);
        }
    }
}

impl fmt::Debug for Leftovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Leftovers({} found)", self.found().len())
    }
}

/// Everything there is in the scope; equal things are numbered, so that one more is seen.
fn look(scope: &Scope) -> Vec<Leftover> {
    let mut all = Vec::new();
    for (pid, _) in scope.living() {
        if let Some(cell) = table::get(pid) {
            look_at(scope, &cell, &mut all);
        }
    }
    all.sort();
    let mut times: BTreeMap<Leftover, u32> = BTreeMap::new();
    for leftover in &mut all {
        let nth = times.entry(leftover.clone()).or_default();
        *nth += 1;
        if *nth > 1 {
            leftover.text.push_str(&format!(" ({nth})"));
        }
    }
    all
}

fn look_at(scope: &Scope, cell: &Cell, all: &mut Vec<Leftover>) {
    let pid = cell.pid;
    let me = describe(Some(scope), pid);
    let mut add = |kind: LeftoverKind, text: String| {
        all.push(Leftover {
            kind,
            pid,
            text: format!("{kind} {text}"),
        });
    };
    add(kind_of(cell), me.clone());
    let found = Found::of(cell);
    for name in found.names {
        add(name_kind(&*name), format!("{} of {me}", name.label()));
    }
    for peer in found.links {
        add(
            LeftoverKind::Link,
            format!("of {me} with {}", describe(Some(scope), peer)),
        );
    }
    for target in found.monitors {
        add(
            LeftoverKind::Monitor,
            format!("by {me} of {}", describe(Some(scope), target)),
        );
    }
    for _ in 0..cell.timers.load(Ordering::Relaxed) {
        add(LeftoverKind::Timer, format!("of {me}"));
    }
    for _ in 0..found.waiting {
        add(
            LeftoverKind::Monitor,
            format!("of {me} by a call or `watch` that waits"),
        );
    }
}

fn kind_of(cell: &Cell) -> LeftoverKind {
    match cell.body.class() {
        "port" => LeftoverKind::Port,
        _ => LeftoverKind::Process,
    }
}

fn name_kind(name: &dyn Name) -> LeftoverKind {
    match name.kind() {
        NameKind::Registered => LeftoverKind::Name,
        NameKind::Group => LeftoverKind::Group,
        NameKind::GroupMonitor => LeftoverKind::GroupMonitor,
    }
}

/// What a cell holds, taken out under its lock to be described without it.
#[derive(Default)]
struct Found {
    names: Vec<Arc<dyn Name>>,
    links: Vec<Pid>,
    monitors: Vec<Pid>,
    /// Calls and watches from outside.
    waiting: usize,
}

impl Found {
    fn of(cell: &Cell) -> Self {
        let mut state = lock(&cell.state);
        let Some(relations) = state.known_relations() else {
            return Self::default();
        };
        let slots = |watcher: &&Watcher| watcher.process().is_none();
        Self {
            names: relations.names.values().cloned().collect(),
            links: relations.links.keys().copied().collect(),
            monitors: relations.monitors.values().copied().collect(),
            // One is the kit's own.
            waiting: relations.watchers.values().filter(slots).count() - 1,
        }
    }
}
