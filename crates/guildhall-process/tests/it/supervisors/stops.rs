//! How children are stopped: by order, timer, kill; and what follows the end of a supervisor.

use std::time::{Duration, Instant};

use guildhall_process::{
    ChildSpec, ExitReason, Shutdown, Strategy, Supervisor, exit, process_info, watch,
};

use super::{begin, child, finish, which};
use crate::kit::{Probe, events, run, soon};

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
        assert_eq!(soon(supervisor.terminate_child("a")).await, Ok(()));
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
