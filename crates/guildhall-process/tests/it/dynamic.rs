//! The dynamic supervisor: bound, slow starts, restarts, parallel stop.

mod backoff;
mod requests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use guildhall_process::{
    Ctx, DynamicRef, DynamicSupervisor, ExitReason, Init, Placement, Process, Restart, Shutdown,
    Spawn, StartError, exit, is_alive, process_info, start, watch,
};

use crate::kit::{Event, Probe, boom, death, events, run, soon};

async fn begin(make: impl FnOnce() -> DynamicSupervisor + Send + 'static) -> DynamicRef {
    soon(start(Spawn::named("sessions"), make))
        .await
        .unwrap()
        .into()
}

/// Never ready.
struct Stuck;

impl Process for Stuck {
    const KIND: &'static str = "stuck";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        ctx.wait(std::future::pending::<()>(), |_, (), _| ());
        Init::Pending
    }
}

#[test]
fn more_children_than_the_maximum_are_refused() {
    run(async {
        let (tx, _events) = events();
        let sup = begin(|| DynamicSupervisor::new().max_children(2)).await;
        let start = || {
            let probe = Probe::new("child", &tx);
            sup.start_temporary(None, Placement::Here, move || probe)
        };
        let first = soon(start()).await.unwrap();
        soon(start()).await.unwrap();
        assert_eq!(soon(start()).await.unwrap_err(), StartError::MaxChildren);
        exit(first.pid(), ExitReason::Shutdown);
        death(first.pid()).await;
        soon(start()).await.unwrap();
    });
}

#[test]
fn a_slow_init_holds_up_nobody() {
    run(async {
        let (tx, _events) = events();
        let sup = begin(DynamicSupervisor::new).await;
        let slow = sup.start_temporary(None, Placement::Here, || Stuck);
        let probe = Probe::new("child", &tx);
        let quick = sup.start_temporary(Some("quick".into()), Placement::Here, move || probe);
        let quick = soon(quick).await.unwrap();
        let info = process_info(quick.pid()).unwrap();
        assert_eq!(info.parent, Some(sup.pid()));
        assert_eq!(info.name.as_deref(), Some("quick"));
        exit(sup.pid(), ExitReason::Kill);
        assert_eq!(soon(slow).await.unwrap_err(), StartError::NoProc);
        let refused = sup.start_temporary(None, Placement::Here, || Stuck);
        assert_eq!(soon(refused).await.unwrap_err(), StartError::NoProc);
    });
}

#[test]
fn a_child_whose_starter_does_not_wait_runs_all_the_same() {
    run(async {
        let (tx, mut events) = events();
        let sup = begin(DynamicSupervisor::new).await;
        let (once, again) = (Probe::new("once", &tx), tx.clone());
        drop(sup.start_temporary(None, Placement::Here, move || once));
        let again = move || Probe::new("again", &again);
        drop(sup.start_child(None, Restart::Transient, Placement::Here, again));
        for name in ["once", "again"] {
            let (started, pid) = events.started().await;
            assert_eq!(started, name);
            assert_eq!(process_info(pid).unwrap().parent, Some(sup.pid()));
        }
    });
}

#[test]
fn a_child_whose_first_init_fails_is_an_error_and_not_restarted() {
    run(async {
        let (tx, mut events) = events();
        let sup = begin(|| DynamicSupervisor::new().max_children(1)).await;
        let failing = sup.start_child(None, Restart::Transient, Placement::Here, move || {
            let mut probe = Probe::new("child", &tx);
            probe.init = Init::Fail(boom());
            probe
        });
        assert_eq!(soon(failing).await.unwrap_err(), StartError::Init(boom()));
        let stuck = sup.start_temporary(None, Placement::Here, || Stuck);
        let stuck = tokio::time::timeout(Duration::from_millis(1), stuck).await;
        assert!(
            stuck.is_err(),
            "the failed child still takes a place: {stuck:?}"
        );
        assert_eq!(events.so_far().len(), 1);
    });
}

#[test]
fn a_transient_child_is_restarted_after_a_crash_only_and_within_the_intensity() {
    run(async {
        let (tx, mut events) = events();
        let sup = begin(DynamicSupervisor::new).await;
        let down = watch(sup.pid());
        let child = sup.start_child(None, Restart::Transient, Placement::Here, move || {
            Probe::new("child", &tx)
        });
        let child = soon(child).await.unwrap();
        assert_eq!(events.started().await.1, child.pid());
        exit(child.pid(), boom());
        let (_, second) = events.started().await;
        let info = process_info(second).unwrap();
        assert_eq!((info.restarts, info.last_exit), (1, Some(boom())));
        exit(second, boom());
        assert_eq!(soon(down).await, ExitReason::Shutdown);
    });
}

#[test]
fn a_restart_that_fails_is_tried_again() {
    run(async {
        let (tx, mut events) = events();
        let sup = begin(|| DynamicSupervisor::new().intensity(3, Duration::from_secs(5))).await;
        let down = watch(sup.pid());
        let starts = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&starts);
        let child = sup.start_child(None, Restart::Transient, Placement::Here, move || {
            let mut probe = Probe::new("child", &tx);
            if count.fetch_add(1, Ordering::Relaxed) > 0 {
                probe.init = Init::Fail(boom());
            }
            probe
        });
        let child = soon(child).await.unwrap();
        events.started().await;
        exit(child.pid(), boom());
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        assert_eq!(starts.load(Ordering::Relaxed), 4);
    });
}

#[test]
fn all_children_stop_in_parallel_under_one_timer() {
    const CHILDREN: usize = 50;
    run(async {
        let (tx, mut events) = events();
        let patience = Duration::from_millis(100);
        let sup =
            begin(move || DynamicSupervisor::new().shutdown(Shutdown::Timeout(patience))).await;
        let mut downs = Vec::new();
        for n in 0..CHILDREN {
            let mut probe = Probe::new("child", &tx).trapping();
            probe.stubborn = n % 2 == 0;
            let child = sup.start_temporary(None, Placement::Here, move || probe);
            downs.push(Box::pin(watch(soon(child).await.unwrap().pid())));
        }
        events.so_far();
        let began = Instant::now();
        let down = watch(sup.pid());
        exit(sup.pid(), ExitReason::Shutdown);
        let mut killed = 0;
        for down in downs {
            killed += usize::from(soon(down).await == ExitReason::Killed);
        }
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        assert_eq!(killed, CHILDREN / 2);
        assert_eq!(
            events.order_so_far(),
            vec!["stop child shutdown"; CHILDREN / 2]
        );
        assert!(began.elapsed() < patience * 10, "one after the other");
    });
}

#[test]
fn a_child_on_another_arbiter_dies_with_its_supervisor() {
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let (tx, mut events) = events();
        let sup = begin(DynamicSupervisor::new).await;
        let probe = Probe::new("far", &tx).trapping();
        let far = sup.start_temporary(None, Placement::On(arbiter.handle()), move || probe);
        let far = soon(far).await.unwrap();
        let down = watch(far.pid());
        exit(sup.pid(), ExitReason::Shutdown);
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        assert!(!is_alive(far.pid()));
        events.started().await;
        let stopped = Event::Terminated("far", ExitReason::Shutdown);
        assert_eq!(events.next().await, stopped);
        arbiter.stop();
    });
}
