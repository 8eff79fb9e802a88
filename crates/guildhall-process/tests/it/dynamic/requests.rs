//! Requests about the children of a dynamic supervisor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use guildhall_process::{
    AutoShutdown, ChildCounts, ChildError, ChildKind, ChildStatus, Ctx, DynamicRef,
    DynamicSupervisor, ExitReason, Init, Placement, Process, Restart, Shutdown, SpecError,
    StartError, Strategy, Supervisor, exit, is_alive, watch,
};

use super::{Stuck, begin};
use crate::kit::{Probe, boom, death, events, run, soon};

async fn statuses(sup: &DynamicRef) -> Vec<ChildStatus> {
    let list = soon(sup.which_children()).await.unwrap();
    list.into_iter().map(|child| child.status).collect()
}

#[test]
fn a_terminated_child_is_dead_and_forgotten_whatever_its_restart_type() {
    run(async {
        let (tx, mut events) = events();
        let sup = begin(DynamicSupervisor::new).await;
        for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
            let tx = tx.clone();
            let child = sup.start_child(None, restart, Placement::Here, move || {
                Probe::new("child", &tx).trapping()
            });
            let child = soon(child).await.unwrap();
            assert_eq!(soon(sup.terminate_child(child.pid())).await, Ok(()));
            assert!(!child.is_alive());
            assert_eq!(statuses(&sup).await, []);
            let order = ["start child", "stop child shutdown"];
            assert_eq!(events.order_so_far(), order, "{restart:?}");
            let again = soon(sup.terminate_child(child.pid())).await;
            assert_eq!(again, Err(ChildError::NotFound));
        }
    });
}

#[test]
fn a_stubborn_child_is_killed_while_others_are_served() {
    run(async {
        let (tx, _events) = events();
        let patience = Duration::from_millis(100);
        let sup =
            begin(move || DynamicSupervisor::new().shutdown(Shutdown::Timeout(patience))).await;
        let mut stubborn = Probe::new("stubborn", &tx).trapping();
        stubborn.stubborn = true;
        let stubborn = sup.start_temporary(None, Placement::Here, move || stubborn);
        let stubborn = soon(stubborn).await.unwrap().pid();
        let down = watch(stubborn);
        let stopped = sup.terminate_child(stubborn);
        let quick = Probe::new("quick", &tx);
        let quick = sup.start_temporary(None, Placement::Here, move || quick);
        soon(quick).await.unwrap();
        assert!(is_alive(stubborn), "the other child had to wait");
        assert_eq!(soon(stopped).await, Ok(()));
        assert_eq!(soon(down).await, ExitReason::Killed);
    });
}

#[test]
fn a_child_that_is_terminated_during_its_init_is_an_error_for_who_started_it() {
    run(async {
        let sup = begin(DynamicSupervisor::new).await;
        let started = sup.start_temporary(None, Placement::Here, || Stuck);
        let ChildStatus::Running(pid) = statuses(&sup).await[0] else {
            panic!("the child is not listed");
        };
        assert_eq!(soon(sup.terminate_child(pid)).await, Ok(()));
        let ended = StartError::Init(ExitReason::Shutdown);
        assert_eq!(soon(started).await.unwrap_err(), ended);
    });
}

#[test]
fn a_strangers_pid_is_no_child() {
    run(async {
        let sup = begin(DynamicSupervisor::new).await;
        let stranger = begin(DynamicSupervisor::new).await;
        let refused = soon(sup.terminate_child(stranger.pid())).await;
        assert_eq!(refused, Err(ChildError::NotFound));
        assert!(is_alive(stranger.pid()));
    });
}

#[test]
fn children_are_counted_and_listed_by_age() {
    run(async {
        let (tx, _events) = events();
        let sup = begin(DynamicSupervisor::new).await;
        let inner = || Supervisor::new(Strategy::OneForOne);
        let name = Some("inner".to_owned());
        let inner = sup.start_child(name.clone(), Restart::Transient, Placement::Here, inner);
        let inner = soon(inner).await.unwrap();
        let probe = Probe::new("child", &tx);
        let probe = sup.start_temporary(None, Placement::Here, move || probe);
        let probe = soon(probe).await.unwrap();
        let counts = ChildCounts {
            specs: 2,
            active: 2,
            supervisors: 1,
            workers: 1,
        };
        assert_eq!(soon(sup.count_children()).await, Ok(counts));
        let list = soon(sup.which_children()).await.unwrap();
        assert_eq!(list[0].status, ChildStatus::Running(inner.pid()));
        assert_eq!(list[0].name, name);
        assert_eq!(list[0].kind, ChildKind::Supervisor);
        assert_eq!(list[1].status, ChildStatus::Running(probe.pid()));
        assert_eq!(list[1].restart, Restart::Temporary);
    });
}

