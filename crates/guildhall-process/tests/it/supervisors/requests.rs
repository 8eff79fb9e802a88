//! The child API with OTP's answers.

use guildhall_process::{
    AutoShutdown, ChildCounts, ChildError, ChildSpec, ChildStatus, Init, Restart, Shutdown,
    SpecError, Strategy, Supervisor, SupervisorRef, exit,
};

use super::{begin, child, failing, finish, plain, which};
use crate::kit::{Probe, boom, death, events, run, soon};

/// A supervisor without restarts over these children.
async fn over(specs: impl IntoIterator<Item = ChildSpec>) -> SupervisorRef {
    let supervisor = Supervisor::new(Strategy::OneForOne);
    let supervisor = specs.into_iter().fold(supervisor, Supervisor::child);
    begin(|| supervisor).await.unwrap()
}

#[test]
fn a_child_is_stopped_and_restarted_on_request() {
    run(async {
        let (tx, mut events) = events();
        let sup = over([child("a", &tx)]).await;
        assert_eq!(soon(sup.restart_child("a")).await, Err(ChildError::Running));
        assert_eq!(soon(sup.terminate_child("a")).await, Ok(()));
        let pid = soon(sup.restart_child("a")).await.unwrap();
        assert_eq!(which(&sup).await, [("a".to_owned(), Some(pid))]);
        assert_eq!(
            events.order_so_far(),
            ["start a", "stop a shutdown", "start a"]
        );
    });
}

#[test]
fn a_child_that_is_not_there_is_not_found() {
    run(async {
        let sup = over([]).await;
        let not_found = ChildError::NotFound;
        assert_eq!(soon(sup.terminate_child("x")).await, Err(not_found.clone()));
        assert_eq!(soon(sup.delete_child("x")).await, Err(not_found.clone()));
        assert_eq!(soon(sup.child("x")).await, Err(not_found.clone()));
        assert_eq!(soon(sup.restart_child("x")).await, Err(not_found));
    });
}

#[test]
fn a_child_is_added_at_run_time_and_stops_first() {
    run(async {
        let (tx, mut events) = events();
        let sup = over([child("a", &tx)]).await;
        let b = soon(sup.start_child(child("b", &tx))).await.unwrap();
        assert_eq!(which(&sup).await[1], ("b".to_owned(), Some(b)));
        finish(&sup).await;
        let order = ["start a", "start b", "stop b shutdown", "stop a shutdown"];
        assert_eq!(events.order_so_far(), order);
    });
}

#[test]
fn a_second_child_of_an_id_is_refused_by_what_the_first_one_does() {
    run(async {
        let (tx, mut events) = events();
        let sup = over([child("a", &tx)]).await;
        let (_, pid) = events.started().await;
        let again = soon(sup.start_child(child("a", &tx))).await;
        assert_eq!(again, Err(ChildError::AlreadyStarted(pid)));
        soon(sup.terminate_child("a")).await.unwrap();
        let again = soon(sup.start_child(child("a", &tx))).await;
        assert_eq!(again, Err(ChildError::AlreadyPresent));
        soon(sup.delete_child("a")).await.unwrap();
        soon(sup.start_child(child("a", &tx))).await.unwrap();
    });
}

#[test]
fn a_child_that_fails_to_start_on_request_leaves_no_specification() {
    run(async {
        let (tx, _events) = events();
        let sup = over([]).await;
        for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
            let started = soon(sup.start_child(failing("a", &tx).restart(restart))).await;
            assert_eq!(started, Err(ChildError::Start(boom())), "{restart:?}");
            assert_eq!(which(&sup).await, [], "{restart:?}");
        }
    });
}

#[test]
fn a_restart_on_request_that_fails_leaves_the_child_as_it_was() {
    run(async {
        let (tx, mut events) = events();
        let first = std::sync::atomic::AtomicBool::new(true);
        let spec = ChildSpec::worker("a", move || {
            let mut probe = Probe::new("a", &tx);
            if !first.swap(false, std::sync::atomic::Ordering::Relaxed) {
                probe.init = Init::Fail(boom());
            }
            probe
        });
        let sup = over([spec]).await;
        soon(sup.terminate_child("a")).await.unwrap();
        let failed = Err(ChildError::Start(boom()));
        assert_eq!(soon(sup.restart_child("a")).await, failed);
        let status = soon(sup.child("a")).await.unwrap().status;
        assert_eq!(status, ChildStatus::Stopped);
        assert_eq!(events.order_so_far(), ["start a", "start a"]);
    });
}

