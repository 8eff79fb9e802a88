//! Supervisors beyond OTP's recorded rows, which are in `oracle`; one file for each question.

mod backoff;
mod hanging;
mod requests;
mod significant;
mod starts;
mod stops;

use guildhall_process::{
    ChildSpec, ExitReason, Pid, Restart, Spawn, StartError, Strategy, Supervisor, SupervisorRef,
    exit, is_alive, process_info, start, watch,
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
