//! Significant children and auto_shutdown, beyond OTP's recorded rows.

use std::time::Duration;

use guildhall_process::{
    AutoShutdown, ChildSpec, ExitReason, Restart, SpecError, StartError, Strategy, Supervisor,
    SupervisorRef, exit, is_alive, watch,
};
use tokio::sync::mpsc::UnboundedSender;

use super::{begin, child, plain, which};
use crate::kit::{Event, boom, death, events, run, soon};

fn significant(name: &'static str, restart: Restart, tx: &UnboundedSender<Event>) -> ChildSpec {
    plain(name, tx).restart(restart).significant(true)
}

async fn under(auto: AutoShutdown, strategy: Strategy, specs: Vec<ChildSpec>) -> SupervisorRef {
    let supervisor = Supervisor::new(strategy).auto_shutdown(auto);
    let supervisor = supervisor.intensity(5, Duration::from_secs(5));
    let supervisor = specs.into_iter().fold(supervisor, Supervisor::child);
    begin(|| supervisor).await.unwrap()
}

#[test]
fn a_bad_combination_fails_the_supervisor_before_any_child_starts() {
    run(async {
        let (tx, mut events) = events();
        let any = AutoShutdown::AnySignificant;
        for (auto, restart, error) in [
            (
                AutoShutdown::Never,
                Restart::Transient,
                SpecError::SignificantUnderNever("b".into()),
            ),
            (
                any,
                Restart::Permanent,
                SpecError::SignificantPermanent("b".into()),
            ),
        ] {
            let (a, b) = (plain("a", &tx), significant("b", restart, &tx));
            let supervisor = Supervisor::new(Strategy::OneForOne).auto_shutdown(auto);
            let failed = begin(|| supervisor.child(a).child(b)).await;
            assert_eq!(failed.unwrap_err(), StartError::Init(error.into()));
        }
        assert_eq!(events.so_far(), []);
    });
}

#[test]
fn the_other_children_are_stopped_in_reverse() {
    run(async {
        let (tx, mut events) = events();
        let specs = vec![
            child("a", &tx),
            significant("b", Restart::Temporary, &tx),
            child("c", &tx),
        ];
        let any = AutoShutdown::AnySignificant;
        let sup = under(any, Strategy::OneForAll, specs).await;
        let down = watch(sup.pid());
        let b = which(&sup).await[1].1.unwrap();
        // Not a normal end, but a temporary child's last one.
        exit(b, boom());
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        let order = [
            "start a",
            "start b",
            "start c",
            "stop c shutdown",
            "stop a shutdown",
        ];
        assert_eq!(events.order_so_far(), order);
    });
}

#[test]
fn a_restarted_significant_child_ends_nothing() {
    run(async {
        let (tx, mut events) = events();
        let any = AutoShutdown::AnySignificant;
        let specs = vec![significant("a", Restart::Transient, &tx)];
        let sup = under(any, Strategy::OneForOne, specs).await;
        exit(events.started().await.1, boom());
        let (_, second) = events.started().await;
        assert_eq!(which(&sup).await, [("a".to_owned(), Some(second))]);
        let down = watch(sup.pid());
        exit(second, ExitReason::Shutdown);
        assert_eq!(soon(down).await, ExitReason::Shutdown);
    });
}

#[test]
fn a_stop_by_the_supervisor_ends_nothing() {
    run(async {
        let (tx, mut events) = events();
        let any = AutoShutdown::AnySignificant;
        let specs = vec![
            plain("a", &tx),
            significant("b", Restart::Temporary, &tx),
            significant("c", Restart::Transient, &tx),
        ];
        let sup = under(any, Strategy::RestForOne, specs).await;
        let (_, a) = events.started().await;
        // For a sibling's sake: b is forgotten, c comes back.
        exit(a, boom());
        death(a).await;
        let ids: Vec<_> = which(&sup).await.into_iter().map(|c| c.0).collect();
        assert_eq!(ids, ["a", "c"]);
        // On request.
        soon(sup.terminate_child("c")).await.unwrap();
        assert_eq!(which(&sup).await[1], ("c".to_owned(), None));
        assert!(is_alive(sup.pid()));
    });
}

#[test]
fn the_last_significant_child_ends_the_supervisor_also_after_one_that_was_terminated() {
    run(async {
        let (tx, mut events) = events();
        let all = AutoShutdown::AllSignificant;
        let specs = vec![
            significant("a", Restart::Transient, &tx),
            significant("b", Restart::Transient, &tx),
        ];
        let sup = under(all, Strategy::OneForOne, specs).await;
        let (_, a) = events.started().await;
        soon(sup.terminate_child("b")).await.unwrap();
        let down = watch(sup.pid());
        exit(a, ExitReason::Shutdown);
        assert_eq!(soon(down).await, ExitReason::Shutdown);
    });
}
