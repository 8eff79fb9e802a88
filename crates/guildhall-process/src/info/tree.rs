//! Who is whose child, from one snapshot, and as text for people.

use std::collections::HashMap;
use std::fmt;

use super::{ProcessInfo, processes};
use crate::pid::Pid;
use crate::sync::NumberHash;

/// Deeper descendants are shown on this level: a tree that is looked at, cloned or dropped must not
/// cost an unbounded stack.
const LEVELS_MAX: usize = 64;

/// A process and its children. Displayed as one line per process; see [`Forest`].
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let hall = spawn(Spawn::named("hall"), || Room);
/// let cellar = spawn(Spawn::named("cellar").child_of(hall.pid()), || Room);
/// let node: TreeNode = tree(hall.pid()).unwrap();
/// assert_eq!(node.children[0].info.pid, cellar.pid());
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct TreeNode {
    /// The process.
    pub info: ProcessInfo,
    /// Its children in the order of their start.
    pub children: Vec<TreeNode>,
}

/// All processes and ports as trees. Displayed for people, one line each:
///
/// ```
/// use guildhall_process::{Pool, Process, Spawn, forest, spawn};
///
/// struct Store;
///
/// impl Process for Store {
///     const KIND: &'static str = "store";
/// }
///
/// actix_rt::System::new().block_on(async {
///     let store = spawn(Spawn::named("books"), || Store);
///     let pool = Pool::child_of(store.pid(), "queries", 2, 100);
///     let expected = format!(
///         "{} store books\n\
///          └─ {} pool queries (0 of 2 threads busy, 0 jobs panicked, 0 threads replaced)\n",
///         store.pid(),
///         pool.pid(),
///     );
///     assert!(forest().to_string().ends_with(&expected));
/// });
/// ```
#[derive(Clone, Debug)]
pub struct Forest {
    /// Those without a parent, or whose parent is dead, in the order of their start.
    pub roots: Vec<TreeNode>,
}

/// The tree of children below `root`, from one snapshot; `None` if `root` is dead. What lies deeper
/// than 64 levels is shown on the 64th.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let hall = spawn(Spawn::named("hall"), || Room);
/// assert_eq!(tree(hall.pid()).unwrap().to_string(), format!("{} room hall\n", hall.pid()));
/// assert!(tree(Pid::OUTSIDE).is_none());
/// # });
/// ```
pub fn tree(root: Pid) -> Option<TreeNode> {
    let (mut children, mut tops) = families(|info| info.pid == root);
    Some(grow(tops.pop()?, &mut children, 1))
}

/// All trees. Who is there is told of one moment, what is said of each of its own moment shortly
/// after.
///
/// ```
/// # use guildhall_process::*;
/// # struct Room;
/// # impl Process for Room { const KIND: &'static str = "room"; }
/// # actix_rt::System::new().block_on(async {
/// let hall = spawn(Spawn::named("hall"), || Room);
/// assert!(forest().roots.iter().any(|root| root.info.pid == hall.pid()));
/// # });
/// ```
pub fn forest() -> Forest {
    let all = processes();
    let alive: std::collections::HashSet<Pid, NumberHash> =
        all.iter().map(|info| info.pid).collect();
    let (mut children, tops) = sort(all, |info| {
        info.parent.is_none_or(|pid| !alive.contains(&pid))
    });
    let grow = |top| grow(top, &mut children, 1);
    Forest {
        roots: tops.into_iter().map(grow).collect(),
    }
}

type Children = HashMap<Pid, Vec<ProcessInfo>, NumberHash>;

fn families(is_top: impl Fn(&ProcessInfo) -> bool) -> (Children, Vec<ProcessInfo>) {
    sort(processes(), is_top)
}

/// The children of each, and those at the top.
fn sort(
    all: Vec<ProcessInfo>,
    is_top: impl Fn(&ProcessInfo) -> bool,
) -> (Children, Vec<ProcessInfo>) {
    let (mut children, mut tops) = (Children::default(), Vec::new());
    for info in all {
        match info.parent {
            _ if is_top(&info) => tops.push(info),
            Some(parent) => children.entry(parent).or_default().push(info),
            None => {}
        }
    }
    (children, tops)
}

fn grow(info: ProcessInfo, children: &mut Children, level: usize) -> TreeNode {
    let below = children.remove(&info.pid).unwrap_or_default();
    let children = if level < LEVELS_MAX {
        let grow = |child| grow(child, children, level + 1);
        below.into_iter().map(grow).collect()
    } else {
        flat(below, children)
    };
    TreeNode { info, children }
}

fn flat(mut waiting: Vec<ProcessInfo>, children: &mut Children) -> Vec<TreeNode> {
    let mut nodes = Vec::new();
    while let Some(info) = waiting.pop() {
        waiting.append(&mut children.remove(&info.pid).unwrap_or_default());
        let children = Vec::new();
        nodes.push(TreeNode { info, children });
    }
    nodes.sort_by_key(|node| node.info.pid);
    nodes
}

impl fmt::Display for Forest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.roots.iter().try_for_each(|root| root.fmt(f))
    }
}

impl fmt::Display for TreeNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", Line(&self.info))?;
        self.write_children(f, "")
    }
}

impl TreeNode {
    fn write_children(&self, f: &mut fmt::Formatter<'_>, indent: &str) -> fmt::Result {
        let mut children = self.children.iter().peekable();
        while let Some(child) = children.next() {
            let (branch, below) = match children.peek() {
                Some(_) => ("├─ ", "│  "),
                None => ("└─ ", "   "),
            };
            writeln!(f, "{indent}{branch}{}", Line(&child.info))?;
            child.write_children(f, &format!("{indent}{below}"))?;
        }
        Ok(())
    }
}

/// One process on one line: what is zero is not mentioned.
struct Line<'a>(&'a ProcessInfo);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.0;
        write!(f, "{} {}", info.pid, info.kind)?;
        if let Some(name) = &info.name {
            // A name with a line break must not look like another process.
            write!(f, " {}", name.escape_debug())?;
        }
        if let Some(details) = &info.details {
            write!(f, " ({details})")?;
        }
        if info.mailbox_len > 0 {
            write!(
                f,
                ", {} of {} messages wait",
                info.mailbox_len, info.mailbox_max
            )?;
        }
        if let Some((message, time)) = &info.current_message {
            write!(f, ", handles {message} for {time:?}")?;
        }
        if info.restarts > 0 {
            write!(f, ", restarted {} times", info.restarts)?;
        }
        if let Some(reason) = &info.last_exit {
            write!(f, ", last ended {}", reason.label())?;
        }
        Ok(())
    }
}
