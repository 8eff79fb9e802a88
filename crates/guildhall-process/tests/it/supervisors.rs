//! Supervisors: order, strategies, intensity, shutdown, failing starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use guildhall_process::{
    ChildError, ChildSpec, ExitReason, Init, Pid, Placement, ProcRef, Restart, RestartChild,
    Shutdown, Spawn, StartError, Strategy, Supervisor, TerminateChild, WhichChildren, exit,
    is_alive, process_info, start, watch,
};
use tokio::sync::mpsc::UnboundedSender;

use crate::kit::{DEADLINE, Event, Events, Probe, boom, events, run, soon};

fn child(name: &'static str, tx: &UnboundedSender<Event>) -> ChildSpec {
    let tx = tx.clone();
    ChildSpec::worker(name, move || Probe::new(name, &tx).trapping())
}

/// A child that does not trap exits, so that any signal ends it.
fn plain(name: &'static str, tx: &UnboundedSender<Event>) -> ChildSpec {
    let tx = tx.clone();
    ChildSpec::worker(name, move || Probe::new(name, &tx))
}

async fn begin(
    make: impl FnOnce() -> Supervisor + Send + 'static,
) -> Result<ProcRef<Supervisor>, StartError> {
    soon(start(Spawn::named("supervisor"), make)).await
}

async fn which(supervisor: &ProcRef<Supervisor>) -> Vec<(String, Option<Pid>)> {
    let list = supervisor
        .call(DEADLINE, |reply| WhichChildren { reply })
        .await
        .unwrap();
    list.into_iter()
        .map(|child| (child.id, child.pid))
        .collect()
}

/// Stops a supervisor and waits for its end.
async fn finish(supervisor: &ProcRef<Supervisor>) -> ExitReason {
    let down = watch(supervisor.pid());
    exit(supervisor.pid(), ExitReason::Shutdown);
    soon(down).await
}

fn failing(name: &'static str, tx: &UnboundedSender<Event>) -> ChildSpec {
    let tx = tx.clone();
    ChildSpec::worker(name, move || {
        let mut probe = Probe::new(name, &tx);
        probe.init = Init::Fail(boom());
        probe
    })
}

#[test]
fn a_child_that_fails_to_start_stops_the_ones_before_it_and_fails_the_supervisor() {
    run(async {
        let (tx, mut events) = events();
        let (a, b, c) = (child("a", &tx), failing("b", &tx), child("c", &tx));
        let failed = begin(|| {
            Supervisor::new(Strategy::OneForOne)
                .child(a)
                .child(b)
                .child(c)
        });
        let Err(StartError::Init(ExitReason::ShutdownWith(why))) = failed.await else {
            panic!("the supervisor runs without its child");
        };
        assert!(why.starts_with("failed_to_start_child b"), "{why}");
        let order = ["start a", "start b", "stop a shutdown"];
        assert_eq!(events.order_so_far(), order);
    });
}

#[test]
fn two_children_of_one_id_fail_the_supervisor_before_any_child_starts() {
    run(async {
        let (tx, mut events) = events();
        let specs = ["a", "b", "a"].map(|name| child(name, &tx));
        let failed = begin(|| {
            let supervisor = Supervisor::new(Strategy::OneForOne);
            specs.into_iter().fold(supervisor, Supervisor::child)
        });
        let why = ExitReason::error("two children have the id a");
        assert_eq!(failed.await.unwrap_err(), StartError::Init(why));
        assert_eq!(events.so_far(), []);
    });
}

#[test]
fn a_restart_that_fails_is_tried_again_until_the_intensity_is_exceeded() {
    run(async {
        let (tx, mut events) = events();
        let starts = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&starts);
        let spec = ChildSpec::worker("a", move || {
            let mut probe = Probe::new("a", &tx);
            if count.fetch_add(1, Ordering::Relaxed) > 0 {
                probe.init = Init::Fail(boom());
            }
            probe
        });
        let supervisor = begin(move || {
            let supervisor = Supervisor::new(Strategy::OneForOne);
            supervisor.intensity(3, Duration::from_secs(5)).child(spec)
        });
        let supervisor = supervisor.await.unwrap();
        let down = watch(supervisor.pid());
        let (_, first) = events.started().await;
        exit(first, boom());
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        // The first start and three attempts, as in OTP.
        assert_eq!(starts.load(Ordering::Relaxed), 4);
    });
}

#[test]
fn a_stubborn_child_is_killed_after_its_time() {
    run(async {
        let (tx, mut events) = events();
        let spec = ChildSpec::worker("a", move || {
            let mut probe = Probe::new("a", &tx).trapping();
            probe.stubborn = true;
            probe
        });
        let spec = spec.shutdown(Shutdown::Timeout(Duration::from_millis(50)));
        let supervisor = begin(|| Supervisor::new(Strategy::OneForOne).child(spec))
            .await
            .unwrap();
        let (_, pid) = events.started().await;
        let down = watch(pid);
        let began = Instant::now();
        let id = "a".to_owned();
        let stopped = supervisor
            .call(DEADLINE, |reply| TerminateChild { id, reply })
            .await;
        assert_eq!(stopped, Ok(Ok(())));
        assert!(began.elapsed() >= Duration::from_millis(50));
        assert_eq!(soon(down).await, ExitReason::Killed);
        assert_eq!(which(&supervisor).await, [("a".to_owned(), None)]);
    });
}

