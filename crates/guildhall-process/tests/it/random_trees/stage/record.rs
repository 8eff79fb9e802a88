//! What is written down while the real tree runs: which process is which, what happened, and what
//! workers were told.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::FutureExt;
use guildhall_process::{
    Down, DynamicRef, DynamicSupervisor, Exit, ExitReason, Pid, ProcRef, Supervisor, SupervisorRef,
    watch,
};

use super::super::case::{Event, Id, Name, Note, Why};
use super::why;
use super::worker::Worker;

#[derive(Clone, Default)]
pub struct Record(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    happened: Vec<Happened>,
    told: Vec<(Id, Told)>,
    starts: BTreeMap<Name, u8>,
    pids: BTreeMap<Id, Pid>,
    ids: HashMap<Pid, Id>,
    workers: HashMap<Id, ProcRef<Worker>>,
    supervisors: HashMap<Id, SupervisorRef>,
    dynamic: HashMap<Id, DynamicRef>,
    downs: Vec<(Id, Watching)>,
    living: BTreeMap<Id, Pid>,
}

type Watching = Pin<Box<dyn Future<Output = ExitReason> + Send>>;

enum Happened {
    Started(Id),
    Ended(Id),
}

pub enum Told {
    ParentExit(ExitReason),
    Exit(Exit),
    Down(Down),
}

impl Record {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap()
    }

    /// A process of this name is made.
    pub fn start(&self, name: Name) -> Id {
        let mut pages = self.pages();
        let n = pages.starts.entry(name).or_default();
        *n += 1;
        let id = Id { name, n: *n };
        pages.happened.push(Happened::Started(id));
        id
    }

    /// A worker's value is dropped: before anybody hears of its death.
    pub fn end(&self, id: Id) {
        self.pages().happened.push(Happened::Ended(id));
    }

    fn know(&self, id: Id, pid: Pid) {
        let down = Box::pin(watch(pid));
        let mut pages = self.pages();
        pages.pids.insert(id, pid);
        pages.ids.insert(pid, id);
        pages.downs.push((id, down));
        pages.living.insert(id, pid);
    }

    pub fn know_worker(&self, id: Id, process: &ProcRef<Worker>) {
        self.know(id, process.pid());
        self.pages().workers.insert(id, process.clone());
    }

    /// The supervisor is ready.
    pub fn know_supervisor(&self, id: Id, process: &ProcRef<Supervisor>) {
        self.know(id, process.pid());
        let process = SupervisorRef::from(process.clone());
        self.pages().supervisors.insert(id, process);
    }

    pub fn know_dynamic(&self, id: Id, process: &ProcRef<DynamicSupervisor>) {
        self.know(id, process.pid());
        let process = DynamicRef::from(process.clone());
        self.pages().dynamic.insert(id, process);
    }

    pub fn tell(&self, id: Id, told: Told) {
        self.pages().told.push((id, told));
    }

    pub fn id(&self, pid: Pid) -> Option<Id> {
        self.pages().ids.get(&pid).copied()
    }

    pub fn pid(&self, id: Id) -> Pid {
        self.pages().pids[&id]
    }

    pub fn worker(&self, id: Id) -> ProcRef<Worker> {
        self.pages().workers[&id].clone()
    }

    pub fn supervisor(&self, id: Id) -> Option<SupervisorRef> {
        self.pages().supervisors.get(&id).cloned()
    }

    pub fn dynamic(&self, id: Id) -> Option<DynamicRef> {
        self.pages().dynamic.get(&id).cloned()
    }

    /// The process that was started last by this name, dead or alive.
    pub fn last(&self, name: Name) -> Option<Id> {
        let pages = self.pages();
        let n = *pages.starts.get(&name)?;
        let id = Id { name, n };
        pages.pids.contains_key(&id).then_some(id)
    }

    /// The same, if it lives.
    pub fn newest(&self, name: Name) -> Option<Id> {
        let id = self.last(name)?;
        self.pages().living.contains_key(&id).then_some(id)
    }

    pub fn living(&self) -> impl Iterator<Item = (Id, Pid)> + use<> {
        self.pages().living.clone().into_iter()
    }

    /// The events since the last call, and who died with which reason.
    pub fn take_events(&self) -> (Vec<Event>, BTreeMap<Id, Why>) {
        let mut deaths = BTreeMap::new();
        let mut pages = self.pages();
        pages
            .downs
            .retain_mut(|(id, down)| match down.now_or_never() {
                None => true,
                Some(reason) => {
                    deaths.insert(*id, why(&reason));
                    false
                }
            });
        for id in deaths.keys() {
            pages.living.remove(id);
        }
        let happened = std::mem::take(&mut pages.happened);
        let events = happened.into_iter().map(|happened| match happened {
            Happened::Started(id) => Event::Started(id),
            Happened::Ended(id) => Event::Ended(id, deaths[&id]),
        });
        (events.collect(), deaths)
    }

    pub fn take_told(&self) -> BTreeMap<Id, Vec<Note>> {
        let told = std::mem::take(&mut self.pages().told);
        let mut notes: BTreeMap<Id, Vec<Note>> = BTreeMap::new();
        for (id, told) in told {
            notes.entry(id).or_default().push(match told {
                Told::ParentExit(reason) => Note::ParentExit(why(&reason)),
                Told::Exit(exit) => Note::Exit(self.id(exit.from), why(&exit.reason)),
                Told::Down(down) => Note::Down(self.id(down.pid), why(&down.reason)),
            });
        }
        notes.values_mut().for_each(|notes| notes.sort_unstable());
        notes
    }
}
