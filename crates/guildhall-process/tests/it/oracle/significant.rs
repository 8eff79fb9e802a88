//! Section 3 of the record, what is asked of a supervisor as a whole: auto_shutdown and the counts.

use std::time::Duration;

use guildhall_process::{
    AutoShutdown, ChildSpec, ChildStatus, ExitReason, Pid, Restart, Spawn, Strategy, Supervisor,
    SupervisorRef, exit_from, is_alive, start, watch,
};

use super::words::{list, reason};
use super::{Experiment, row};
use crate::kit::{Probe, death, events, soon};

pub fn experiments() -> Vec<Experiment> {
    let (any, all) = (AutoShutdown::AnySignificant, AutoShutdown::AllSignificant);
    vec![
        row(
            "auto_shutdown any_significant, transient exits normal",
            auto_shutdown(any, 1),
        ),
        row(
            "auto_shutdown all_significant, one of two exits",
            auto_shutdown(all, 1),
        ),
        row(
            "auto_shutdown all_significant, both exit",
            auto_shutdown(all, 2),
        ),
        row("count_children/which_children", counts()),
    ]
}

/// A supervisor over these children, which do not trap exits, and their pids.
async fn begin(supervisor: Supervisor, specs: &[Spec]) -> (SupervisorRef, Vec<Pid>) {
    let (tx, mut events) = events();
    let add = |supervisor: Supervisor, spec: &Spec| {
        let (tx, name) = (tx.clone(), spec.0);
        let spec = ChildSpec::worker(name, move || Probe::new(name, &tx))
            .restart(spec.1)
            .significant(spec.2);
        supervisor.child(spec)
    };
    let supervisor = specs.iter().fold(supervisor, add);
    let supervisor = soon(start(Spawn::named("supervisor"), move || supervisor)).await;
    let mut pids = Vec::new();
    for _ in specs {
        pids.push(events.started().await.1);
    }
    (supervisor.unwrap().into(), pids)
}

/// Id, restart type, whether it is significant.
type Spec = (&'static str, Restart, bool);

/// The first `ends` of a and b, which are significant, and c, which is not, end normally.
async fn auto_shutdown(auto: AutoShutdown, ends: usize) -> String {
    let transient = Restart::Transient;
    let specs = [
        ("a", transient, true),
        ("b", transient, true),
        ("c", transient, false),
    ];
    let supervisor = Supervisor::new(Strategy::OneForOne).auto_shutdown(auto);
    let (supervisor, pids) = begin(supervisor, &specs).await;
    let down = watch(supervisor.pid());
    for pid in pids.iter().take(ends) {
        exit_from(*pid, *pid, ExitReason::Normal);
        death(*pid).await;
    }
    // Virtual time: it has passed when nobody has anything to do any more.
    match tokio::time::timeout(Duration::from_millis(150), down).await {
        Ok(why) => format!("{{sup_exit,{}}}", reason(&why)),
        Err(_elapsed) => {
            assert!(is_alive(supervisor.pid()));
            "sup_alive".to_owned()
        }
    }
}

async fn counts() -> String {
    let specs = [
        ("a", Restart::Permanent, false),
        ("b", Restart::Transient, false),
    ];
    let supervisor = Supervisor::new(Strategy::OneForOne);
    let (supervisor, pids) = begin(supervisor, &specs).await;
    exit_from(pids[1], pids[1], ExitReason::Normal);
    death(pids[1]).await;
    let counts = soon(supervisor.count_children()).await.unwrap();
    let children = soon(supervisor.which_children()).await.unwrap();
    let words = |status| match status {
        ChildStatus::Running(_) => "pid",
        ChildStatus::Restarting => "restarting",
        ChildStatus::Stopped => "undefined",
    };
    // OTP lists the last one first.
    let children = children.iter().rev().map(|child| {
        let (id, status) = (&child.id, words(child.status));
        format!("{{{id},{status},worker,['...']}}")
    });
    let counts = list(
        [
            ("specs", counts.specs),
            ("active", counts.active),
            ("supervisors", counts.supervisors),
            ("workers", counts.workers),
        ]
        .map(|(what, count)| format!("{{{what},{count}}}")),
    );
    format!("{{{counts},{}}}", list(children))
}
