//! The real tree on virtual time: builds it from its specifications, carries out a step, waits
//! until all is at rest, and says what was seen.

mod asks;
mod record;
mod tree;
mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use guildhall_process::{
    ExitReason, ProcRef, Spawn, Supervisor, exit, exit_from, process_info, spawn,
};
use tokio::time::Instant;

use super::case::{Act, Body, Deed, Event, Facts, Id, Name, Op, Request, Spec, Why};
use asks::Answering;
use record::Record;
use worker::Do;

/// How long a step lasts: more than all patience in a tree together.
pub const STEP: Duration = Duration::from_secs(2);

/// An idle supervisor answers at once.
const AT_ONCE: Duration = Duration::from_millis(1);

pub struct Stage {
    specs: Arc<Vec<Spec>>,
    record: Record,
    root: ProcRef<Supervisor>,
    until: Instant,
}

impl Stage {
    pub fn new(specs: &[Spec]) -> Self {
        let specs = Arc::new(specs.to_vec());
        let record = Record::default();
        let (s, r) = (Arc::clone(&specs), record.clone());
        let root = spawn(Spawn::named("root"), move || {
            r.start(0);
            tree::supervisor(&s, 0, &r)
        });
        record.know_supervisor(Id { name: 0, n: 1 }, &root);
        let until = Instant::now();
        Self {
            specs,
            record,
            root,
            until,
        }
    }

    /// What the operations mean now: for the newest process of each name.
    pub fn acts(&self, ops: &[Op]) -> Vec<Act> {
        let living = |name: Name| self.record.newest(name);
        let act = |op: &Op| match *op {
            Op::Exit(None, to, why) => Some(Act::Exit(None, living(to)?, why)),
            Op::Exit(Some(from), to, why) => Some(Act::Exit(Some(living(from)?), living(to)?, why)),
            Op::Do(who, deed) => {
                let who = living(who).filter(|id| self.is_worker(id.name))?;
                Some(Act::Do(who, self.deed(deed)?))
            }
            Op::Ask(who, request, child) => {
                let who = living(who).filter(|id| !self.is_worker(id.name))?;
                // A dynamic supervisor is asked about workers only.
                let dynamic = self.record.dynamic(who).is_some();
                let other = !self.is_worker(child) || request == Request::Restart;
                if dynamic && (other || request == Request::Delete) {
                    return None;
                }
                Some(Act::Ask(who, request, child, self.record.last(child)))
            }
            Op::AdvanceMs(_) => None,
        };
        ops.iter().filter_map(act).collect()
    }

    fn deed(&self, deed: Deed<Name>) -> Option<Deed<Id>> {
        let living = |name: Name| self.record.newest(name);
        Some(match deed {
            Deed::Exit(why) => Deed::Exit(why),
            Deed::Panic => Deed::Panic,
            Deed::Link(to) => Deed::Link(living(to)?),
            Deed::Unlink(to) => Deed::Unlink(living(to)?),
            Deed::Monitor(of) => Deed::Monitor(self.record.last(of)?),
        })
    }

    fn is_worker(&self, name: Name) -> bool {
        matches!(self.specs[usize::from(name)].body, Body::Worker(_))
    }

    /// Carries out a step and waits until all is at rest.
    pub async fn step(&mut self, acts: &[Act], more: Duration) -> (Vec<Event>, Facts) {
        let mut answers = Vec::new();
        for (number, act) in acts.iter().enumerate() {
            if let Some(answer) = self.act(*act) {
                answers.push((number, answer));
            }
        }
        self.until += STEP + more;
        rest(self.until).await;
        let (events, mut deaths) = self.record.take_events();
        // A supervisor that was dead before anybody knew its pid.
        deaths.retain(|id, why| *why != Why::NoProc || self.is_worker(id.name));
        let mut facts = Facts {
            deaths,
            told: self.record.take_told(),
            ..Facts::default()
        };
        for (number, answer) in answers {
            if let Some(Some(answer)) = answer.now_or_never() {
                facts.answers.insert(number, answer);
            }
        }
        for (id, pid) in self.record.living() {
            let info = process_info(pid).expect("it lives");
            let ids = |pids: Vec<_>| {
                let mut ids: Vec<_> = pids
                    .into_iter()
                    .filter_map(|pid| self.record.id(pid))
                    .collect();
                ids.sort_unstable();
                ids
            };
            facts
                .alive
                .insert(id, (ids(info.links), ids(info.monitored_by)));
            if let Some(process) = self.record.supervisor(id) {
                facts.tables.insert(id, self.table(&process).await);
            }
            if let Some(process) = self.record.dynamic(id) {
                facts.tables.insert(id, self.dynamic_table(&process).await);
            }
        }
        (events, facts)
    }

    fn act(&self, act: Act) -> Option<Answering> {
        let pid = |id| self.record.pid(id);
        match act {
            Act::Exit(None, to, why) => exit(pid(to), reason(why)),
            Act::Exit(Some(from), to, why) => exit_from(pid(from), pid(to), reason(why)),
            Act::Do(who, deed) => {
                let deed = match deed {
                    Deed::Exit(why) => Do::Exit(reason(why)),
                    Deed::Panic => Do::Panic,
                    Deed::Link(to) => Do::Link(pid(to)),
                    Deed::Unlink(to) => Do::Unlink(pid(to)),
                    Deed::Monitor(of) => Do::Monitor(pid(of)),
                };
                // A worker that has died in this step hears nothing.
                let _ = self.record.worker(who).tell(deed);
            }
            Act::Ask(who, request, child, last) => {
                return match self.record.dynamic(who) {
                    Some(process) => self.ask_dynamic(&process, request, child, last),
                    None => self.ask(who, request, child),
                };
            }
        }
        None
    }

    /// Kills whatever lives; what survives that is a finding.
    pub async fn clear(&mut self) -> BTreeMap<Id, ()> {
        exit(self.root.pid(), ExitReason::Kill);
        for _ in 0..2 {
            self.until += STEP;
            rest(self.until).await;
            self.record.take_events();
            for (_, pid) in self.record.living() {
                exit(pid, ExitReason::Kill);
            }
        }
        self.until += STEP;
        rest(self.until).await;
        self.record.living().map(|(id, _)| (id, ())).collect()
    }
}

/// On virtual time the clock moves only when nothing can run.
async fn rest(until: Instant) {
    let never = std::future::pending::<()>();
    assert!(tokio::time::timeout_at(until, never).await.is_err());
}

fn reason(why: Why) -> ExitReason {
    match why {
        Why::Normal => ExitReason::Normal,
        Why::Shutdown => ExitReason::Shutdown,
        Why::ShutdownWith => ExitReason::shutdown_with("t"),
        Why::Kill => ExitReason::Kill,
        Why::Killed => ExitReason::Killed,
        Why::NoProc => ExitReason::NoProc,
        Why::Boom | Why::Panic => ExitReason::error("boom"),
    }
}

fn why(reason: &ExitReason) -> Why {
    match reason {
        ExitReason::Normal => Why::Normal,
        ExitReason::Shutdown => Why::Shutdown,
        ExitReason::ShutdownWith(_) => Why::ShutdownWith,
        ExitReason::Kill => Why::Kill,
        ExitReason::Killed => Why::Killed,
        ExitReason::NoProc => Why::NoProc,
        ExitReason::Panic(_) => Why::Panic,
        _ => Why::Boom,
    }
}