#[test]
fn a_brutal_kill_asks_nobody() {
    run(async {
        let (tx, mut events) = events();
        let spec = child("a", &tx).shutdown(Shutdown::BrutalKill);
        let supervisor = begin(|| Supervisor::new(Strategy::OneForOne).child(spec))
            .await
            .unwrap();
        let (_, pid) = events.started().await;
        let down = watch(pid);
        finish(&supervisor).await;
        assert_eq!(soon(down).await, ExitReason::Killed);
        assert_eq!(events.so_far(), []);
    });
}

#[test]
fn a_child_is_stopped_and_restarted_on_request() {
    run(async {
        let (tx, mut events) = events();
        let spec = child("a", &tx);
        let supervisor = begin(|| Supervisor::new(Strategy::OneForOne).child(spec))
            .await
            .unwrap();
        let id = || "a".to_owned();
        let restart = |id| supervisor.call(DEADLINE, |reply| RestartChild { id, reply });
        assert_eq!(restart(id()).await, Ok(Err(ChildError::Running)));
        assert_eq!(restart("x".to_owned()).await, Ok(Err(ChildError::NotFound)));
        let stop = supervisor.call(DEADLINE, |reply| TerminateChild { id: id(), reply });
        assert_eq!(stop.await, Ok(Ok(())));
        let pid = restart(id()).await.unwrap().unwrap();
        assert_eq!(which(&supervisor).await, [(id(), Some(pid))]);
        assert_eq!(
            events.order_so_far(),
            ["start a", "stop a shutdown", "start a"]
        );
    });
}

#[test]
fn supervisors_nest_and_a_kill_of_the_root_takes_all_along() {
    run(async {
        let (tx, mut events) = events();
        let spec = ChildSpec::supervisor("inner", move || {
            Supervisor::new(Strategy::OneForOne).child(child("leaf", &tx))
        });
        let root = begin(|| Supervisor::new(Strategy::OneForOne).child(spec))
            .await
            .unwrap();
        let (_, leaf) = events.started().await;
        let inner = process_info(leaf).unwrap().parent.unwrap();
        assert_eq!(process_info(inner).unwrap().parent, Some(root.pid()));
        assert_eq!(process_info(inner).unwrap().class, "supervisor");
        let (inner_down, leaf_down) = (watch(inner), watch(leaf));
        exit(root.pid(), ExitReason::Kill);
        assert_eq!(soon(inner_down).await, ExitReason::Killed);
        // The inner one traps exits, so it has time to stop its own children.
        assert_eq!(soon(leaf_down).await, ExitReason::Shutdown);
    });
}

#[test]
fn a_restarted_child_knows_how_its_predecessor_ended() {
    run(async {
        let (tx, mut events) = events();
        let spec = plain("a", &tx);
        let supervisor = begin(|| Supervisor::new(Strategy::OneForOne).child(spec))
            .await
            .unwrap();
        let (_, first) = events.started().await;
        assert_eq!(
            process_info(first).unwrap().restart,
            Some(Restart::Permanent)
        );
        exit(first, boom());
        let (_, second) = events.started().await;
        let info = process_info(second).unwrap();
        assert_eq!((info.restarts, info.last_exit), (1, Some(boom())));
        finish(&supervisor).await;
        assert!(!is_alive(second));
    });
}

#[test]
fn on_start_sees_every_start_and_refuses_another_type() {
    run(async {
        let (tx, mut seen) = events();
        let spec = {
            let tx = tx.clone();
            plain("a", &tx).on_start(move |process: &ProcRef<Probe>| {
                tx.send(Event::Started("seen", process.pid())).unwrap();
            })
        };
        let supervisor = begin(|| Supervisor::new(Strategy::OneForOne).child(spec))
            .await
            .unwrap();
        let (own, seen_first) = (seen.started().await, seen.started().await);
        assert_eq!((own.1, "seen"), (seen_first.1, seen_first.0));
        exit(own.1, boom());
        assert_eq!(seen.started().await.1, seen.started().await.1);
        finish(&supervisor).await;

        let wrong = plain("a", &tx).on_start(|_: &ProcRef<Supervisor>| ());
        let failed = begin(|| Supervisor::new(Strategy::OneForOne).child(wrong)).await;
        assert!(matches!(
            failed,
            Err(StartError::Init(ExitReason::ShutdownWith(_)))
        ));
    });
}

#[test]
fn a_child_whose_arbiter_is_gone_fails_to_start() {
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let handle = arbiter.handle();
        arbiter.stop();
        arbiter.join().unwrap();
        let (tx, _events): (_, Events) = events();
        let spec = plain("a", &tx).placement(Placement::On(handle));
        let failed = begin(|| Supervisor::new(Strategy::OneForOne).child(spec)).await;
        assert!(matches!(
            failed,
            Err(StartError::Init(ExitReason::ShutdownWith(_)))
        ));
    });
}
