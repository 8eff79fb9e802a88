//! OTP's rules as pure code, written from OTP's documentation and sources and not from this crate:
//! processes, links, monitors and exit signals; `model/supervisor.rs` has the supervisors. A signal
//! arrives at once; in which order processes run is left open, `explain.rs` tries all orders.

mod dynamic;
mod supervisor;
mod wrong;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use super::case::{
    Act, Answer, Body, Deed, Event, Facts, Id, Name, Note, Request, Spec, Why, Worker,
};
use dynamic::Dynamic;
use supervisor::Supervisor;
pub use wrong::Wrong;

/// What never changes.
pub struct Fixed {
    pub specs: Vec<Spec>,
    pub wrong: Option<Wrong>,
}

#[derive(Clone)]
struct Shared(Rc<Fixed>);

impl PartialEq for Shared {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Shared {}

impl Hash for Shared {
    fn hash<H: Hasher>(&self, _state: &mut H) {}
}

/// The state of all processes. Equal worlds have the same future.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct World {
    fixed: Shared,
    pub now_ms: u64,
    /// How many events of the run have been explained.
    pub explained: usize,
    /// Events of the last action.
    pub events: Vec<Event>,
    processes: BTreeMap<Id, Process>,
    starts: BTreeMap<Name, u8>,
    deaths: BTreeMap<Id, Why>,
    told: BTreeMap<Id, Vec<Note>>,
    answers: BTreeMap<usize, Answer>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Process {
    parent: Option<Id>,
    trap: bool,
    /// Its `init` has run, or at least begun.
    begun: bool,
    links: BTreeSet<Id>,
    /// Who gets a DOWN, once for each monitor.
    watchers: Vec<Id>,
    mailbox: VecDeque<Message>,
    /// An exit signal that ends it.
    exit: Option<Why>,
    /// `None` for a worker, and one of both for a supervisor.
    supervisor: Option<Box<Supervisor>>,
    dynamic: Option<Box<Dynamic>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Message {
    Exit(Option<Id>, Why),
    Down(Id, Why),
    Do(Deed<Id>),
    Ask(usize, Request, Name, Option<Id>),
    Retry(Name),
    /// Of a child of a dynamic supervisor.
    Started(Id),
    RetryDynamic(Id),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Via {
    Link,
    NoProc,
    Exit,
}

impl World {
    /// Only the root, which has not run yet.
    pub fn new(fixed: Rc<Fixed>) -> Self {
        let mut world = Self {
            fixed: Shared(fixed),
            now_ms: 0,
            explained: 0,
            events: Vec::new(),
            processes: BTreeMap::new(),
            starts: BTreeMap::new(),
            deaths: BTreeMap::new(),
            told: BTreeMap::new(),
            answers: BTreeMap::new(),
        };
        world.spawn(0, None);
        world
    }

    /// Begins a step: what was seen of the last one is forgotten.
    pub fn begin(&mut self, acts: &[Act]) {
        self.explained = 0;
        self.deaths.clear();
        self.told.clear();
        self.answers.clear();
        for (number, act) in acts.iter().enumerate() {
            match *act {
                Act::Exit(from, to, why) => self.signal(to, from, why, Via::Exit),
                Act::Do(who, deed) => self.push(who, Message::Do(deed)),
                Act::Ask(who, request, child, last) => {
                    self.push(who, Message::Ask(number, request, child, last));
                }
            }
        }
    }

    pub fn facts(&self) -> Facts {
        let alive = |(id, process): (&Id, &Process)| {
            let mut watchers = process.watchers.clone();
            watchers.retain(|watcher| self.is_alive(*watcher));
            watchers.sort_unstable();
            (*id, (process.links.iter().copied().collect(), watchers))
        };
        let table = |(id, process): (&Id, &Process)| {
            let of_static = process.supervisor.as_ref().map(|s| s.table());
            let table = of_static.or(process.dynamic.as_ref().map(|d| d.table()));
            Some((*id, table?))
        };
        let mut told = self.told.clone();
        told.values_mut().for_each(|notes| notes.sort_unstable());
        Facts {
            alive: self.processes.iter().map(alive).collect(),
            deaths: self.deaths.clone(),
            told,
            tables: self.processes.iter().filter_map(table).collect(),
            answers: self.answers.clone(),
        }
    }

    /// Who could run now; several times, numbered, who could do different things.
    pub fn runnable(&self) -> Vec<(Id, usize)> {
        let ids = self.processes.iter();
        let able = ids.filter(|(_, process)| self.can_run(process));
        able.flat_map(|(id, process)| {
            let turns = match process.dynamic {
                None => 1,
                Some(_) => self.dynamic_turns(*id),
            };
            (0..turns).map(|turn| (*id, turn))
        })
        .collect()
    }

    fn can_run(&self, process: &Process) -> bool {
        let has_mail = !process.mailbox.is_empty();
        let wants = match (&process.supervisor, &process.dynamic) {
            (Some(supervisor), _) => self.supervisor_can_run(supervisor, has_mail),
            (_, Some(dynamic)) => self.dynamic_can_run(dynamic, has_mail),
            (None, None) => has_mail,
        };
        process.exit.is_some() || !process.begun || wants
    }

    /// Lets a process do the next thing: a pending exit comes first, then `init`, then messages.
    pub fn run(&mut self, (id, turn): (Id, usize)) {
        self.events.clear();
        let Some(process) = self.processes.get_mut(&id) else {
            return;
        };
        if let Some(why) = process.exit {
            return self.die(id, why);
        }
        if process.supervisor.is_some() {
            return self.run_supervisor(id);
        }
        if process.dynamic.is_some() {
            return self.run_dynamic(id, turn);
        }
        if !process.begun {
            return self.begin_worker(id);
        }
        if let Some(message) = process.mailbox.pop_front() {
            self.worker_gets(id, message);
        }
    }

    fn begin_worker(&mut self, id: Id) {
        self.note_start(id);
        let fails = self.worker(id).fails;
        if id.n <= 8 && fails >> (id.n - 1) & 1 == 1 {
            self.die(id, Why::Boom);
        } else {
            self.is_ready(id);
        }
    }

    fn worker_gets(&mut self, id: Id, message: Message) {
        match message {
            Message::Exit(from, why) if from.is_some() && from == self.processes[&id].parent => {
                self.tell(id, Note::ParentExit(why));
                if !self.worker(id).stubborn {
                    self.die(id, why);
                }
            }
            Message::Exit(from, why) => self.tell(id, Note::Exit(from, why)),
            Message::Down(of, why) => self.tell(id, Note::Down(Some(of), why)),
            Message::Do(deed) => self.act(id, deed),
            // Of supervisors.
            _ => {}
        }
    }

    fn act(&mut self, id: Id, deed: Deed<Id>) {
        match deed {
            Deed::Exit(why) => self.die(id, why),
            Deed::Panic => self.die(id, Why::Panic),
            Deed::Link(to) if to == id => {}
            Deed::Link(to) if self.is_alive(to) => self.link(id, to),
            Deed::Link(to) => self.signal(id, Some(to), Why::NoProc, Via::NoProc),
            Deed::Unlink(to) => {
                self.remove_link(id, to);
                if self.fixed.0.wrong != Some(Wrong::UnlinkLeavesTheOtherSide) {
                    self.remove_link(to, id);
                }
            }
            Deed::Monitor(of) => match self.processes.get_mut(&of) {
                None => self.push(id, Message::Down(of, Why::NoProc)),
                Some(target) => {
                    let known = target.watchers.contains(&id);
                    if !known || self.fixed.0.wrong != Some(Wrong::SecondMonitorIsTheFirst) {
                        target.watchers.push(id);
                    }
                }
            },
        }
    }

    pub fn is_worker(&self, id: Id) -> bool {
        matches!(self.spec(id.name).body, Body::Worker(_))
    }

    fn is_alive(&self, id: Id) -> bool {
        self.processes.contains_key(&id)
    }

    fn spec(&self, name: Name) -> &Spec {
        &self.fixed.0.specs[usize::from(name)]
    }

    fn worker(&self, id: Id) -> Worker {
        match &self.spec(id.name).body {
            Body::Worker(worker) => *worker,
            other => panic!("{id:?} is {other:?}"),
        }
    }

    fn push(&mut self, to: Id, message: Message) {
        if let Some(process) = self.processes.get_mut(&to) {
            process.mailbox.push_back(message);
        }
    }

    fn tell(&mut self, id: Id, note: Note) {
        self.told.entry(id).or_default().push(note);
    }

    fn link(&mut self, a: Id, b: Id) {
        for (one, other) in [(a, b), (b, a)] {
            if let Some(process) = self.processes.get_mut(&one) {
                process.links.insert(other);
            }
        }
    }

    fn remove_link(&mut self, of: Id, to: Id) -> bool {
        let process = self.processes.get_mut(&of);
        process.is_some_and(|process| process.links.remove(&to))
    }

    /// The process exists, linked to its parent, and has not run.
    fn spawn(&mut self, name: Name, parent: Option<Id>) -> Id {
        // Numbers count begun processes; those that have not begun yet come next.
        let begun = self.starts.get(&name).copied().unwrap_or_default();
        let namesakes = Id { name, n: 0 }..=Id { name, n: u8::MAX };
        let newest = self.processes.range(namesakes).next_back();
        let n = newest.map_or(begun, |(id, _)| id.n.max(begun)) + 1;
        let id = Id { name, n };
        let process = Process {
            parent,
            trap: false,
            begun: false,
            links: BTreeSet::new(),
            watchers: Vec::new(),
            mailbox: VecDeque::new(),
            exit: None,
            supervisor: match &self.spec(name).body {
                Body::Supervisor(spec) => Some(Box::new(Supervisor::new(&spec.children))),
                _ => None,
            },
            dynamic: match &self.spec(name).body {
                Body::Dynamic(_) => Some(Box::default()),
                _ => None,
            },
        };
        self.processes.insert(id, process);
        if let Some(parent) = parent {
            self.link(id, parent);
        }
        id
    }

    fn note_start(&mut self, id: Id) {
        *self.starts.entry(id.name).or_default() += 1;
        self.events.push(Event::Started(id));
        let trap = match &self.spec(id.name).body {
            Body::Worker(worker) => worker.trap,
            _ => true,
        };
        if let Some(process) = self.processes.get_mut(&id) {
            process.begun = true;
            process.trap = trap;
        }
    }

    /// The exit signal table.
    fn signal(&mut self, to: Id, from: Option<Id>, why: Why, via: Via) {
        if via == Via::Link && !from.is_some_and(|from| self.remove_link(to, from)) {
            return;
        }
        let linked_kill = self.fixed.0.wrong == Some(Wrong::LinkedKillKills);
        let Some(process) = self.processes.get_mut(&to) else {
            return;
        };
        let kill = why == Why::Kill && (via == Via::Exit || linked_kill);
        if process.trap && !kill {
            process.mailbox.push_back(Message::Exit(from, why));
        } else if why != Why::Normal || (via == Via::Exit && from == Some(to)) {
            process
                .exit
                .get_or_insert(if kill { Why::Killed } else { why });
        }
    }

    fn die(&mut self, id: Id, why: Why) {
        let Some(process) = self.processes.remove(&id) else {
            return;
        };
        if process.begun {
            self.deaths.insert(id, why);
            if self.is_worker(id) {
                self.events.push(Event::Ended(id, why));
            }
        }
        for peer in process.links {
            self.signal(peer, Some(id), why, Via::Link);
        }
        for watcher in process.watchers {
            self.push(watcher, Message::Down(id, why));
        }
        if let Some(parent) = process.parent {
            self.child_died(parent, id);
        }
    }
}
