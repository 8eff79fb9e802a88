//! What a process does in its turns: messages, timers, results and waits do not starve each other.

use std::future::poll_fn;
use std::mem;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use guildhall_process::{CallError, Ctx, Port, ProcRef, ReplyTo};
use tokio::sync::oneshot;

use crate::kit::{DEADLINE, Do, Event, Events, Probe, act, ask, probe, run, soon};

/// More messages, or more results, than any of them may be held up by.
const FEW: u32 = 130;

type Count = Arc<AtomicU32>;

fn say(n: u64) -> Do {
    act(move |probe, _| probe.say(Event::Said(n)))
}

fn up(count: &Count) -> u32 {
    count.fetch_add(1, Ordering::Relaxed) + 1
}

/// What a probe says, as far as it says anything.
async fn said(events: &mut Events) -> u64 {
    match events.next().await {
        Event::Said(n) => n,
        other => panic!("{other:?}"),
    }
}

/// Sends itself the next message out of every message, for ever.
fn talk(count: Count, ctx: &mut Ctx<Probe>) {
    up(&count);
    let again = act(move |_, ctx| talk(count, ctx));
    ctx.me().tell(again).unwrap();
}

/// Starts the next task out of the result of every task, for ever.
fn toil(count: Count, ctx: &mut Ctx<Probe>) {
    up(&count);
    ctx.run(async {}, move |_, (), ctx| toil(count, ctx));
}

/// Says how much has been counted when the result of `ctx.run` comes.
fn say_count_after(work: impl Future + 'static, count: Count, ctx: &mut Ctx<Probe>) {
    ctx.run(work, move |probe, _, _| {
        probe.say(Event::Said(count.load(Ordering::Relaxed).into()));
    });
}

#[test]
fn a_process_that_talks_to_itself_hears_its_timers_and_its_results() {
    run(async {
        let (process, mut events) = probe(false).await;
        let count = Count::default();
        let start = act(move |_, ctx| {
            say_count_after(async {}, Arc::clone(&count), ctx);
            talk(count, ctx);
        });
        process.tell(start).unwrap();
        let held_up_by = said(&mut events).await;
        assert!(held_up_by < FEW.into(), "by {held_up_by} messages");
        ask(&process, |_, ctx| {
            ctx.send_after(Duration::from_millis(1), say(0))
        })
        .await;
        assert_eq!(said(&mut events).await, 0);
    });
}

/// Floods a process with messages that do `work`, of which the 500th makes a result ready that
/// the process waits for beside its mailbox: how many messages hold the result up.
async fn held_up_in_a_flood(work: fn(&mut Ctx<Probe>)) -> u32 {
    const READY_AT: u32 = 500;
    let (process, mut events) = probe(false).await;
    let count = Count::default();
    let (ready, result) = oneshot::channel();
    let mut ready = Some(ready);
    let counted = Arc::clone(&count);
    let begin = act(move |_, ctx| say_count_after(result, counted, ctx));
    process.tell(begin).unwrap();
    for n in 1..=20_000 {
        let count = Arc::clone(&count);
        let ready = ready.take_if(|_| n == READY_AT);
        let message = act(move |_, ctx| {
            up(&count);
            ready.map(|ready| ready.send(()));
            work(ctx);
        });
        process.tell(message).unwrap();
    }
    u32::try_from(said(&mut events).await).unwrap() - READY_AT
}

#[test]
fn a_flooded_process_gets_its_results() {
    run(async {
        let held_up_by = held_up_in_a_flood(|_| ()).await;
        assert!(held_up_by < FEW, "by {held_up_by} messages");
    });
}

#[test]
fn a_flooded_process_that_waits_in_every_message_gets_its_results() {
    run(async {
        for wait in [
            |ctx: &mut Ctx<Probe>| ctx.wait(async {}, |_, (), _| ()),
            |ctx: &mut Ctx<Probe>| ctx.wait(tokio::task::yield_now(), |_, (), _| ()),
        ] {
            let held_up_by = held_up_in_a_flood(wait).await;
            assert!(held_up_by < FEW, "by {held_up_by} messages");
        }
    });
}

#[test]
fn a_process_whose_tasks_are_always_ready_handles_its_mailbox() {
    run(async {
        let (process, _events) = probe(false).await;
        let count = Count::default();
        for _ in 0..FEW {
            let count = Arc::clone(&count);
            process.tell(act(move |_, ctx| toil(count, ctx))).unwrap();
        }
        ask(&process, |_, _| ()).await;
        for _ in 0..100 {
            let before = count.load(Ordering::Relaxed);
            let counted = Arc::clone(&count);
            let handled = ask(&process, move |_, _| counted.load(Ordering::Relaxed)).await;
            assert!(handled - before < FEW, "by {} results", handled - before);
        }
    });
}

