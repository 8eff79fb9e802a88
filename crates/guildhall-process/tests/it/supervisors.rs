//! Supervisors beyond OTP's recorded rows, which are in `oracle`; one file for each question.

mod backoff;
mod hanging;
mod requests;
mod significant;
mod starts;
mod stops;
mod storm;

use std::time::Duration;

use guildhall_process::{
    ChildSpec, ExitReason, Init, Pid, Restart, Spawn, StartError, Strategy, Supervisor,
    SupervisorRef, exit, is_alive, process_info, start, watch,
};
use tokio::sync::mpsc::UnboundedSender;

use crate::kit::{Event, Probe, boom, events, run, soon};

fn child(name: &'static str, tx: &UnboundedSender<Event>) -> ChildSpec {
    let tx = tx.clone();
    ChildSpec::worker(name, move || Probe::new(name, &tx).trapping())
}

/// A child that does not trap exits, so that any signal ends it.
fn plain(name: &'static str, tx: &UnboundedSender<Event>) -> ChildSpec {
    let tx = tx.clone();
    ChildSpec::worker(name, move || Probe::new(name, &tx))
}

/// A child whose `init` fails.
fn failing(name: &'static str, tx: &UnboundedSender<Event>) -> ChildSpec {
    let tx = tx.clone();
    ChildSpec::worker(name, move || {
        let mut probe = Probe::new(name, &tx);
        probe.init = Init::Fail(boom());
        probe
    })
}

async fn begin(
    make: impl FnOnce() -> Supervisor + Send + 'static,
) -> Result<SupervisorRef, StartError> {
    let started = soon(start(Spawn::named("supervisor"), make)).await;
    started.map(SupervisorRef::from)
}

async fn which(supervisor: &SupervisorRef) -> Vec<(String, Option<Pid>)> {
    let list = soon(supervisor.which_children()).await.unwrap();
    list.into_iter()
        .map(|child| (child.id, child.status.pid()))
        .collect()
}

/// Stops a supervisor and waits for its end.
async fn finish(supervisor: &SupervisorRef) -> ExitReason {
    let down = watch(supervisor.pid());
    exit(supervisor.pid(), ExitReason::Shutdown);
    soon(down).await
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
fn a_supervisor_that_gives_up_is_a_death_like_any_other_to_its_own_supervisor() {
    run(async {
        let (tx, mut events) = events();
        let inner = ChildSpec::supervisor("inner", move || {
            Supervisor::new(Strategy::OneForOne)
                .intensity(0, Duration::from_secs(5))
                .child(plain("leaf", &tx))
        });
        // OTP's default: one restart.
        let root = begin(|| Supervisor::new(Strategy::OneForOne).child(inner))
            .await
            .unwrap();
        let down = watch(root.pid());
        exit(events.started().await.1, boom());
        let (_, second) = events.started().await;
        let inner = soon(root.child("inner")).await.unwrap();
        assert_eq!(inner.last_exit, Some(ExitReason::Shutdown));
        assert_eq!((inner.restarts, inner.status.pid().is_some()), (1, true));
        exit(second, boom());
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        assert_eq!(events.so_far(), []);
    });
}

#[test]
fn a_supervisor_ignores_the_exits_of_strangers() {
    run(async {
        let (tx, mut events) = events();
        let spec = plain("a", &tx);
        let sup = begin(|| Supervisor::new(Strategy::OneForOne).child(spec))
            .await
            .unwrap();
        let (_, a) = events.started().await;
        let (stranger, _events) = crate::kit::probe(false).await;
        guildhall_process::exit_from(stranger.pid(), sup.pid(), ExitReason::Shutdown);
        assert_eq!(which(&sup).await, [("a".to_owned(), Some(a))]);
        assert!(is_alive(sup.pid()));
    });
}