#[test]
fn a_bad_specification_is_refused_at_run_time_too() {
    run(async {
        let (tx, mut events) = events();
        let sup = over([]).await;
        let significant = plain("a", &tx)
            .restart(Restart::Transient)
            .significant(true);
        let refused = Err(ChildError::BadSpec(SpecError::SignificantUnderNever(
            "a".into(),
        )));
        assert_eq!(soon(sup.start_child(significant)).await, refused);
        let any =
            || Supervisor::new(Strategy::OneForOne).auto_shutdown(AutoShutdown::AnySignificant);
        let sup = begin(any).await.unwrap();
        let permanent = plain("a", &tx).significant(true);
        let refused = Err(ChildError::BadSpec(SpecError::SignificantPermanent(
            "a".into(),
        )));
        assert_eq!(soon(sup.start_child(permanent)).await, refused);
        assert_eq!(events.so_far(), []);
    });
}

#[test]
fn only_a_child_that_does_not_run_is_deleted() {
    run(async {
        let (tx, _events) = events();
        let sup = over([child("a", &tx)]).await;
        assert_eq!(soon(sup.delete_child("a")).await, Err(ChildError::Running));
        soon(sup.terminate_child("a")).await.unwrap();
        assert_eq!(soon(sup.delete_child("a")).await, Ok(()));
        assert_eq!(which(&sup).await, []);
    });
}

#[test]
fn a_temporary_child_is_forgotten_when_it_is_stopped() {
    run(async {
        let (tx, _events) = events();
        let sup = over([child("a", &tx).restart(Restart::Temporary)]).await;
        soon(sup.terminate_child("a")).await.unwrap();
        let gone = soon(sup.restart_child("a")).await;
        assert_eq!(gone, Err(ChildError::NotFound));
    });
}

/// OTP's answer for a permanent a and a transient b that has ended normally.
#[test]
fn children_are_counted_and_listed_as_in_otp() {
    run(async {
        let (tx, mut events) = events();
        let sup = over([plain("a", &tx), plain("b", &tx).restart(Restart::Transient)]).await;
        let (a, b) = (events.started().await.1, events.started().await.1);
        exit(b, guildhall_process::ExitReason::Shutdown);
        death(b).await;
        let counts = ChildCounts {
            specs: 2,
            active: 1,
            supervisors: 0,
            workers: 2,
        };
        assert_eq!(soon(sup.count_children()).await, Ok(counts));
        let list = [("a".to_owned(), Some(a)), ("b".to_owned(), None)];
        assert_eq!(which(&sup).await, list);
    });
}

#[test]
fn a_child_is_described_as_specified() {
    run(async {
        let inner = ChildSpec::supervisor("inner", || Supervisor::new(Strategy::OneForAll));
        let sup = over([inner]).await;
        let info = soon(sup.child("inner")).await.unwrap();
        assert_eq!(info.kind, guildhall_process::ChildKind::Supervisor);
        assert_eq!(info.shutdown, Shutdown::Infinity);
        assert_eq!(
            (info.restart, info.significant),
            (Restart::Permanent, false)
        );
        let counts = soon(sup.count_children()).await.unwrap();
        assert_eq!((counts.supervisors, counts.workers), (1, 0));
    });
}

#[test]
fn requests_to_a_dead_supervisor_fail() {
    run(async {
        let sup = over([]).await;
        finish(&sup).await;
        let noproc = Err(ChildError::NoProc);
        assert_eq!(soon(sup.terminate_child("a")).await, noproc);
        assert_eq!(soon(sup.count_children()).await.err(), noproc.err());
    });
}

#[test]
fn a_request_whose_future_is_dropped_is_carried_out_all_the_same() {
    run(async {
        let (tx, mut events) = events();
        let sup = over([]).await;
        drop(sup.start_child(child("a", &tx)));
        assert_eq!(events.started().await.0, "a");
        drop(sup.terminate_child("a"));
        assert_eq!(which(&sup).await, [("a".to_owned(), None)]);
    });
}
