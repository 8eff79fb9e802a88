//! Placement, and what happens when an arbiter or the system goes away.

use std::time::Duration;

use guildhall_process::{ExitReason, Placement, Spawn, StartError, is_alive, spawn, start, watch};

use crate::kit::{Event, Probe, act, ask, death, events, probe, run, soon};

#[test]
fn an_arbiter_that_stops_kills_its_processes_and_their_links_hear_of_it() {
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let (tx, _events) = events();
        let (near, mut heard) = probe(true).await;
        let far = Probe::new("far", &tx);
        let place = Placement::On(arbiter.handle());
        let far = soon(start(Spawn::new().on(place).link(near.pid()), move || far))
            .await
            .unwrap();
        let down = watch(far.pid());
        let call = ask_forever(&far);
        arbiter.stop();
        arbiter.join().unwrap();
        assert_eq!(soon(down).await, ExitReason::Killed);
        match heard.next().await {
            Event::Exit(exit) => {
                assert_eq!((exit.from, exit.reason), (far.pid(), ExitReason::Killed));
            }
            other => panic!("{other:?}"),
        }
        let error = guildhall_process::CallError::Exit(ExitReason::Killed);
        assert_eq!(soon(call).await, Err(error));
    });
}

/// A call that is never answered.
fn ask_forever(
    process: &guildhall_process::ProcRef<Probe>,
) -> impl Future<Output = Result<(), guildhall_process::CallError>> + 'static {
    process.call(crate::kit::DEADLINE, |reply| {
        act(move |_, ctx| {
            ctx.run(std::future::pending::<()>(), move |_, (), _| reply.send(()));
        })
    })
}

#[test]
fn a_start_on_an_arbiter_that_is_gone_fails_and_does_not_hang() {
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let place = Placement::On(arbiter.handle());
        arbiter.stop();
        arbiter.join().unwrap();
        let (tx, _events) = events();
        let probe = Probe::new("far", &tx);
        let failed = soon(start(Spawn::new().on(place), move || probe)).await;
        assert_eq!(failed.unwrap_err(), StartError::Init(ExitReason::NoProc));
    });
}

#[test]
fn a_spawn_outside_any_arbiter_is_dead_at_once() {
    std::thread::spawn(|| {
        let (tx, _events) = events();
        let probe = Probe::new("nowhere", &tx);
        let process = spawn(Spawn::new(), move || probe);
        assert!(!is_alive(process.pid()));
    })
    .join()
    .unwrap();
}

#[test]
fn a_spawn_before_the_system_runs_waits_for_it() {
    let system = actix_rt::System::new();
    let (tx, _events) = events();
    let probe = Probe::new("early", &tx);
    let process = spawn(Spawn::new(), move || probe);
    system.block_on(async move { ask(&process, |_, _| ()).await });
}

#[test]
fn a_system_that_ends_leaves_no_process_alive() {
    let (process, down) = run(async {
        let (process, _events) = probe(true).await;
        (process.clone(), watch(process.pid()))
    });
    assert!(!process.is_alive());
    let down = run(async { soon(down).await });
    assert_eq!(down, ExitReason::Killed);
}

#[test]
fn processes_on_many_arbiters_answer_each_other() {
    run(async {
        let arbiters: Vec<_> = (0..3).map(|_| actix_rt::Arbiter::new()).collect();
        let (tx, _events) = events();
        for round in 0..300 {
            let place = Placement::On(arbiters[round % arbiters.len()].handle());
            let far = Probe::new("far", &tx);
            let far = soon(start(Spawn::new().on(place), move || far))
                .await
                .unwrap();
            assert_eq!(ask(&far, |_, ctx| ctx.pid()).await, far.pid());
            guildhall_process::exit(far.pid(), ExitReason::Shutdown);
            death(far.pid()).await;
        }
        for arbiter in arbiters {
            arbiter.stop();
        }
    });
}

#[test]
fn a_task_that_spends_all_that_the_arbiter_allows_holds_up_no_timer_and_no_task() {
    run(async {
        let (process, mut events) = probe(false).await;
        let begin = act(|_, ctx| {
            let greedy = async {
                loop {
                    tokio::task::consume_budget().await;
                }
            };
            ctx.run(greedy, |_, (), _| ());
            let modest = tokio::task::consume_budget();
            ctx.run(modest, |probe, (), _| probe.say(Event::Said(1)));
            let said = act(|probe, _| probe.say(Event::Said(1)));
            ctx.send_after(Duration::from_millis(1), said);
        });
        process.tell(begin).unwrap();
        for _ in 0..2 {
            assert_eq!(soon(events.next()).await, Event::Said(1));
        }
    });
}
