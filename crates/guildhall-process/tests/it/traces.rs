//! Tracing: every kind of event, bounds, ends, and that nobody is slowed who is not traced.

use std::time::Duration;

use guildhall_process::{
    Down, Exit, ExitReason, Pid, Pool, Registry, Spawn, Trace, TraceEvent, exit, spawn, trace,
};

use crate::kit::{DEADLINE, Probe, act, ask, boom, death, events, probe, run, soon};

/// What has been traced up to now, without what was handled.
fn so_far(trace: &mut Trace) -> Vec<TraceEvent> {
    let all = std::iter::from_fn(|| trace.try_next());
    let events = all.map(|traced| traced.event);
    let is_other = |event: &TraceEvent| !matches!(event, TraceEvent::Handled { .. });
    events.filter(is_other).collect()
}

#[test]
fn links_monitors_children_and_names_are_traced_without_help() {
    run(async {
        let (process, _events) = probe(true).await;
        let (other, _other) = probe(false).await;
        let (pid, peer) = (process.pid(), other.pid());
        let mut trace = trace(pid, 100).unwrap();
        let names = Registry::new("names");
        let own = names.clone();
        let child = ask(&process, move |_, ctx| {
            ctx.link(peer);
            ctx.unlink(peer);
            ctx.monitor(peer);
            own.register("ada", &ctx.me()).unwrap();
            let (tx, _events) = events();
            let child = Probe::new("child", &tx);
            ctx.spawn_link(Spawn::new(), move || child).pid()
        })
        .await;
        let expected = [
            TraceEvent::Linked(peer),
            TraceEvent::Unlinked(peer),
            TraceEvent::Monitors(peer),
            TraceEvent::Registered("names:\"ada\"".to_owned()),
            TraceEvent::Spawned(child),
            TraceEvent::Linked(child),
        ];
        assert_eq!(so_far(&mut trace), expected);
    });
}

#[test]
fn trapped_exits_and_downs_and_the_signal_that_kills_are_traced_and_the_death_is_the_last_event() {
    run(async {
        let (process, _events) = probe(true).await;
        let (other, _other) = probe(false).await;
        let (pid, peer) = (process.pid(), other.pid());
        let mut trace = trace(pid, 100).unwrap();
        let monitor = ask(&process, move |_, ctx| {
            ctx.link(peer);
            ctx.monitor(peer)
        })
        .await;
        exit(peer, boom());
        death(peer).await;
        ask(&process, |_, _| ()).await;
        exit(pid, ExitReason::Kill);
        let mut events = Vec::new();
        while let Some(traced) = soon(trace.next()).await {
            events.push(traced.event);
        }
        events.retain(|event| !matches!(event, TraceEvent::Handled { .. }));
        let from = |from: Pid, reason| Exit { from, reason };
        let down = Down {
            monitor,
            pid: peer,
            reason: boom(),
        };
        let expected = [
            TraceEvent::Linked(peer),
            TraceEvent::Monitors(peer),
            TraceEvent::Exit(from(peer, boom())),
            TraceEvent::Down(down),
            TraceEvent::ExitSignal(from(Pid::OUTSIDE, ExitReason::Kill)),
            TraceEvent::Died(ExitReason::Killed),
        ];
        assert_eq!(events, expected);
        assert!(guildhall_process::trace(pid, 100).is_none());
    });
}

#[test]
fn every_message_is_traced_with_its_type_and_how_long_it_ran_also_the_one_that_breaks() {
    run(async {
        let (process, _events) = probe(false).await;
        let mut trace = trace(process.pid(), 100).unwrap();
        let long = Duration::from_millis(20);
        process
            .tell(act(move |_, _| {
                let began = std::time::Instant::now();
                while began.elapsed() < long {
                    std::hint::spin_loop();
                }
            }))
            .unwrap();
        process
            .tell(act(|_, ctx| ctx.run(async {}, |_, (), _| ())))
            .unwrap();
        process.tell(act(|_, _| panic!("bang"))).unwrap();
        let mut handled = Vec::new();
        while let Some(traced) = soon(trace.next()).await {
            if let TraceEvent::Handled { message, ran } = traced.event {
                handled.push((message, ran));
            }
        }
        let do_it = handled.iter().filter(|(name, _)| name.ends_with("kit::Do"));
        assert_eq!(
            (handled.len() >= 3, do_it.count()),
            (true, 3),
            "{handled:?}"
        );
        assert!(handled[0].1 >= long && handled[1].1 < long, "{handled:?}");
    });
}

