//! The dynamic supervisor in the model: as OTP's simple_one_for_one, but that it waits neither for
//! a child's `init` nor for the end of a child that it stops on request.

use guildhall_process::Restart;

use super::super::case::{self, Answer, At, Auto, Body, Id, Name, Request, Stop, Why};
use super::{Message, Via, World, Wrong};

#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Dynamic {
    /// By age; one that waits for its restart stands where its last process stood.
    children: Vec<Child>,
    restarts_ms: Vec<u64>,
    /// Stops on request.
    stops: Vec<Ending>,
    /// It stops itself: why, and until when its children may take.
    last: Option<(Why, Option<u64>)>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Child {
    id: Id,
    phase: Phase,
    /// Who waits for the end of its first `init`.
    call: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Starting,
    Ready,
    Restarting,
    Stopping,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Ending {
    id: Id,
    call: usize,
    /// The order has been given; until then the supervisor may still begin to stop itself.
    ordered: bool,
    kill_ms: Option<u64>,
}

impl Dynamic {
    pub fn table(&self) -> Vec<(Name, At)> {
        let at = |child: &Child| match child.phase {
            Phase::Restarting => At::Restarting,
            _ => At::Pid(child.id),
        };
        let row = |child: &Child| (child.id.name, at(child));
        self.children.iter().map(row).collect()
    }

    pub fn timers_ms(&self) -> impl Iterator<Item = u64> {
        let stops = self.stops.iter().filter_map(|stop| stop.kill_ms);
        // While it stops itself, nothing else goes on.
        let last = self.last.and_then(|last| last.1);
        stops.filter(|_| self.last.is_none()).chain(last)
    }

    fn find(&mut self, id: Id) -> Option<&mut Child> {
        self.children.iter_mut().find(|child| child.id == id)
    }

    fn remove(&mut self, id: Id) -> Option<Child> {
        let place = self.children.iter().position(|child| child.id == id)?;
        Some(self.children.remove(place))
    }
}

impl World {
    fn dynamic(&mut self, id: Id) -> &mut Dynamic {
        let process = self.processes.get_mut(&id);
        process.and_then(|p| p.dynamic.as_deref_mut()).unwrap()
    }

    fn dynamic_spec(&self, id: Id) -> &case::Dynamic {
        match &self.spec(id.name).body {
            Body::Dynamic(spec) => spec,
            other => panic!("{id:?} is {other:?}"),
        }
    }

    pub(super) fn dynamic_can_run(&self, dynamic: &Dynamic, has_mail: bool) -> bool {
        let due = |kill_ms: Option<u64>| kill_ms.is_some_and(|at| at <= self.now_ms);
        if let Some((_, kill_ms)) = dynamic.last {
            return due(kill_ms) || !self.any_lives(dynamic);
        }
        let over = |stop: &Ending| !stop.ordered || due(stop.kill_ms) || !self.is_alive(stop.id);
        has_mail || dynamic.stops.iter().any(over)
    }

    fn any_lives(&self, dynamic: &Dynamic) -> bool {
        let mut children = dynamic.children.iter();
        children.any(|child| child.phase != Phase::Restarting && self.is_alive(child.id))
    }

    /// `turn` says which of the things that it could do it does: a stop on request, or its mail.
    pub(super) fn run_dynamic(&mut self, id: Id, turn: usize) {
        if !self.processes[&id].begun {
            self.note_start(id);
            return self.is_ready(id);
        }
        if let Some((why, kill_ms)) = self.dynamic(id).last {
            let dynamic = self.dynamic(id).clone();
            if !self.any_lives(&dynamic) {
                return self.die(id, why);
            }
            if kill_ms.is_some() {
                self.dynamic(id).last = Some((why, None));
                self.order(id, Why::Kill);
            }
            return;
        }
        match self.over(id).get(turn) {
            Some(child) => self.go_on_stopping(id, *child),
            None => {
                let message = self.processes.get_mut(&id).unwrap().mailbox.pop_front();
                self.dynamic_gets(id, message);
            }
        }
    }

    /// How many different things it could do now.
    pub(super) fn dynamic_turns(&self, id: Id) -> usize {
        let process = &self.processes[&id];
        let idle = process.begun && process.exit.is_none();
        let stopping = process.dynamic.as_ref().is_some_and(|d| d.last.is_some());
        if !idle || stopping {
            return 1;
        }
        self.over(id).len() + usize::from(!process.mailbox.is_empty())
    }

    /// The stops on request with which something is to be done.
    fn over(&self, id: Id) -> Vec<Id> {
        let dynamic = self.processes[&id].dynamic.as_ref().unwrap();
        let due = |stop: &&Ending| {
            let late = stop.kill_ms.is_some_and(|at| at <= self.now_ms);
            !stop.ordered || late || !self.is_alive(stop.id)
        };
        dynamic
            .stops
            .iter()
            .filter(due)
            .map(|stop| stop.id)
            .collect()
    }

    fn go_on_stopping(&mut self, id: Id, child: Id) {
        let stops = &mut self.dynamic(id).stops;
        let place = stops.iter().position(|stop| stop.id == child).unwrap();
        let ordered = stops[place].ordered;
        if self.is_alive(child) && !ordered {
            let (why, kill_ms) = order(self.dynamic_spec(id).patience, self.now_ms);
            let stop = &mut self.dynamic(id).stops[place];
            (stop.ordered, stop.kill_ms) = (true, kill_ms);
            return self.signal(child, Some(id), why, Via::Exit);
        }
        if self.is_alive(child) {
            self.dynamic(id).stops[place].kill_ms = None;
            return self.signal(child, Some(id), Why::Kill, Via::Exit);
        }
        let stop = self.dynamic(id).stops.remove(place);
        self.dynamic_child_ended(id, child, Why::Killed);
        self.answers.insert(stop.call, Answer::Ok);
    }

    fn dynamic_gets(&mut self, id: Id, message: Option<Message>) {
        let parent = self.processes[&id].parent;
        match message {
            Some(Message::Exit(None, Why::Normal)) => {}
            Some(Message::Exit(from, why)) if from.is_none() || from == parent => {
                self.stop_dynamic(id, why);
            }
            Some(Message::Exit(Some(from), why)) => self.dynamic_child_ended(id, from, why),
            Some(Message::Started(child)) => {
                let found = self.dynamic(id).find(child);
                if let Some(found) = found.filter(|found| found.phase == Phase::Starting) {
                    found.phase = Phase::Ready;
                    if let Some(call) = found.call.take() {
                        self.answers.insert(call, Answer::Started(child));
                    }
                }
            }
            Some(Message::RetryDynamic(child)) => self.retry_dynamic(id, child),
            Some(Message::Ask(call, Request::Start, name, _)) => self.start_dynamic(id, call, name),
            Some(Message::Ask(call, _, _, child)) => self.terminate_dynamic(id, call, child),
            _ => {}
        }
    }

    fn start_dynamic(&mut self, id: Id, call: usize, name: Name) {
        let permanent = self.spec(name).restart == Restart::Permanent;
        if permanent && self.dynamic_spec(id).auto != Auto::Never {
            self.answers.insert(call, Answer::BadSpec);
            return;
        }
        self.launch(id, name, Some(call));
    }

    fn launch(&mut self, id: Id, name: Name, call: Option<usize>) {
        let child = self.spawn(name, Some(id));
        let phase = Phase::Starting;
        let child = Child {
            id: child,
            phase,
            call,
        };
        self.dynamic(id).children.push(child);
    }

    fn terminate_dynamic(&mut self, id: Id, call: usize, child: Option<Id>) {
        let dynamic = self.dynamic(id);
        let Some(child) = child.and_then(|child| dynamic.find(child)) else {
            self.answers.insert(call, Answer::NotFound);
            return;
        };
        let target = child.id;
        if child.phase == Phase::Restarting {
            dynamic.remove(target);
            self.answers.insert(call, Answer::Ok);
            return;
        }
        child.phase = Phase::Stopping;
        dynamic.stops.push(Ending {
            id: target,
            call,
            ordered: false,
            kill_ms: None,
        });
    }

    fn dynamic_child_ended(&mut self, id: Id, child: Id, why: Why) {
        let Some(found) = self.dynamic(id).find(child).map(|found| found.clone()) else {
            return;
        };
        if let Some(call) = found.call {
            self.dynamic(id).remove(child);
            self.answers.insert(call, Answer::Failed);
            return;
        }
        match found.phase {
            Phase::Restarting => {}
            Phase::Starting => {
                self.dynamic(id).find(child).unwrap().phase = Phase::Restarting;
                self.push(id, Message::RetryDynamic(child));
            }
            Phase::Stopping if self.fixed.0.wrong != Some(Wrong::DynamicRestartsTheStopped) => {
                self.dynamic(id).remove(child);
            }
            Phase::Stopping | Phase::Ready => {
                self.dynamic(id).remove(child);
                if self.restarts(child.name, why) {
                    self.restart_dynamic(id, child.name);
                } else {
                    self.gone_for_good(id);
                }
            }
        }
    }

    fn retry_dynamic(&mut self, id: Id, child: Id) {
        if self.dynamic(id).remove(child).is_some() {
            self.restart_dynamic(id, child.name);
        }
    }

    fn restart_dynamic(&mut self, id: Id, name: Name) {
        let (now, spec) = (self.now_ms, self.dynamic_spec(id).clone());
        let wrong = self.fixed.0.wrong == Some(Wrong::DynamicIntensityOneMore);
        let max = spec.intensity + u32::from(wrong);
        let dynamic = self.dynamic(id);
        let recent = |at: &u64| at + spec.period_ms >= now;
        dynamic.restarts_ms.retain(recent);
        dynamic.restarts_ms.push(now);
        match dynamic.restarts_ms.len() > usize::try_from(max).unwrap() {
            true => self.stop_dynamic(id, Why::Shutdown),
            false => self.launch(id, name, None),
        }
    }

    fn gone_for_good(&mut self, id: Id) {
        let auto = self.dynamic_spec(id).auto;
        let children = &self.dynamic(id).children;
        let alone = children.iter().all(|child| child.phase == Phase::Stopping);
        if auto == Auto::Any || (auto == Auto::All && alone) {
            self.stop_dynamic(id, Why::Shutdown);
        }
    }

    /// All children at once, under one timer.
    fn stop_dynamic(&mut self, id: Id, why: Why) {
        let (order, kill_ms) = order(self.dynamic_spec(id).patience, self.now_ms);
        self.dynamic(id).last = Some((why, kill_ms));
        self.order(id, order);
    }

    fn order(&mut self, id: Id, why: Why) {
        let mut children = self.dynamic(id).children.clone();
        if self.fixed.0.wrong == Some(Wrong::DynamicStopsOnlyTheFirst) {
            children.truncate(1);
        }
        for child in children {
            if child.phase != Phase::Restarting {
                self.signal(child.id, Some(id), why, Via::Exit);
            }
        }
    }
}

fn order(patience: Stop, now_ms: u64) -> (Why, Option<u64>) {
    match patience {
        Stop::Brutally => (Why::Kill, None),
        Stop::AfterMs(ms) => (Why::Shutdown, Some(now_ms + ms)),
        Stop::Infinity => (Why::Shutdown, None),
    }
}
