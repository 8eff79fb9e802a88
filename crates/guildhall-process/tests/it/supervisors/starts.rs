//! Starts that fail, on the way up, at a restart, in `on_start`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use guildhall_process::{
    ChildSpec, ExitReason, Init, Placement, ProcRef, StartError, Strategy, Supervisor, exit, watch,
};
use tokio::sync::mpsc::UnboundedSender;

use super::{begin, child, failing, finish, plain};
use crate::kit::{Event, Events, Probe, boom, events, run, soon};

#[test]
fn a_child_that_fails_to_start_stops_the_ones_before_it_and_fails_the_supervisor() {
    run(async {
        let (tx, mut events) = events();
        let (a, b, c) = (child("a", &tx), failing("b", &tx), child("c", &tx));
        let failed = begin(|| {
            Supervisor::new(Strategy::OneForOne)
                .child(a)
                .child(b)
                .child(c)
        });
        let Err(StartError::Init(ExitReason::ShutdownWith(why))) = failed.await else {
            panic!("the supervisor runs without its child");
        };
        assert!(why.starts_with("failed_to_start_child b"), "{why}");
        let order = ["start a", "start b", "stop a shutdown"];
        assert_eq!(events.order_so_far(), order);
    });
}

#[test]
fn two_children_of_one_id_fail_the_supervisor_before_any_child_starts() {
    run(async {
        let (tx, mut events) = events();
        let specs = ["a", "b", "a"].map(|name| child(name, &tx));
        let failed = begin(|| {
            let supervisor = Supervisor::new(Strategy::OneForOne);
            specs.into_iter().fold(supervisor, Supervisor::child)
        });
        let why = ExitReason::error("two children have the id a");
        assert_eq!(failed.await.unwrap_err(), StartError::Init(why));
        assert_eq!(events.so_far(), []);
    });
}

#[test]
fn a_restart_that_fails_is_tried_again_until_the_intensity_is_exceeded() {
    run(async {
        let (tx, mut events) = events();
        let starts = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&starts);
        let spec = ChildSpec::worker("a", move || {
            let mut probe = Probe::new("a", &tx);
            if count.fetch_add(1, Ordering::Relaxed) > 0 {
                probe.init = Init::Fail(boom());
            }
            probe
        });
        let supervisor = begin(move || {
            let supervisor = Supervisor::new(Strategy::OneForOne);
            supervisor.intensity(3, Duration::from_secs(5)).child(spec)
        });
        let supervisor = supervisor.await.unwrap();
        let down = watch(supervisor.pid());
        let (_, first) = events.started().await;
        exit(first, boom());
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        // The first start and three attempts, as in OTP.
        assert_eq!(starts.load(Ordering::Relaxed), 4);
    });
}

#[test]
fn on_start_sees_every_start_and_refuses_another_type() {
    run(async {
        let (tx, mut seen) = events();
        let spec = {
            let tx = tx.clone();
            plain("a", &tx).on_start(move |process: &ProcRef<Probe>| {
                tx.send(Event::Started("seen", process.pid())).unwrap();
            })
        };
        let supervisor = begin(|| Supervisor::new(Strategy::OneForOne).child(spec))
            .await
            .unwrap();
        let (own, seen_first) = (seen.started().await, seen.started().await);
        assert_eq!((own.1, "seen"), (seen_first.1, seen_first.0));
        exit(own.1, boom());
        assert_eq!(seen.started().await.1, seen.started().await.1);
        finish(&supervisor).await;

        let wrong = plain("a", &tx).on_start(|_: &ProcRef<Supervisor>| ());
        let failed = begin(|| Supervisor::new(Strategy::OneForOne).child(wrong)).await;
        assert!(matches!(
            failed,
            Err(StartError::Init(ExitReason::ShutdownWith(_)))
        ));
    });
}

#[test]
fn a_child_whose_arbiter_is_gone_fails_to_start() {
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let handle = arbiter.handle();
        arbiter.stop();
        arbiter.join().unwrap();
        let (tx, _events): (_, Events) = events();
        let spec = plain("a", &tx).placement(Placement::On(handle));
        let failed = begin(|| Supervisor::new(Strategy::OneForOne).child(spec)).await;
        assert!(matches!(
            failed,
            Err(StartError::Init(ExitReason::ShutdownWith(_)))
        ));
    });
}