#[test]
fn a_task_behind_many_that_are_always_ready_has_its_turn() {
    run(async {
        let (process, mut events) = probe(false).await;
        let count = Count::default();
        let start = act(move |_, ctx| {
            for _ in 0..FEW {
                toil(Arc::clone(&count), ctx);
            }
            ctx.run(async {}, |probe, (), _| probe.say(Event::Said(1)));
            for _ in 0..FEW {
                toil(Arc::clone(&count), ctx);
            }
        });
        process.tell(start).unwrap();
        assert_eq!(said(&mut events).await, 1);
    });
}

#[test]
fn a_process_that_waits_is_left_alone_until_the_wait_ends() {
    run(async {
        let (process, mut events) = probe(false).await;
        let polls = Count::default();
        ask(&process, |_, ctx| {
            ctx.run(std::future::pending::<()>(), |_, (), _| ());
        })
        .await;
        // Every message waits, so the tasks are owed a turn when the last wait begins.
        let mut gates = Vec::new();
        for _ in 0..FEW {
            let (open, mut gate) = oneshot::channel::<()>();
            let polls = Arc::clone(&polls);
            gates.push(open);
            let message = act(move |_, ctx| {
                let wait = poll_fn(move |cx| {
                    up(&polls);
                    std::pin::Pin::new(&mut gate).poll(cx)
                });
                ctx.wait(wait, |probe: &mut Probe, _, _| probe.say(Event::Said(0)));
            });
            process.tell(message).unwrap();
        }
        for open in gates {
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            open.send(()).unwrap();
            said(&mut events).await;
        }
        let polls = polls.load(Ordering::Relaxed);
        assert!(polls <= 3 * FEW, "{polls} polls for {FEW} waits");
    });
}

#[test]
fn results_that_are_ready_together_come_in_the_order_of_their_start() {
    run(async {
        let (process, mut events) = probe(false).await;
        let (mut ready, mut works) = (Vec::new(), Vec::new());
        for _ in 0..3 * FEW {
            let (tx, rx) = oneshot::channel();
            ready.push(tx);
            works.push(rx);
        }
        ask(&process, |_, ctx| {
            for (n, work) in (0..).zip(works) {
                ctx.run(work, move |probe, _: Result<(), _>, _| {
                    probe.say(Event::Said(n))
                });
            }
        })
        .await;
        // Every third stays behind, and the others become ready from the last to the first.
        let (late, soon): (Vec<_>, Vec<_>) =
            (0..).zip(ready).partition(|(n, _): &(u64, _)| n % 3 == 0);
        for batch in [soon, late] {
            let expected: Vec<_> = batch.iter().map(|(n, _)| *n).collect();
            for (_, ready) in batch.into_iter().rev() {
                ready.send(()).unwrap();
            }
            let mut seen = Vec::new();
            while seen.len() < expected.len() {
                seen.push(said(&mut events).await);
            }
            assert_eq!(seen, expected);
        }
    });
}

#[test]
fn timers_of_equal_due_time_come_in_the_order_of_their_start() {
    run(async {
        let (process, mut events) = probe(false).await;
        ask(&process, |_, ctx| {
            for n in 0..u64::from(FEW) {
                ctx.send_after(Duration::from_millis(5), say(n));
            }
        })
        .await;
        for n in 0..u64::from(FEW) {
            assert_eq!(said(&mut events).await, n);
        }
    });
}

#[test]
fn a_timer_that_is_cancelled_by_one_due_in_the_same_turn_is_silent() {
    run(async {
        let (process, mut events) = probe(false).await;
        ask(&process, |_, ctx| {
            let victim = Arc::new(Mutex::new(None));
            let found = Arc::clone(&victim);
            let cancel = move |_: &mut Probe, ctx: &mut Ctx<Probe>| {
                ctx.cancel_timer(found.lock().unwrap().take().unwrap());
            };
            ctx.send_after(Duration::ZERO, act(cancel));
            *victim.lock().unwrap() = Some(ctx.send_after(Duration::ZERO, say(1)));
            ctx.send_after(Duration::from_millis(5), say(2));
        })
        .await;
        assert_eq!(said(&mut events).await, 2);
        assert_eq!(events.so_far(), []);
    });
}

/// A request that lies in a timer of an hour, which `cancel` takes back.
async fn cancelled(cancel: fn(guildhall_process::TimerRef, &mut Ctx<Probe>)) {
    let (process, _events): (ProcRef<Probe>, _) = probe(false).await;
    let answer = process.call(DEADLINE, |reply: ReplyTo<()>| {
        act(move |_, ctx| {
            let hour = Duration::from_secs(3600);
            let timer = ctx.send_after(hour, act(move |_, _| reply.send(())));
            cancel(timer, ctx);
        })
    });
    assert_eq!(answer.await, Err(CallError::NoReply));
    assert!(process.is_alive());
}

