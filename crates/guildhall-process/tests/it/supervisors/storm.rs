//! A thousand children that panic at once: the restarts stay within the intensity, and a sibling
//! on the same arbiter is answered in time throughout, as a thread of its own measures.

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use guildhall_process::{
    ChildSpec, DynamicRef, DynamicSupervisor, ExitReason, Placement, ProcRef, Restart, Spawn,
    Strategy, Supervisor, start, watch,
};

use tokio::sync::oneshot;

use super::begin;
use crate::kit::{DEADLINE, Events, Probe, act, death, events, run, soon};

const CHILDREN: usize = 1_000;
const ANSWER_MAX: Duration = Duration::from_millis(50);
const MINUTE: Duration = Duration::from_secs(60);

/// How often a loaded machine may spoil the measurement.
const TRIES: usize = 10;

/// Asks one process again and again, until it is told that it is enough.
struct Asking {
    enough: Arc<AtomicBool>,
    worst: oneshot::Receiver<Duration>,
}

impl Asking {
    /// Returns when the first answer has come.
    async fn begin(process: ProcRef<Probe>) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&enough);
        let (tx, worst) = oneshot::channel();
        let (first_tx, first) = oneshot::channel();
        let mut first_tx = Some(first_tx);
        thread::spawn(move || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_time().build().unwrap();
            let mut worst = Duration::ZERO;
            while !stop.load(Ordering::Relaxed) {
                let began = Instant::now();
                let answer = process.call(DEADLINE, |reply| act(move |_, _| reply.send(())));
                runtime.block_on(answer).unwrap();
                worst = worst.max(began.elapsed());
                first_tx.take().map(|first| first.send(()));
            }
            // A test that has failed does not listen.
            let _ = tx.send(worst);
        });
        soon(first).await.unwrap();
        Self { enough, worst }
    }

    /// The longest time that an answer took; the last one is still waited for.
    async fn end(self) -> Duration {
        self.enough.store(true, Ordering::Relaxed);
        soon(self.worst).await.unwrap()
    }
}

/// A sibling and the children that are going to panic, all on this arbiter.
struct Stage {
    sibling: ProcRef<Probe>,
    children: Vec<ProcRef<Probe>>,
    events: Events,
}

impl Stage {
    /// Lets all children panic at once, each after `work`, and waits until all run again: the
    /// longest time in which the sibling answered.
    async fn storm(mut self, work: Duration) -> Duration {
        self.events.so_far();
        let asking = Asking::begin(self.sibling.clone()).await;
        for child in &self.children {
            let crash = act(move |_, _| {
                let began = Instant::now();
                while began.elapsed() < work {}
                // Without the hook of the program, which may take its time to print.
                resume_unwind(Box::new("storm"));
            });
            child.tell(crash).unwrap();
        }
        for _ in 0..self.children.len() {
            self.events.started().await;
        }
        assert!(self.sibling.is_alive());
        asking.end().await
    }
}

/// Below a static supervisor; the sum of the restarts is checked by `over`.
async fn under_static(children: usize) -> (Stage, impl Future<Output = u32>) {
    let (tx, events) = events();
    let (handle_tx, handles) = channel();
    let spec = |n: usize| {
        let (tx, handle_tx) = (tx.clone(), handle_tx.clone());
        ChildSpec::worker(n.to_string(), move || Probe::new("child", &tx)).on_start(
            move |process: &ProcRef<Probe>| {
                // After the storm nobody listens.
                let _ = handle_tx.send(process.clone());
            },
        )
    };
    let max = u32::try_from(children).unwrap();
    let supervisor = Supervisor::new(Strategy::OneForOne).intensity(max, MINUTE);
    let supervisor = (0..=children).map(spec).fold(supervisor, Supervisor::child);
    let supervisor = begin(|| supervisor).await.unwrap();
    let mut children: Vec<_> = handles.try_iter().collect();
    let stage = Stage {
        sibling: children.pop().unwrap(),
        children,
        events,
    };
    let restarts = async move {
        let list = soon(supervisor.which_children()).await.unwrap();
        list.into_iter().map(|child| child.restarts).sum()
    };
    (stage, restarts)
}

async fn dynamic(make: impl FnOnce() -> DynamicSupervisor + Send + 'static) -> DynamicRef {
    soon(start(Spawn::named("dynamic"), make))
        .await
        .unwrap()
        .into()
}

async fn under_dynamic(children: usize, max: u32) -> (Stage, DynamicRef) {
    let (tx, events) = events();
    let supervisor = dynamic(move || DynamicSupervisor::new().intensity(max, MINUTE)).await;
    let mut handles = Vec::new();
    for _ in 0..=children {
        let tx = tx.clone();
        let make = move || Probe::new("child", &tx);
        let child = supervisor.start_child(None, Restart::Permanent, Placement::Here, make);
        handles.push(soon(child).await.unwrap());
    }
    let stage = Stage {
        sibling: handles.pop().unwrap(),
        children: handles,
        events,
    };
    (stage, supervisor)
}

/// Runs a storm until a sibling was answered in time; prints what was measured.
fn in_time(storm: impl AsyncFn() -> Duration) {
    let mut measured = Vec::new();
    while measured.len() < TRIES {
        let worst = run(storm());
        measured.push(worst);
        if worst < ANSWER_MAX {
            println!("worst answers: {measured:?}");
            return;
        }
    }
    panic!("no storm without an answer that took {ANSWER_MAX:?}: {measured:?}");
}

#[test]
fn a_storm_below_a_static_supervisor_costs_a_sibling_nothing() {
    in_time(async || {
        let (stage, restarts) = under_static(CHILDREN).await;
        let worst = stage.storm(Duration::ZERO).await;
        assert_eq!(restarts.await as usize, CHILDREN);
        worst
    });
}

#[test]
fn a_storm_below_a_dynamic_supervisor_costs_a_sibling_nothing() {
    in_time(async || {
        let max = u32::try_from(CHILDREN).unwrap();
        let (stage, supervisor) = under_dynamic(CHILDREN, max).await;
        let worst = stage.storm(Duration::ZERO).await;
        let list = soon(supervisor.which_children()).await.unwrap();
        let restarts: u32 = list.iter().map(|child| child.restarts).sum();
        assert_eq!(restarts, max);
        worst
    });
}

/// What the measurement is for: somebody who keeps the arbiter.
#[test]
fn a_sibling_that_has_to_wait_is_noticed() {
    let worst = run(async {
        let (stage, _restarts) = under_static(1).await;
        stage.storm(4 * ANSWER_MAX).await
    });
    assert!(worst >= ANSWER_MAX, "{worst:?}");
}

#[test]
fn a_storm_beyond_the_intensity_ends_after_as_many_restarts_and_no_more() {
    const RESTARTS_MAX: u32 = 100;
    run(async {
        let (stage, supervisor) = under_dynamic(CHILDREN, RESTARTS_MAX).await;
        let Stage {
            sibling,
            children,
            mut events,
        } = stage;
        // Beside the supervisor, not below it.
        let (bystander, _events) = crate::kit::probe(false).await;
        events.so_far();
        let down = watch(supervisor.pid());
        for child in &children {
            let crash = act(|_, _| resume_unwind(Box::new("storm")));
            child.tell(crash).unwrap();
        }
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        // Spawned, and at most that many also started before the end.
        assert!(events.so_far().len() <= RESTARTS_MAX as usize);
        for child in children {
            death(child.pid()).await;
        }
        assert!(!sibling.is_alive());
        crate::kit::ask(&bystander, |_, _| ()).await;
    });
}
