//! What a case is: the specifications of a tree, and steps of faults and requests; and what can be
//! seen of a run. Model and driver share these words and nothing else.

use std::collections::BTreeMap;
use std::fmt;

use guildhall_process::{Restart, Strategy};

/// The place of a specification in [`Case::specs`]; the root is 0.
pub type Name = u8;

/// The n-th process that was started by one specification, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    pub name: Name,
    pub n: u8,
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.name, self.n)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    Normal,
    Shutdown,
    ShutdownWith,
    Kill,
    Killed,
    NoProc,
    Boom,
    Panic,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Brutally,
    AfterMs(u64),
    Infinity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auto {
    Never,
    Any,
    All,
}

#[derive(Clone, Debug)]
pub struct Spec {
    pub restart: Restart,
    pub significant: bool,
    pub stop: Stop,
    pub body: Body,
}

#[derive(Clone, Debug)]
pub enum Body {
    Worker(Worker),
    Supervisor(Supervisor),
    Dynamic(Dynamic),
}

#[derive(Clone, Copy, Debug)]
pub struct Worker {
    pub trap: bool,
    /// Ignores the order to stop; only if it traps exits.
    pub stubborn: bool,
    /// Bit n-1: its n-th start fails.
    pub fails: u8,
}

#[derive(Clone, Debug)]
pub struct Supervisor {
    pub strategy: Strategy,
    pub intensity: u32,
    pub period_ms: u64,
    pub auto: Auto,
    pub children: Vec<Name>,
}

#[derive(Clone, Debug)]
pub struct Dynamic {
    pub intensity: u32,
    pub period_ms: u64,
    pub auto: Auto,
    /// How it stops its children.
    pub patience: Stop,
    /// What the first step asks it to start.
    pub children: Vec<Name>,
}

#[derive(Clone)]
pub struct Case {
    /// The tree, and behind it workers that only `start_child` brings in.
    pub specs: Vec<Spec>,
    pub steps: Vec<Vec<Op>>,
}

/// A line for each specification and each step.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, spec) in self.specs.iter().enumerate() {
            write!(f, "\n  {name}: {spec:?}")?;
        }
        for step in &self.steps {
            write!(f, "\n  {step:?}")?;
        }
        Ok(())
    }
}

/// One fault or request. Names that do not fit what they are used for make it do nothing.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// `exit/2`, from a process or from outside.
    Exit(Option<Name>, Name, Why),
    /// A worker does something.
    Do(Name, Deed<Name>),
    /// A request to a supervisor about a child.
    Ask(Name, Request, Name),
    AdvanceMs(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed<Who> {
    Exit(Why),
    Panic,
    Link(Who),
    Unlink(Who),
    Monitor(Who),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    Terminate,
    Restart,
    Delete,
    Start,
}

/// An operation on processes that lived when its step began.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Exit(Option<Id>, Id, Why),
    Do(Id, Deed<Id>),
    /// With the child's last process.
    Ask(Id, Request, Name, Option<Id>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    Ok,
    Started(Id),
    AlreadyStarted(Id),
    Running,
    NotFound,
    Present,
    Restarting,
    BadSpec,
    Failed,
}

/// What happens to workers and supervisors, in one order for the whole tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    Started(Id),
    /// Of workers only.
    Ended(Id, Why),
}

/// What a worker was told. `None` is nobody of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Note {
    ParentExit(Why),
    Exit(Option<Id>, Why),
    Down(Option<Id>, Why),
}

/// How a child stands in its supervisor's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    Undefined,
    Restarting,
    Pid(Id),
}

/// Everything but the order of events, once a step has come to rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The living, with their links and who monitors them.
    pub alive: BTreeMap<Id, (Vec<Id>, Vec<Id>)>,
    /// Who died in this step. Of a supervisor that died while its parent started it nobody knows.
    pub deaths: BTreeMap<Id, Why>,
    /// What the living and the dead were told in this step, sorted.
    pub told: BTreeMap<Id, Vec<Note>>,
    /// The children of every living supervisor, in start order.
    pub tables: BTreeMap<Id, Vec<(Name, At)>>,
    /// By the number of the request within its step; a dead supervisor answers nothing.
    pub answers: BTreeMap<usize, Answer>,
}
