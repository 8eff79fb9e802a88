//! Waits before restarts, on virtual time.

use std::time::Duration;

use guildhall_process::{
    Backoff, ChildStatus, DynamicSupervisor, ExitReason, Jitter, Placement, Restart, StartError,
    exit, watch,
};
use tokio::time::Instant;

use super::begin;
use crate::kit::{Probe, boom, death, events, run_virtual, soon};

const SECOND: Duration = Duration::from_secs(1);

fn patient() -> DynamicSupervisor {
    let supervisor = DynamicSupervisor::new().max_children(2);
    supervisor.intensity(10, SECOND).backoff(Backoff {
        first: SECOND,
        max: 60 * SECOND,
        jitter: Jitter::None,
    })
}

#[test]
fn a_child_waits_for_its_restart_beside_the_others() {
    run_virtual(async {
        let (tx, mut events) = events();
        let sup = begin(patient).await;
        let make = {
            let tx = tx.clone();
            move || Probe::new("a", &tx)
        };
        let a = sup.start_child(None, Restart::Transient, Placement::Here, make);
        let a = soon(a).await.unwrap().pid();
        events.started().await;
        let began = Instant::now();
        exit(a, boom());
        death(a).await;
        let list = soon(sup.which_children()).await.unwrap();
        assert_eq!(list[0].status, ChildStatus::Restarting);
        assert_eq!(soon(sup.count_children()).await.unwrap().active, 0);
        // It keeps its place, and holds up nobody.
        let start = |name| {
            let probe = Probe::new(name, &tx);
            soon(sup.start_temporary(None, Placement::Here, move || probe))
        };
        start("b").await.unwrap();
        assert_eq!(start("c").await.unwrap_err(), StartError::MaxChildren);
        assert_eq!(events.started().await.0, "b");
        assert!(began.elapsed() < SECOND);
        assert_eq!(events.started().await.0, "a");
        assert!((SECOND..2 * SECOND).contains(&began.elapsed()));
    });
}

#[test]
fn a_wait_is_ended_by_a_request_and_by_a_stop_of_the_supervisor() {
    run_virtual(async {
        let (tx, mut events) = events();
        let sup = begin(patient).await;
        let mut ended = Vec::new();
        for _ in 0..2 {
            let tx = tx.clone();
            let make = move || Probe::new("a", &tx);
            let child = sup.start_child(None, Restart::Transient, Placement::Here, make);
            let pid = soon(child).await.unwrap().pid();
            exit(pid, boom());
            death(pid).await;
            ended.push(pid);
            if ended.len() == 1 {
                assert_eq!(soon(sup.terminate_child(pid)).await, Ok(()));
            }
        }
        let began = Instant::now();
        let down = watch(sup.pid());
        exit(sup.pid(), ExitReason::Shutdown);
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        assert!(began.elapsed() < SECOND);
        assert_eq!(events.order_so_far(), ["start a", "start a"]);
        let later = tokio::time::timeout(10 * SECOND, events.next()).await;
        assert!(later.is_err(), "it came back: {later:?}");
    });
}
