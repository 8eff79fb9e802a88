//! Links and monitors: dead targets, doubles, removal, flush, atomic spawns, chains.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use guildhall_process::{
    Ctx, ExitReason, Init, Pid, Process, Spawn, exit, process_info, spawn, watch,
};

use crate::kit::{Event, Probe, act, ask, boom, death, events, probe, run, soon};

async fn dead() -> Pid {
    let (process, _events) = probe(false).await;
    exit(process.pid(), ExitReason::Kill);
    death(process.pid()).await;
    process.pid()
}

#[test]
fn two_monitors_give_two_downs() {
    run(async {
        let (target, _events) = probe(false).await;
        let pid = target.pid();
        let (process, mut events) = probe(false).await;
        let monitors = ask(&process, move |_, ctx| [ctx.monitor(pid), ctx.monitor(pid)]).await;
        target.tell(act(|_, ctx| ctx.exit(boom()))).unwrap();
        let mut seen = Vec::new();
        for _ in 0..2 {
            match events.next().await {
                Event::Down(down) if down.reason == boom() && down.pid == pid => {
                    seen.push(down.monitor);
                }
                other => panic!("{other:?}"),
            }
        }
        seen.sort();
        assert_eq!(seen, monitors);
    });
}

#[test]
fn either_side_removes_a_link() {
    run(async {
        let (a, _events) = probe(false).await;
        let (b, _events) = probe(false).await;
        let (a_pid, b_pid) = (a.pid(), b.pid());
        ask(&a, move |_, ctx| ctx.link(b_pid)).await;
        assert_eq!(process_info(b_pid).unwrap().links, [a_pid]);
        ask(&b, move |_, ctx| ctx.unlink(a_pid)).await;
        assert!(process_info(a_pid).unwrap().links.is_empty());
        exit(b_pid, ExitReason::Kill);
        death(b_pid).await;
        ask(&a, |_, _| ()).await;
    });
}

async fn exit_and_wait(pid: Pid) {
    exit(pid, ExitReason::Kill);
    death(pid).await;
}

#[test]
fn a_demonitor_takes_a_waiting_down_out_of_the_mailbox() {
    run(async {
        let (process, mut events) = probe(false).await;
        let (target, _events) = probe(false).await;
        let pid = target.pid();
        ask(&process, move |_, ctx| {
            let flushed = ctx.monitor(pid);
            ctx.monitor(pid);
            ctx.wait(
                async move { exit_and_wait(pid).await },
                move |_, (), ctx| {
                    ctx.demonitor(flushed);
                },
            );
        })
        .await;
        ask(&process, |_, _| ()).await;
        // Positive control: the second monitor's DOWN has come.
        assert_eq!(events.so_far().len(), 1);
    });
}

#[test]
fn exits_and_downs_come_behind_what_the_sender_sent_before() {
    run(async {
        let (process, mut events) = probe(true).await;
        let (sender, _events) = probe(false).await;
        let (pid, to) = (sender.pid(), process.clone());
        ask(&process, move |_, ctx| ctx.link(pid)).await;
        ask(&sender, move |_, ctx| {
            for n in 0..100 {
                to.tell(act(move |probe, _| probe.say(Event::Said(n))))
                    .unwrap();
            }
            ctx.exit(boom());
        })
        .await;
        for n in 0..100 {
            assert_eq!(events.next().await, Event::Said(n));
        }
        assert!(matches!(events.next().await, Event::Exit(_)));
    });
}

struct Doomed;

impl Process for Doomed {
    const KIND: &'static str = "doomed";

    fn init(&mut self, _ctx: &mut Ctx<Self>) -> Init {
        Init::Fail(ExitReason::error("now"))
    }
}

#[test]
fn a_spawn_that_is_linked_to_the_dead_never_runs() {
    run(async {
        let dead = dead().await;
        let made = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&made);
        let process = spawn(Spawn::new().link(dead), move || {
            count.fetch_add(1, Ordering::Relaxed);
            Doomed
        });
        let reason = death(process.pid()).await;
        assert_eq!(reason, ExitReason::NoProc);
        assert_eq!(made.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn links_hold_across_arbiters_while_both_sides_come_and_go() {
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let (tx, _events) = events();
        for round in 0..2_000 {
            let (a, b) = (Probe::new("a", &tx), Probe::new("b", &tx));
            let far = guildhall_process::Placement::On(arbiter.handle());
            let a = spawn(Spawn::new(), move || a);
            let b = spawn(Spawn::new().on(far).link(a.pid()), move || b);
            let (a_down, b_down) = (watch(a.pid()), watch(b.pid()));
            let first = if round % 2 == 0 { a.pid() } else { b.pid() };
            exit(first, boom());
            assert_eq!(soon(a_down).await, boom());
            assert_eq!(soon(b_down).await, boom());
        }
        arbiter.stop();
    });
}

#[test]
fn a_timer_of_a_dead_process_is_silent_and_a_cancelled_one_too() {
    run(async {
        let (process, mut events) = probe(false).await;
        ask(&process, |_, ctx| {
            let say = |n| act(move |probe: &mut Probe, _| probe.say(Event::Said(n)));
            let cancelled = ctx.send_after(Duration::ZERO, say(1));
            ctx.send_after(Duration::ZERO, say(2));
            ctx.cancel_timer(cancelled);
            ctx.send_after(Duration::from_secs(3600), say(3));
        })
        .await;
        assert_eq!(events.next().await, Event::Said(2));
        exit(process.pid(), ExitReason::Kill);
        death(process.pid()).await;
        assert_eq!(events.so_far(), []);
    });
}
