//! A child whose `init` takes its time, and an order to its supervisor meanwhile: as in OTP the
//! supervisor obeys when the start is over, and a kill at once. No start is lost or doubled.

use std::sync::Arc;
use std::time::Duration;

use guildhall_process::{
    ChildError, ChildSpec, Ctx, ExitReason, Init, Pid, Process, Shutdown, Spawn, StartError,
    Strategy, Supervisor, SupervisorRef, exit, is_alive, process_info, spawn, watch,
};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::begin;
use crate::kit::{boom, run, soon};

/// Says its pid, and is ready when somebody opens the gate.
struct Gated {
    pids: UnboundedSender<Pid>,
    gate: Arc<Notify>,
}

impl Process for Gated {
    const KIND: &'static str = "gated";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        self.pids.send(ctx.pid()).unwrap();
        let gate = Arc::clone(&self.gate);
        ctx.wait(async move { gate.notified().await }, |_, (), ctx| {
            ctx.init_done(Ok(()));
        });
        Init::Pending
    }
}

/// A gated child, the pids of its starts and its gate.
fn gated() -> (ChildSpec, UnboundedReceiver<Pid>, Arc<Notify>) {
    let (pids, seen) = unbounded_channel();
    let gate = Arc::new(Notify::new());
    let opener = Arc::clone(&gate);
    let make = move || Gated {
        pids: pids.clone(),
        gate: Arc::clone(&gate),
    };
    (ChildSpec::worker("gated", make), seen, opener)
}

/// A supervisor whose child hangs in its `init` at a restart.
async fn hangs_at_restart() -> (SupervisorRef, Pid, UnboundedReceiver<Pid>, Arc<Notify>) {
    let (spec, mut pids, gate) = gated();
    // One permit: the first start passes.
    gate.notify_one();
    let make = move || Supervisor::new(Strategy::OneForOne).child(spec);
    let sup = begin(make).await.unwrap();
    let first = soon(pids.recv()).await.unwrap();
    exit(first, boom());
    let second = soon(pids.recv()).await.unwrap();
    (sup, second, pids, gate)
}

#[test]
fn a_kill_works_while_a_child_hangs_in_its_init_and_takes_it_along() {
    run(async {
        let (sup, child, ..) = hangs_at_restart().await;
        let (down, child_down) = (watch(sup.pid()), watch(child));
        exit(sup.pid(), ExitReason::Kill);
        assert_eq!(soon(down).await, ExitReason::Killed);
        assert_eq!(soon(child_down).await, ExitReason::Killed);
    });
}

/// OTP gives supervisors infinity; a parent with less patience gets on without them.
#[test]
fn a_supervisor_that_hangs_is_killed_after_its_parents_patience() {
    run(async {
        let (spec, mut pids, gate) = gated();
        gate.notify_one();
        let inner = move || Supervisor::new(Strategy::OneForOne).child(spec.clone());
        let patience = Shutdown::Timeout(Duration::from_millis(50));
        let inner = ChildSpec::supervisor("inner", inner).shutdown(patience);
        let root = begin(|| Supervisor::new(Strategy::OneForOne).child(inner))
            .await
            .unwrap();
        let inner = soon(root.child("inner"))
            .await
            .unwrap()
            .status
            .pid()
            .unwrap();
        exit(soon(pids.recv()).await.unwrap(), boom());
        let hanging = soon(pids.recv()).await.unwrap();
        let (root_down, inner_down) = (watch(root.pid()), watch(inner));
        let child_down = watch(hanging);
        exit(root.pid(), ExitReason::Shutdown);
        assert_eq!(soon(root_down).await, ExitReason::Shutdown);
        assert_eq!(soon(inner_down).await, ExitReason::Killed);
        assert_eq!(soon(child_down).await, ExitReason::Killed);
    });
}

#[test]
fn a_stop_waits_for_the_start_and_then_stops_what_has_started() {
    run(async {
        let (sup, child, mut pids, gate) = hangs_at_restart().await;
        let (down, child_down) = (watch(sup.pid()), watch(child));
        exit(sup.pid(), ExitReason::Shutdown);
        // Answered by nobody as long as the child hangs; then it is too late.
        let late = sup.terminate_child("gated");
        assert!(is_alive(sup.pid()) && is_alive(child));
        gate.notify_one();
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        assert_eq!(soon(child_down).await, ExitReason::Shutdown);
        assert!(soon(late).await.is_err());
        // Every start is known, and none came afterwards.
        assert!(pids.try_recv().is_err());
    });
}

#[test]
fn a_first_start_that_hangs_is_ended_by_a_kill_and_told_to_the_starter() {
    run(async {
        let (spec, mut pids, _gate) = gated();
        let root = spawn(Spawn::named("root"), move || {
            Supervisor::new(Strategy::OneForOne).child(spec)
        });
        let child = soon(pids.recv()).await.unwrap();
        let child_down = watch(child);
        exit(root.pid(), ExitReason::Kill);
        assert_eq!(soon(child_down).await, ExitReason::Killed);
        assert!(!root.is_alive());
    });
}

#[test]
fn a_child_that_is_killed_in_its_hanging_init_is_a_failed_start() {
    run(async {
        let sup = begin(|| Supervisor::new(Strategy::OneForOne))
            .await
            .unwrap();
        let (spec, mut pids, _gate) = gated();
        let started = sup.start_child(spec);
        exit(soon(pids.recv()).await.unwrap(), ExitReason::Kill);
        let failed = ChildError::Start(ExitReason::Killed);
        assert_eq!(soon(started).await, Err(failed));
        assert_eq!(soon(sup.which_children()).await, Ok(vec![]));
    });
}

#[test]
fn a_supervisor_that_is_killed_before_its_children_are_ready_is_an_error_for_its_starter() {
    run(async {
        let (spec, mut pids, _gate) = gated();
        let starting = begin(move || Supervisor::new(Strategy::OneForOne).child(spec));
        let kill = async {
            let child = soon(pids.recv()).await.unwrap();
            let sup = process_info(child).unwrap().parent;
            exit(sup.unwrap(), ExitReason::Kill);
        };
        let (started, ()) = tokio::join!(starting, kill);
        assert_eq!(started.unwrap_err(), StartError::Init(ExitReason::Killed));
    });
}