#[test]
fn a_panic_in_on_start_is_a_failed_start_and_stops_the_child() {
    run(async {
        let (tx, mut events) = events();
        let spec = child("a", &tx).on_start(|_: &ProcRef<Probe>| panic!("on_start"));
        let failed = begin(|| Supervisor::new(Strategy::OneForOne).child(spec)).await;
        let Err(StartError::Init(ExitReason::ShutdownWith(why))) = failed else {
            panic!("{failed:?}");
        };
        assert!(why.contains("on_start"), "{why}");
        assert_eq!(events.order_so_far(), ["start a", "stop a shutdown"]);
    });
}

#[test]
fn a_panic_in_on_start_of_a_restart_is_tried_again_within_the_intensity() {
    run(async {
        let (tx, mut events) = events();
        let calls = AtomicU32::new(0);
        let spec = child("a", &tx).on_start(move |_: &ProcRef<Probe>| {
            assert_ne!(calls.fetch_add(1, Ordering::Relaxed), 1, "the second one");
        });
        let make = move || {
            Supervisor::new(Strategy::OneForOne)
                .intensity(2, Duration::from_secs(5))
                .child(spec)
        };
        let sup = begin(make).await.unwrap();
        exit(events.started().await.1, ExitReason::Kill);
        let (_, refused) = events.started().await;
        let (_, third) = events.started().await;
        assert!(!guildhall_process::is_alive(refused));
        assert_eq!(super::which(&sup).await, [("a".to_owned(), Some(third))]);
    });
}

#[test]
fn on_start_may_be_given_twice() {
    run(async {
        let (tx, mut seen) = events();
        let note = |name: &'static str| {
            let tx = tx.clone();
            move |process: &ProcRef<Probe>| {
                tx.send(Event::Started(name, process.pid())).unwrap();
            }
        };
        let spec = plain("a", &tx).on_start(note("one")).on_start(note("two"));
        begin(|| Supervisor::new(Strategy::OneForOne).child(spec))
            .await
            .unwrap();
        assert_eq!(seen.order_so_far(), ["start a", "start one", "start two"]);
    });
}

/// A child whose every start but the first fails.
fn once(name: &'static str, tx: &UnboundedSender<Event>) -> ChildSpec {
    let (tx, starts) = (tx.clone(), AtomicU32::new(0));
    ChildSpec::worker(name, move || {
        let mut probe = Probe::new(name, &tx).trapping();
        if starts.fetch_add(1, Ordering::Relaxed) > 0 {
            probe.init = Init::Fail(boom());
        }
        probe
    })
}

#[test]
fn requests_and_the_order_to_stop_get_in_between_failing_restarts() {
    run(async {
        let (tx, mut events) = events();
        for by_request in [true, false] {
            let spec = once("a", &tx);
            let make = move || {
                Supervisor::new(Strategy::OneForOne)
                    .intensity(u32::MAX, Duration::from_secs(5))
                    .child(spec)
            };
            let sup = begin(make).await.unwrap();
            exit(events.started().await.1, ExitReason::Kill);
            // It fails for ever.
            events.started().await;
            if by_request {
                assert_eq!(soon(sup.terminate_child("a")).await, Ok(()));
                events.so_far();
                assert_eq!(super::which(&sup).await, [("a".to_owned(), None)]);
                assert_eq!(events.so_far(), []);
            }
            assert_eq!(finish(&sup).await, ExitReason::Shutdown);
            events.so_far();
        }
    });
}

/// OTP: of a plan that fails, the later children stay stopped until it succeeds.
#[test]
fn a_restart_of_several_that_fails_in_the_middle_is_tried_again_from_there() {
    run(async {
        let (tx, mut events) = events();
        let starts = AtomicU32::new(0);
        let b_tx = tx.clone();
        let b = ChildSpec::worker("b", move || {
            let mut probe = Probe::new("b", &b_tx).trapping();
            if starts.fetch_add(1, Ordering::Relaxed) == 1 {
                probe.init = Init::Fail(boom());
            }
            probe
        });
        let (a, c) = (child("a", &tx), child("c", &tx));
        let make = move || {
            Supervisor::new(Strategy::RestForOne)
                .intensity(2, Duration::from_secs(5))
                .child(a)
                .child(b)
                .child(c)
        };
        let sup = begin(make).await.unwrap();
        let (_, first) = events.started().await;
        events.so_far();
        exit(first, ExitReason::Kill);
        let mut order = Vec::new();
        while !order.ends_with(&["start c".to_owned()]) {
            soon(sup.which_children()).await.unwrap();
            order.extend(events.order_so_far());
        }
        let expected = [
            "stop c shutdown",
            "stop b shutdown",
            "start a",
            "start b",
            "start b",
            "start c",
        ];
        assert_eq!(order, expected);
    });
}
