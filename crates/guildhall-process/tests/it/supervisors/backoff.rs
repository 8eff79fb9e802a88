//! Waits before restarts, on virtual time: they hold up nobody, and end in time.

use std::time::Duration;

use guildhall_process::{
    Backoff, ChildError, ChildSpec, ChildStatus, ExitReason, Jitter, Pid, Strategy, Supervisor,
    SupervisorRef, exit, watch,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::{begin, child, plain};
use crate::kit::{DEADLINE, Event, Events, boom, death, events, run_virtual, soon};

const SECOND: Duration = Duration::from_secs(1);

/// A child that waits 1 s, 2 s, 4 s, 8 s, 8 s...
fn patient(name: &'static str, tx: &UnboundedSender<Event>) -> ChildSpec {
    plain(name, tx).backoff(Backoff {
        first: SECOND,
        max: 8 * SECOND,
        jitter: Jitter::None,
    })
}

async fn over(strategy: Strategy, specs: Vec<ChildSpec>) -> SupervisorRef {
    let supervisor = Supervisor::new(strategy).intensity(100, SECOND);
    let supervisor = specs.into_iter().fold(supervisor, Supervisor::child);
    begin(|| supervisor).await.unwrap()
}

async fn status(sup: &SupervisorRef, id: &str) -> ChildStatus {
    soon(sup.child(id)).await.unwrap().status
}

/// Breaks a child and waits until its supervisor has seen it.
async fn crash(pid: Pid, sup: &SupervisorRef) {
    exit(pid, boom());
    death(pid).await;
    soon(sup.which_children()).await.unwrap();
}

/// Nothing happens any more, whatever was meant to.
async fn assert_silence(events: &mut Events) {
    let late = tokio::time::timeout(DEADLINE / 2, events.next()).await;
    assert!(late.is_err(), "{late:?}");
}

#[test]
fn the_waits_of_one_child_double_and_begin_anew_after_a_long_life() {
    run_virtual(async {
        let (tx, mut events) = events();
        let _sup = over(Strategy::OneForOne, vec![patient("a", &tx)]).await;
        let (_, mut pid) = events.started().await;
        let mut waits = Vec::new();
        for lived in [0, 0, 0, 0, 0, 9, 0] {
            // Virtual time passes while nothing else happens.
            let quiet = tokio::time::timeout(lived * SECOND, events.next()).await;
            assert!(quiet.is_err());
            let began = Instant::now();
            exit(pid, boom());
            pid = events.started().await.1;
            waits.push(began.elapsed().as_secs());
        }
        assert_eq!(waits, [1, 2, 4, 8, 8, 1, 2]);
    });
}

#[test]
fn a_waiting_child_holds_up_neither_siblings_nor_requests_nor_the_stop() {
    run_virtual(async {
        let (tx, mut events) = events();
        let specs = vec![patient("a", &tx), plain("b", &tx)];
        let sup = over(Strategy::OneForOne, specs).await;
        let (a, b) = (events.started().await.1, events.started().await.1);
        let began = Instant::now();
        crash(a, &sup).await;
        assert_eq!(status(&sup, "a").await, ChildStatus::Restarting);
        assert_eq!(soon(sup.count_children()).await.unwrap().active, 1);
        exit(b, boom());
        assert_eq!(events.started().await.0, "b");
        soon(sup.start_child(plain("c", &tx))).await.unwrap();
        assert_eq!(events.started().await.0, "c");
        let down = watch(sup.pid());
        exit(sup.pid(), ExitReason::Shutdown);
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
        assert_silence(&mut events).await;
    });
}

#[test]
fn a_waiting_child_is_restarting_to_every_request() {
    run_virtual(async {
        let (tx, mut events) = events();
        let sup = over(Strategy::OneForOne, vec![patient("a", &tx)]).await;
        crash(events.started().await.1, &sup).await;
        let restarting = ChildError::Restarting;
        assert_eq!(soon(sup.restart_child("a")).await, Err(restarting.clone()));
        assert_eq!(soon(sup.delete_child("a")).await, Err(restarting));
        let again = soon(sup.start_child(plain("a", &tx))).await;
        assert_eq!(again, Err(ChildError::AlreadyPresent));
        // Terminated, it does not come back when the wait would be over.
        assert_eq!(soon(sup.terminate_child("a")).await, Ok(()));
        assert_eq!(status(&sup, "a").await, ChildStatus::Stopped);
        assert_silence(&mut events).await;
        soon(sup.restart_child("a")).await.unwrap();
        assert_eq!(events.started().await.0, "a");
    });
}

#[test]
fn the_end_of_an_earlier_wait_means_nothing_to_a_later_one() {
    run_virtual(async {
        let (tx, mut events) = events();
        let sup = over(Strategy::OneForOne, vec![patient("a", &tx)]).await;
        crash(events.started().await.1, &sup).await;
        soon(sup.terminate_child("a")).await.unwrap();
        soon(sup.restart_child("a")).await.unwrap();
        let (_, second) = events.started().await;
        let began = Instant::now();
        crash(second, &sup).await;
        // The first wait would end after one second, this one takes two.
        events.started().await;
        assert!(began.elapsed() >= 2 * SECOND, "{:?}", began.elapsed());
        assert_silence(&mut events).await;
    });
}

#[test]
fn siblings_in_reach_stop_at_once_and_start_after_the_wait_in_order() {
    run_virtual(async {
        let (tx, mut events) = events();
        let specs = vec![child("a", &tx), patient("b", &tx), child("c", &tx)];
        let sup = over(Strategy::RestForOne, specs).await;
        let began = Instant::now();
        let b = soon(sup.child("b")).await.unwrap().status.pid().unwrap();
        events.so_far();
        crash(b, &sup).await;
        assert_eq!(events.order_so_far(), ["stop c shutdown"]);
        assert_eq!(status(&sup, "b").await, ChildStatus::Restarting);
        assert_eq!(status(&sup, "c").await, ChildStatus::Stopped);
        assert!(began.elapsed() < SECOND);
        assert_eq!(events.started().await.0, "b");
        assert_eq!(events.started().await.0, "c");
        assert!(began.elapsed() >= SECOND);
    });
}

#[test]
fn a_siblings_restart_takes_a_waiting_child_along_and_ends_its_wait() {
    run_virtual(async {
        let (tx, mut events) = events();
        let specs = vec![plain("a", &tx), patient("b", &tx)];
        let sup = over(Strategy::RestForOne, specs).await;
        let (a, b) = (events.started().await.1, events.started().await.1);
        crash(b, &sup).await;
        let began = Instant::now();
        exit(a, boom());
        assert_eq!(events.started().await.0, "a");
        assert_eq!(events.started().await.0, "b");
        assert!(began.elapsed() < SECOND);
        assert_silence(&mut events).await;
    });
}

#[test]
fn a_wait_that_ends_first_starts_nobody_beside_an_earlier_sibling_that_still_waits() {
    run_virtual(async {
        let (tx, mut events) = events();
        let longer = patient("a", &tx).backoff(Backoff {
            first: 4 * SECOND,
            max: 8 * SECOND,
            jitter: Jitter::None,
        });
        let sup = over(Strategy::RestForOne, vec![longer, patient("b", &tx)]).await;
        let (a, b) = (events.started().await.1, events.started().await.1);
        crash(b, &sup).await;
        let began = Instant::now();
        crash(a, &sup).await;
        assert_eq!(status(&sup, "b").await, ChildStatus::Stopped);
        assert_eq!(events.started().await.0, "a");
        assert_eq!(events.started().await.0, "b");
        assert!(began.elapsed() >= 4 * SECOND, "{:?}", began.elapsed());
        assert_silence(&mut events).await;
    });
}

#[test]
fn a_restart_is_counted_before_its_wait() {
    run_virtual(async {
        let (tx, mut events) = events();
        let spec = patient("a", &tx);
        // One restart within a minute.
        let minute = 60 * SECOND;
        let make = move || {
            Supervisor::new(Strategy::OneForOne)
                .intensity(1, minute)
                .child(spec)
        };
        let sup = begin(make).await.unwrap();
        exit(events.started().await.1, boom());
        let (_, second) = events.started().await;
        let (began, down) = (Instant::now(), watch(sup.pid()));
        exit(second, boom());
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        assert!(began.elapsed() < SECOND);
    });
}