/// Unlinks itself from its supervisor and fails.
struct Naughty;

impl Process for Naughty {
    const KIND: &'static str = "naughty";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        if let Some(parent) = ctx.parent() {
            ctx.unlink(parent);
        }
        Init::Fail(boom())
    }
}

#[test]
fn a_child_that_unlinks_itself_and_fails_is_an_error_all_the_same() {
    run(async {
        let sup = begin(DynamicSupervisor::new).await;
        let started = sup.start_temporary(None, Placement::Here, || Naughty);
        assert_eq!(soon(started).await.unwrap_err(), StartError::Init(boom()));
        assert_eq!(statuses(&sup).await, []);
    });
}

#[test]
fn with_auto_shutdown_all_children_are_significant() {
    run(async {
        let (tx, _events) = events();
        let any = || DynamicSupervisor::new().auto_shutdown(AutoShutdown::AnySignificant);
        let sup = begin(any).await;
        let start = |restart| {
            let tx = tx.clone();
            let make = move || Probe::new("child", &tx);
            soon(sup.start_child(Some("child".into()), restart, Placement::Here, make))
        };
        let permanent = start(Restart::Permanent).await.unwrap_err();
        let refused = SpecError::SignificantPermanent("child".into());
        assert_eq!(permanent, StartError::BadSpec(refused));
        let (first, second) = (
            start(Restart::Transient).await.unwrap(),
            start(Restart::Temporary).await.unwrap(),
        );
        // A stop on request does not count.
        soon(sup.terminate_child(first.pid())).await.unwrap();
        assert_eq!(statuses(&sup).await.len(), 1);
        let down = watch(sup.pid());
        exit(second.pid(), boom());
        assert_eq!(soon(down).await, ExitReason::Shutdown);
    });
}

#[test]
fn all_significant_waits_for_the_last_child_and_counts_no_restart() {
    run(async {
        let (tx, mut events) = events();
        let all = || DynamicSupervisor::new().auto_shutdown(AutoShutdown::AllSignificant);
        let sup = begin(all).await;
        let down = watch(sup.pid());
        for name in ["a", "b"] {
            let tx = tx.clone();
            let make = move || Probe::new(name, &tx);
            soon(sup.start_child(None, Restart::Transient, Placement::Here, make))
                .await
                .unwrap();
        }
        let (a, b) = (events.started().await.1, events.started().await.1);
        exit(a, ExitReason::Shutdown);
        death(a).await;
        assert_eq!(statuses(&sup).await, [ChildStatus::Running(b)]);
        exit(b, boom());
        let (_, b) = events.started().await;
        assert_eq!(statuses(&sup).await, [ChildStatus::Running(b)]);
        exit(b, ExitReason::Shutdown);
        assert_eq!(soon(down).await, ExitReason::Shutdown);
    });
}

/// Panics when it is dropped.
struct Bomb(Arc<AtomicBool>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        panic!("a bomb");
    }
}

#[test]
fn closures_that_panic_when_they_are_dropped_do_not_hurt_the_supervisor() {
    run(async {
        let (tx, _events) = events();
        let sup = begin(DynamicSupervisor::new).await;
        let bombed = |gone: &Arc<AtomicBool>| {
            let (tx, bomb) = (tx.clone(), Bomb(Arc::clone(gone)));
            let make = move || {
                let _carried = &bomb;
                Probe::new("child", &tx)
            };
            soon(sup.start_child(None, Restart::Transient, Placement::Here, make))
        };
        let gone = [(); 3].map(|()| Arc::new(AtomicBool::new(false)));
        let first = bombed(&gone[0]).await.unwrap();
        soon(sup.terminate_child(first.pid())).await.unwrap();
        assert!(gone[0].load(Ordering::Relaxed));
        // Two that go together with their supervisor.
        bombed(&gone[1]).await.unwrap();
        bombed(&gone[2]).await.unwrap();
        let down = watch(sup.pid());
        exit(sup.pid(), ExitReason::Shutdown);
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        assert!(gone.iter().all(|gone| gone.load(Ordering::Relaxed)));
    });
}