#[test]
fn a_stream_that_is_full_loses_events_and_counts_them_and_holds_up_nobody() {
    const MESSAGES: u64 = 1_000;
    run(async {
        let (process, _events) = probe(false).await;
        let mut small = trace(process.pid(), 10).unwrap();
        let mut large = trace(process.pid(), 10_000).unwrap();
        for _ in 0..MESSAGES {
            process.tell(act(|_, _| ())).unwrap();
        }
        ask(&process, |_, _| ()).await;
        exit(process.pid(), ExitReason::Kill);
        death(process.pid()).await;
        let count = |trace: &mut Trace| {
            let all: Vec<_> = std::iter::from_fn(|| trace.try_next()).collect();
            let died = TraceEvent::Died(ExitReason::Killed);
            assert_eq!(all.last().map(|last| &last.event), Some(&died));
            u64::try_from(all.len()).unwrap() - 1
        };
        // All messages, the question and the signal; the death has a place of its own.
        assert_eq!((count(&mut large), large.lost()), (MESSAGES + 2, 0));
        assert_eq!((count(&mut small), small.lost()), (10, MESSAGES + 2 - 10));
    });
}

#[test]
fn tracing_ends_with_the_stream_and_other_tracers_go_on() {
    run(async {
        let (process, _events) = probe(false).await;
        let first = trace(process.pid(), 10).unwrap();
        let mut second = trace(process.pid(), 10).unwrap();
        assert_eq!(second.pid(), process.pid());
        drop(first);
        ask(&process, |_, _| ()).await;
        ask(&process, |_, _| ()).await;
        assert!(second.try_next().is_some());
        drop(second);
        let mut third = trace(process.pid(), 10).unwrap();
        assert!(third.try_next().is_none());
        assert_eq!(third.lost(), 0);
    });
}

#[test]
fn a_pool_and_a_process_that_never_ran_are_traced_too() {
    run(async {
        let pool = Pool::new("pool", 1, 10);
        let mut trace = trace(pool.pid(), 10).unwrap();
        soon(pool.close()).await;
        let last = soon(trace.next()).await.unwrap().event;
        assert_eq!(last, TraceEvent::Died(ExitReason::Normal));
        let (tx, _events) = events();
        let seed = spawn(Spawn::new(), move || Probe::new("seed", &tx));
        let mut trace = guildhall_process::trace(seed.pid(), 10).unwrap();
        exit(seed.pid(), boom());
        let signal = TraceEvent::ExitSignal(Exit {
            from: Pid::OUTSIDE,
            reason: boom(),
        });
        assert_eq!(soon(trace.next()).await.unwrap().event, signal);
        let last = soon(trace.next()).await.unwrap().event;
        assert_eq!(last, TraceEvent::Died(boom()));
        assert!(soon(trace.next()).await.is_none());
    });
}

#[test]
fn who_traces_while_processes_die_hears_of_the_death_or_is_told_that_they_are_dead() {
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        for _ in 0..500 {
            let (tx, _events) = events();
            let place = guildhall_process::Placement::On(arbiter.handle());
            let victim = spawn(Spawn::new().on(place), move || Probe::new("victim", &tx)).pid();
            let killer = std::thread::spawn(move || exit(victim, ExitReason::Kill));
            if let Some(mut trace) = trace(victim, 10) {
                let mut last = None;
                while let Some(traced) = soon(trace.next()).await {
                    last = Some(traced.event);
                }
                assert_eq!(last, Some(TraceEvent::Died(ExitReason::Killed)));
            }
            killer.join().unwrap();
            tokio::time::timeout(DEADLINE, guildhall_process::watch(victim))
                .await
                .unwrap();
        }
        arbiter.stop();
    });
}