#[test]
fn a_cancelled_timer_lets_go_of_its_message_at_once() {
    run(async {
        cancelled(|timer, ctx| {
            ctx.cancel_timer(timer);
        })
        .await;
        cancelled(|timer, ctx| {
            ctx.run(async {}, move |_, (), ctx| {
                ctx.cancel_timer(timer);
            })
        })
        .await;
        cancelled(|timer, ctx| {
            ctx.run(async {}, move |_, (), ctx| {
                ctx.cancel_timer(timer);
                ctx.wait(std::future::pending::<()>(), |_, (), _| ());
            });
        })
        .await;
    });
}

#[test]
fn a_timer_that_is_cancelled_after_its_message_harms_no_other() {
    run(async {
        let (process, mut events) = probe(false).await;
        let first = ask(&process, |_, ctx| ctx.send_after(Duration::ZERO, say(1))).await;
        assert_eq!(said(&mut events).await, 1);
        ask(&process, move |_, ctx| {
            ctx.cancel_timer(first);
            ctx.send_after(Duration::ZERO, say(2));
            ctx.cancel_timer(first);
        })
        .await;
        assert_eq!(said(&mut events).await, 2);
    });
}

#[test]
fn a_task_started_by_a_task_is_polled_without_another_event() {
    run(async {
        let (process, mut events) = probe(false).await;
        let (tx, rx) = oneshot::channel::<()>();
        ask(&process, move |_, ctx| {
            ctx.run(async {}, move |_, (), ctx| {
                ctx.run(rx, |probe, _, _| probe.say(Event::Said(1)));
            });
        })
        .await;
        tokio::task::yield_now().await;
        tx.send(()).unwrap();
        assert_eq!(soon(said(&mut events)).await, 1);
    });
}

#[test]
fn news_of_removed_monitors_cost_a_turn_what_messages_cost() {
    const DOWNS: u32 = 32_000;
    run(async {
        let (process, _events) = probe(false).await;
        let downs = act(|_, ctx| {
            let open = |_| Port::open("socket", None, |_reason| ());
            let ports: Vec<Port> = (0..DOWNS).map(open).collect();
            let monitors: Vec<_> = ports.iter().map(|port| ctx.monitor(port.pid())).collect();
            drop(ports);
            for monitor in monitors {
                ctx.demonitor(monitor);
            }
        });
        process.tell(downs).unwrap();
        let turns = Count::default();
        let counted = Arc::clone(&turns);
        let other = actix_rt::spawn(poll_fn(move |cx| {
            up(&counted);
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        }));
        // The second request lies behind all of them.
        ask(&process, |_, _| ()).await;
        let before = turns.load(Ordering::Relaxed);
        ask(&process, |_, _| ()).await;
        let turns = turns.load(Ordering::Relaxed) - before;
        other.abort();
        assert!(turns >= DOWNS / 64, "{turns} turns of another");
    });
}

#[test]
fn a_message_polls_no_task_that_has_not_been_woken() {
    const TASKS: usize = 1_000;
    run(async {
        let (process, _events) = probe(false).await;
        let polls = Arc::new(AtomicUsize::new(0));
        let wakers = Arc::new(Mutex::new(Vec::new()));
        for _ in 0..TASKS {
            let (polls, wakers) = (Arc::clone(&polls), Arc::clone(&wakers));
            let pending = poll_fn(move |cx| {
                polls.fetch_add(1, Ordering::Relaxed);
                wakers.lock().unwrap().push(cx.waker().clone());
                Poll::<()>::Pending
            });
            ask(&process, move |_, ctx| ctx.run(pending, |_, (), _| ())).await;
        }
        ask(&process, |_, _| ()).await;
        assert_eq!(polls.load(Ordering::Relaxed), TASKS);
        for _ in 0..100 {
            ask(&process, |_, _| ()).await;
        }
        assert_eq!(polls.load(Ordering::Relaxed), TASKS);
        // Who is woken is polled once, however often it was woken, and nobody else.
        let (some, wakers) = (7, mem::take(&mut *wakers.lock().unwrap()));
        for waker in wakers.iter().take(some) {
            waker.wake_by_ref();
            waker.wake_by_ref();
        }
        ask(&process, |_, _| ()).await;
        ask(&process, |_, _| ()).await;
        assert_eq!(polls.load(Ordering::Relaxed), TASKS + some);
    });
}
