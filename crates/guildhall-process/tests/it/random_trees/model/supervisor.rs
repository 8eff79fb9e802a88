//! OTP's supervisor in the model: one thing at a time, what it waits for comes before its mailbox.

use std::collections::VecDeque;

use guildhall_process::{Restart, Strategy};

use super::super::case::{self, Answer, At, Auto, Body, Id, Name, Request, Stop, Why};
use super::{Message, Via, World, Wrong};

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Supervisor {
    /// In start order.
    children: Vec<(Name, At)>,
    restarts_ms: Vec<u64>,
    todo: VecDeque<Todo>,
    wait: Wait,
    goal: Goal,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Todo {
    Stop(Name),
    Start(Name),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Wait {
    Nothing,
    Death(Id, Option<u64>),
    Start(Id),
    Started(Id),
    StartFailed(Id),
}

/// What all that is to do is done for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Goal {
    Nothing,
    Init,
    Restart,
    Exit(Why),
    Terminated(usize),
    Started(usize, Request),
}

impl Supervisor {
    pub fn new(children: &[Name]) -> Self {
        Self {
            children: children.iter().map(|name| (*name, At::Undefined)).collect(),
            restarts_ms: Vec::new(),
            todo: VecDeque::new(),
            wait: Wait::Nothing,
            goal: Goal::Nothing,
        }
    }

    pub fn table(&self) -> Vec<(Name, At)> {
        self.children.clone()
    }

    fn at(&self, name: Name) -> Option<At> {
        let child = self.children.iter().find(|child| child.0 == name);
        child.map(|child| child.1)
    }

    fn set(&mut self, name: Name, at: At) {
        let child = self.children.iter_mut().find(|child| child.0 == name);
        if let Some(child) = child {
            child.1 = at;
        }
    }

    fn by_pid(&self, id: Id) -> Option<Name> {
        let child = self.children.iter().find(|child| child.1 == At::Pid(id));
        child.map(|child| child.0)
    }

    fn position(&self, name: Name) -> usize {
        let mut names = self.children.iter();
        names.position(|child| child.0 == name).unwrap_or(0)
    }

    fn stop_all(&mut self, goal: Goal) {
        let names = self.children.iter().rev();
        self.todo = names.map(|child| Todo::Stop(child.0)).collect();
        self.goal = goal;
    }
}

impl World {
    fn sup(&mut self, id: Id) -> &mut Supervisor {
        let process = self.processes.get_mut(&id);
        process.and_then(|p| p.supervisor.as_deref_mut()).unwrap()
    }

    fn sup_spec(&self, id: Id) -> &case::Supervisor {
        match &self.spec(id.name).body {
            Body::Supervisor(spec) => spec,
            other => panic!("{id:?} is {other:?}"),
        }
    }

    pub(super) fn supervisor_can_run(&self, supervisor: &Supervisor, has_mail: bool) -> bool {
        match supervisor.wait {
            Wait::Nothing => supervisor.goal != Goal::Nothing || has_mail,
            Wait::Death(child, kill_ms) => {
                !self.is_alive(child) || kill_ms.is_some_and(|at| at <= self.now_ms)
            }
            Wait::Start(_) => false,
            Wait::Started(_) | Wait::StartFailed(_) => true,
        }
    }

    /// When the next patience ends.
    pub fn next_timer_ms(&self) -> Option<u64> {
        let processes = self.processes.values();
        let supervisors = processes.clone().filter_map(|p| p.supervisor.as_ref());
        let timers = supervisors.filter_map(|supervisor| match supervisor.wait {
            Wait::Death(_, kill_ms) => kill_ms,
            _ => None,
        });
        let dynamic = processes.filter_map(|p| p.dynamic.as_ref());
        timers.chain(dynamic.flat_map(|d| d.timers_ms())).min()
    }

    /// The `init` of `id` has succeeded.
    pub(super) fn is_ready(&mut self, id: Id) {
        self.starter_hears(id, Wait::Started(id));
    }

    pub(super) fn child_died(&mut self, parent: Id, id: Id) {
        if self.is_alive(parent) {
            self.starter_hears_from(parent, id, Wait::StartFailed(id));
        }
    }

    fn starter_hears(&mut self, id: Id, news: Wait) {
        let parent = self.processes.get(&id).and_then(|process| process.parent);
        if let Some(parent) = parent.filter(|parent| self.is_alive(*parent)) {
            self.starter_hears_from(parent, id, news);
        }
    }

    fn starter_hears_from(&mut self, parent: Id, id: Id, news: Wait) {
        if self.processes[&parent].dynamic.is_some() {
            if news == Wait::Started(id) {
                self.push(parent, Message::Started(id));
            }
            return;
        }
        let supervisor = self.sup(parent);
        if supervisor.wait == Wait::Start(id) {
            supervisor.wait = news;
        }
    }

    pub(super) fn run_supervisor(&mut self, id: Id) {
        if !self.processes[&id].begun {
            self.note_start(id);
            let names: Vec<_> = self.sup(id).children.iter().map(|c| c.0).collect();
            let supervisor = self.sup(id);
            supervisor.todo = names.into_iter().map(Todo::Start).collect();
            supervisor.goal = Goal::Init;
            return;
        }
        let (wait, goal) = (self.sup(id).wait, self.sup(id).goal);
        match wait {
            Wait::Nothing if goal != Goal::Nothing => self.go_on(id),
            Wait::Nothing => self.next_message(id),
            Wait::Death(child, _) if !self.is_alive(child) => self.stopped(id, child),
            Wait::Death(child, _) => {
                self.sup(id).wait = Wait::Death(child, None);
                self.signal(child, Some(id), Why::Kill, Via::Exit);
            }
            Wait::Start(_) => {}
            Wait::Started(child) => {
                let supervisor = self.sup(id);
                supervisor.wait = Wait::Nothing;
                supervisor.set(child.name, At::Pid(child));
                if let Goal::Started(call, _) = supervisor.goal {
                    self.answers.insert(call, Answer::Started(child));
                }
            }
            Wait::StartFailed(child) => self.start_failed(id, child.name),
        }
    }

    /// The next stop or start, or what all of them were for.
    fn go_on(&mut self, id: Id) {
        match self.sup(id).todo.pop_front() {
            Some(Todo::Start(name)) => {
                let child = self.spawn(name, Some(id));
                self.sup(id).wait = Wait::Start(child);
            }
            Some(Todo::Stop(name)) => self.stop(id, name),
            None => self.reached(id),
        }
    }

    fn stop(&mut self, id: Id, name: Name) {
        let Some(At::Pid(child)) = self.sup(id).at(name) else {
            return self.forget(id, name);
        };
        if !self.is_alive(child) {
            return self.stopped(id, child);
        }
        let (why, kill_ms) = match self.spec(name).stop {
            Stop::Brutally => (Why::Kill, None),
            Stop::AfterMs(ms) => (Why::Shutdown, Some(self.now_ms + ms)),
            Stop::Infinity => (Why::Shutdown, None),
        };
        self.sup(id).wait = Wait::Death(child, kill_ms);
        self.signal(child, Some(id), why, Via::Exit);
    }

    fn stopped(&mut self, id: Id, child: Id) {
        self.sup(id).wait = Wait::Nothing;
        if let Some(process) = self.processes.get_mut(&id) {
            let its_exit =
                |m: &Message| matches!(m, Message::Exit(from, _) if *from == Some(child));
            process.mailbox.retain(|message| !its_exit(message));
        }
        self.forget(id, child.name);
    }

    /// The child does not run; a temporary one is not known any more.
    fn forget(&mut self, id: Id, name: Name) {
        let temporary = self.spec(name).restart == Restart::Temporary;
        let supervisor = self.sup(id);
        if temporary {
            supervisor.children.retain(|child| child.0 != name);
        } else {
            supervisor.set(name, At::Undefined);
        }
    }

    fn reached(&mut self, id: Id) {
        match std::mem::replace(&mut self.sup(id).goal, Goal::Nothing) {
            Goal::Nothing | Goal::Restart | Goal::Started(..) => {}
            Goal::Init => self.is_ready(id),
            Goal::Exit(why) => self.die(id, why),
            Goal::Terminated(call) => {
                self.answers.insert(call, Answer::Ok);
            }
        }
    }

    fn start_failed(&mut self, id: Id, name: Name) {
        let supervisor = self.sup(id);
        supervisor.wait = Wait::Nothing;
        supervisor.todo.clear();
        match supervisor.goal {
            Goal::Init => supervisor.stop_all(Goal::Exit(Why::ShutdownWith)),
            Goal::Started(call, request) => {
                supervisor.goal = Goal::Nothing;
                if request == Request::Start {
                    supervisor.children.retain(|child| child.0 != name);
                }
                self.answers.insert(call, Answer::Failed);
            }
            _ => {
                supervisor.goal = Goal::Nothing;
                supervisor.set(name, At::Restarting);
                self.push(id, Message::Retry(name));
            }
        }
    }

    fn next_message(&mut self, id: Id) {
        let process = self.processes.get_mut(&id).unwrap();
        let parent = process.parent;
        match process.mailbox.pop_front() {
            // From outside, as from its parent: that is how a root is stopped. A normal exit stops nobody.
            Some(Message::Exit(None, Why::Normal)) => {}
            Some(Message::Exit(from, why)) if from.is_none() || from == parent => {
                self.sup(id).stop_all(Goal::Exit(why));
            }
            Some(Message::Exit(Some(from), why)) => {
                if let Some(name) = self.sup(id).by_pid(from) {
                    self.child_ended(id, name, why);
                }
            }
            Some(Message::Retry(name)) if self.sup(id).at(name) == Some(At::Restarting) => {
                self.restart(id, name);
            }
            Some(Message::Ask(call, request, name, _)) => self.asked(id, call, request, name),
            _ => {}
        }
    }

    /// The table of restart types and reasons.
    pub(super) fn restarts(&self, name: Name, why: Why) -> bool {
        let good = matches!(why, Why::Normal | Why::Shutdown | Why::ShutdownWith);
        let wrong = self.fixed.0.wrong == Some(Wrong::TransientRestartsOnNormal);
        match self.spec(name).restart {
            Restart::Permanent => true,
            Restart::Transient => !good || (wrong && why == Why::Normal),
            Restart::Temporary => false,
        }
    }

    fn child_ended(&mut self, id: Id, name: Name, why: Why) {
        if self.restarts(name, why) {
            return self.restart(id, name);
        }
        self.forget(id, name);
        let significant = self.spec(name).significant;
        let auto = self.sup_spec(id).auto;
        let ends = match auto {
            Auto::Never => false,
            Auto::Any => significant,
            Auto::All => significant && !self.has_significant(id),
        };
        if ends {
            self.sup(id).stop_all(Goal::Exit(Why::Shutdown));
        }
    }

    /// Whether a significant child runs or is about to.
    fn has_significant(&mut self, id: Id) -> bool {
        let table = self.sup(id).table();
        let mut running = table.into_iter().filter(|child| child.1 != At::Undefined);
        running.any(|child| self.spec(child.0).significant)
    }

    fn restart(&mut self, id: Id, name: Name) {
        let now = self.now_ms;
        let spec = self.sup_spec(id).clone();
        let wrong = self.fixed.0.wrong;
        let more = u32::from(wrong == Some(Wrong::IntensityOneMore));
        let supervisor = self.sup(id);
        supervisor
            .restarts_ms
            .retain(|at| at + spec.period_ms >= now);
        supervisor.restarts_ms.push(now);
        if supervisor.restarts_ms.len() > usize::try_from(spec.intensity + more).unwrap() {
            self.forget(id, name);
            return self.sup(id).stop_all(Goal::Exit(Why::Shutdown));
        }
        let from = match spec.strategy {
            Strategy::OneForOne => {
                supervisor.todo = VecDeque::from([Todo::Start(name)]);
                supervisor.goal = Goal::Restart;
                return;
            }
            Strategy::RestForOne if wrong != Some(Wrong::RestForOneTakesAll) => {
                supervisor.position(name)
            }
            _ => 0,
        };
        supervisor.set(name, At::Undefined);
        let reach: Vec<Name> = supervisor.children.iter().skip(from).map(|c| c.0).collect();
        let mut todo: VecDeque<_> = reach.iter().rev().map(|name| Todo::Stop(*name)).collect();
        if wrong == Some(Wrong::StopsInStartOrder) {
            todo = reach.iter().map(|name| Todo::Stop(*name)).collect();
        }
        let back = wrong == Some(Wrong::SiblingsOfTheTemporaryDeadReturn);
        let lasting = |name: &&Name| back || self.spec(**name).restart != Restart::Temporary;
        todo.extend(reach.iter().filter(lasting).map(|name| Todo::Start(*name)));
        let supervisor = self.sup(id);
        supervisor.todo = todo;
        supervisor.goal = Goal::Restart;
    }

    fn asked(&mut self, id: Id, call: usize, request: Request, name: Name) {
        let at = self.sup(id).at(name);
        let bad_spec = self.spec(name).significant && self.sup_spec(id).auto == Auto::Never;
        let supervisor = self.sup(id);
        let answer = match (request, at) {
            (Request::Start, _) if bad_spec => Answer::BadSpec,
            (Request::Start, None) => {
                supervisor.children.push((name, At::Undefined));
                supervisor.todo = VecDeque::from([Todo::Start(name)]);
                supervisor.goal = Goal::Started(call, request);
                return;
            }
            (Request::Start, Some(At::Pid(child))) => Answer::AlreadyStarted(child),
            (Request::Start, Some(_)) => Answer::Present,
            (_, None) => Answer::NotFound,
            (Request::Terminate, Some(_)) => {
                supervisor.todo = VecDeque::from([Todo::Stop(name)]);
                supervisor.goal = Goal::Terminated(call);
                return;
            }
            (_, Some(At::Pid(_))) => Answer::Running,
            (_, Some(At::Restarting)) => Answer::Restarting,
            (Request::Restart, Some(At::Undefined)) => {
                supervisor.todo = VecDeque::from([Todo::Start(name)]);
                supervisor.goal = Goal::Started(call, request);
                return;
            }
            (Request::Delete, Some(At::Undefined)) => {
                supervisor.children.retain(|child| child.0 != name);
                Answer::Ok
            }
        };
        self.answers.insert(call, answer);
    }
}
