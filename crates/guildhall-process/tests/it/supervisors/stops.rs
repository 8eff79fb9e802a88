//! How children are stopped: by order, timer, kill; and what follows the end of a supervisor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use guildhall_process::{
    ChildSpec, Ctx, DynamicRef, DynamicSupervisor, ExitReason, Handle, Init, ProcRef, Process,
    Shutdown, Spawn, Strategy, Supervisor, exit, process_info, start, watch,
};

use super::{begin, child, finish, which};
use crate::kit::{Probe, ask, death, events, run, run_virtual, soon};

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

/// Takes an hour to stop.
struct Slow;

impl Process for Slow {
    const KIND: &'static str = "slow";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        ctx.trap_exit(true);
        Init::Ready
    }

    fn handle_parent_exit(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        ctx.send_after(Duration::from_secs(3_600), reason);
    }
}

impl Handle<ExitReason> for Slow {
    fn handle(&mut self, reason: ExitReason, ctx: &mut Ctx<Self>) {
        ctx.exit(reason);
    }
}

#[test]
fn infinity_waits_as_long_as_it_takes() {
    run_virtual(async {
        let spec = ChildSpec::worker("slow", || Slow).shutdown(Shutdown::Infinity);
        let sup = begin(|| Supervisor::new(Strategy::OneForOne).child(spec))
            .await
            .unwrap();
        let child = which(&sup).await[0].1.unwrap();
        let (down, child_down) = (watch(sup.pid()), watch(child));
        let began = tokio::time::Instant::now();
        exit(sup.pid(), ExitReason::Shutdown);
        assert_eq!(child_down.await, ExitReason::Shutdown);
        assert_eq!(down.await, ExitReason::Shutdown);
        assert!(began.elapsed() >= Duration::from_secs(3_600));
    });
}

#[test]
fn a_child_that_has_unlinked_itself_is_stopped_all_the_same() {
    run(async {
        let (tx, mut events) = events();
        let (handle_tx, handle) = std::sync::mpsc::channel();
        let spec = child("a", &tx).on_start(move |a: &ProcRef<Probe>| {
            handle_tx.send(a.clone()).unwrap();
        });
        let sup = begin(|| Supervisor::new(Strategy::OneForOne).child(spec))
            .await
            .unwrap();
        let a = handle.recv().unwrap();
        let parent = sup.pid();
        ask(&a, move |_, ctx| ctx.unlink(parent)).await;
        assert_eq!(finish(&sup).await, ExitReason::Shutdown);
        assert!(!a.is_alive());
        assert_eq!(events.order_so_far(), ["start a", "stop a shutdown"]);
    });
}

/// Panics when it is dropped.
struct Bomb(Arc<AtomicU32>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("a bomb");
    }
}

#[test]
fn specifications_that_panic_when_they_are_dropped_do_not_hurt_the_supervisor() {
    run(async {
        let (tx, _events) = events();
        let gone = Arc::new(AtomicU32::new(0));
        let bombed = |name: &'static str| {
            let (tx, in_make) = (tx.clone(), Bomb(Arc::clone(&gone)));
            let in_on_start = [0, 1].map(|_| Bomb(Arc::clone(&gone)));
            let make = move || {
                let _carried = &in_make;
                Probe::new(name, &tx)
            };
            let [first, second] = in_on_start.map(|carried| {
                move |_: &ProcRef<Probe>| {
                    let _carried = &carried;
                }
            });
            ChildSpec::worker(name, make)
                .on_start(first)
                .on_start(second)
        };
        let specs = ["a", "b", "c"].map(bombed);
        let sup = begin(|| {
            let supervisor = Supervisor::new(Strategy::OneForOne);
            specs.into_iter().fold(supervisor, Supervisor::child)
        });
        let sup = sup.await.unwrap();
        soon(sup.terminate_child("a")).await.unwrap();
        soon(sup.delete_child("a")).await.unwrap();
        assert_eq!(gone.load(Ordering::Relaxed), 3);
        assert!(soon(sup.start_child(bombed("b"))).await.is_err());
        assert_eq!(gone.load(Ordering::Relaxed), 6);
        assert_eq!(finish(&sup).await, ExitReason::Shutdown);
        assert_eq!(gone.load(Ordering::Relaxed), 12);
    });
}

#[test]
fn a_normal_exit_from_outside_stops_no_supervisor() {
    run(async {
        let (tx, mut events) = events();
        let spec = child("a", &tx);
        let sup = begin(move || Supervisor::new(Strategy::OneForOne).child(spec))
            .await
            .unwrap();
        let dynamic = soon(start(Spawn::new(), DynamicSupervisor::new)).await;
        let dynamic = DynamicRef::from(dynamic.unwrap());
        let (_, a) = events.started().await;
        for pid in [sup.pid(), dynamic.pid()] {
            exit(pid, ExitReason::Normal);
        }
        // The requests come after the signals, and are answered.
        assert_eq!(which(&sup).await, [("a".to_owned(), Some(a))]);
        assert_eq!(soon(dynamic.which_children()).await, Ok(vec![]));
        for pid in [sup.pid(), dynamic.pid()] {
            exit(pid, ExitReason::Shutdown);
            assert_eq!(death(pid).await, ExitReason::Shutdown);
        }
    });
}
