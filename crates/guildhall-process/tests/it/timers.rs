//! Timers on virtual time: order, cancelling, periods without drift, timers for others, many.

use std::sync::Arc;
use std::time::{Duration, Instant as WallInstant};

use guildhall_process::{
    Ctx, ExitReason, Handle, ProcRef, Process, Spawn, exit, process_info, spawn, watch,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout};

use crate::kit::{run_virtual, run_with};

const HOUR: Duration = Duration::from_secs(3600);

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Says which message has come, and after how many milliseconds of its life.
struct Clock {
    began: Instant,
    heard: UnboundedSender<(u64, u64)>,
}

#[derive(Clone)]
struct Ring(u64);

struct Do(Box<Deed>);

type Deed = dyn FnOnce(&mut Clock, &mut Ctx<Clock>) + Send;

struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("bang");
    }
}

impl Process for Clock {
    const KIND: &'static str = "clock";
}

impl Clock {
    fn say(&self, n: u64) {
        let after = u64::try_from(self.began.elapsed().as_millis()).unwrap();
        // A test that has ended does not listen any more.
        let _ = self.heard.send((n, after));
    }
}

impl Handle<Ring> for Clock {
    fn handle(&mut self, Ring(n): Ring, _ctx: &mut Ctx<Self>) {
        self.say(n);
    }
}

impl Handle<Do> for Clock {
    fn handle(&mut self, Do(f): Do, ctx: &mut Ctx<Self>) {
        f(self, ctx);
    }
}

impl Handle<PanicsOnDrop> for Clock {
    fn handle(&mut self, msg: PanicsOnDrop, _ctx: &mut Ctx<Self>) {
        std::mem::forget(msg);
    }
}

impl Handle<Arc<()>> for Clock {
    fn handle(&mut self, _msg: Arc<()>, _ctx: &mut Ctx<Self>) {}
}

fn act(f: impl FnOnce(&mut Clock, &mut Ctx<Clock>) + Send + 'static) -> Do {
    Do(Box::new(f))
}

fn clock() -> (ProcRef<Clock>, UnboundedReceiver<(u64, u64)>) {
    let (heard, rx) = unbounded_channel();
    let began = Instant::now();
    (spawn(Spawn::new(), move || Clock { began, heard }), rx)
}

async fn ask<T: Send + 'static>(
    clock: &ProcRef<Clock>,
    f: impl FnOnce(&mut Clock, &mut Ctx<Clock>) -> T + Send + 'static,
) -> T {
    let answer = clock.call(HOUR * 24, |reply| {
        act(move |clock, ctx| reply.send(f(clock, ctx)))
    });
    answer.await.unwrap()
}

fn pending(clock: &ProcRef<Clock>) -> usize {
    process_info(clock.pid()).unwrap().timers
}

#[test]
fn timers_come_in_the_order_of_their_due_times_and_then_of_their_setting() {
    run_virtual(async {
        let (clock, mut heard) = clock();
        ask(&clock, |_, ctx| {
            for (n, after) in [(1, 30), (2, 10), (3, 20), (4, 10), (5, 0)] {
                ctx.send_after(ms(after), Ring(n));
            }
        })
        .await;
        for expected in [(5, 0), (2, 10), (4, 10), (3, 20), (1, 30)] {
            let (n, at) = heard.recv().await.unwrap();
            assert_eq!(n, expected.0);
            assert!(
                (expected.1..=expected.1 + 1).contains(&at),
                "{n} came at {at}"
            );
        }
        assert_eq!(pending(&clock), 0);
    });
}

#[test]
fn cancel_and_read_answer_the_time_that_is_left_and_nothing_after_the_end() {
    run_with(async |kit| {
        let (clock, mut heard) = clock();
        let (long, short) = ask(&clock, |_, ctx| {
            let timers = (
                ctx.send_after(HOUR, Ring(1)),
                ctx.send_after(ms(1), Ring(2)),
            );
            assert_eq!(ctx.read_timer(timers.0), Some(HOUR));
            timers
        })
        .await;
        assert_eq!(pending(&clock), 2);
        kit.advance(ms(100)).await;
        assert_eq!(heard.try_recv().unwrap().0, 2);
        assert_eq!(pending(&clock), 1);
        ask(&clock, move |_, ctx| {
            assert_eq!(
                (ctx.read_timer(short), ctx.cancel_timer(short)),
                (None, None)
            );
            let left = ctx.read_timer(long).unwrap();
            assert!(left > HOUR - ms(110) && left <= HOUR - ms(100), "{left:?}");
            assert_eq!(ctx.cancel_timer(long), Some(left));
            assert_eq!((ctx.read_timer(long), ctx.cancel_timer(long)), (None, None));
        })
        .await;
        assert_eq!(pending(&clock), 0);
        kit.advance(HOUR * 2).await;
        assert!(heard.try_recv().is_err());
    });
}

#[test]
fn a_timer_of_another_process_is_none_of_mine() {
    run_virtual(async {
        let ((one, _one), (other, mut heard)) = (clock(), clock());
        let theirs = ask(&other, |_, ctx| ctx.send_after(ms(5), Ring(1))).await;
        let mine = ask(&one, move |_, ctx| {
            ctx.send_after(ms(5), Ring(1));
            ctx.cancel_timer(theirs)
        });
        assert_eq!(mine.await, None);
        assert_eq!(heard.recv().await.unwrap().0, 1);
    });
}

#[test]
fn an_earlier_timer_that_a_result_sets_is_not_slept_through() {
    run_virtual(async {
        let (clock, mut heard) = clock();
        ask(&clock, |_, ctx| {
            ctx.send_after(HOUR, Ring(1));
            let work = timeout(ms(50), std::future::pending::<()>());
            ctx.run(work, |_, _elapsed, ctx| {
                ctx.send_after(ms(10), Ring(2));
            });
        })
        .await;
        let (n, at) = heard.recv().await.unwrap();
        assert!(n == 2 && (60..=65).contains(&at), "{n} came at {at}");
        assert_eq!(heard.recv().await.unwrap().0, 1);
    });
}

#[test]
fn a_period_keeps_its_beat_and_leaves_out_what_a_busy_process_has_missed() {
    run_with(async |kit| {
        let (clock, mut heard) = clock();
        let timer = ask(&clock, |_, ctx| {
            let timer = ctx.send_interval(ms(10), Ring(1));
            // The mailbox and the timers wait from 15 to 45.
            ctx.send_after(
                ms(15),
                act(|_, ctx| ctx.wait(timeout(ms(30), std::future::pending::<()>()), |_, _, _| ())),
            );
            timer
        })
        .await;
        let mut times = Vec::new();
        for _ in 0..5 {
            times.push(heard.recv().await.unwrap().1);
        }
        for (time, expected) in times.iter().zip([10, 45, 50, 60, 70]) {
            assert!((expected..=expected + 3).contains(time), "{times:?}");
        }
        assert_eq!(pending(&clock), 1);
        assert!(
            ask(&clock, move |_, ctx| ctx.cancel_timer(timer))
                .await
                .is_some()
        );
        kit.advance(HOUR).await;
        assert!(heard.try_recv().is_err() && pending(&clock) == 0);
    });
}

#[test]
fn a_period_of_a_thousand_beats_does_not_drift() {
    run_virtual(async {
        let (clock, mut heard) = clock();
        ask(&clock, |_, ctx| ctx.send_interval(ms(7), Ring(1))).await;
        let mut last = 0;
        for _ in 0..1_000 {
            last = heard.recv().await.unwrap().1;
        }
        assert!((7_000..=7_003).contains(&last), "{last}");
    });
}

#[derive(Clone)]
struct Thrice(Arc<std::sync::Mutex<(u64, Option<guildhall_process::TimerRef>)>>);

impl Handle<Thrice> for Clock {
    fn handle(&mut self, Thrice(state): Thrice, ctx: &mut Ctx<Self>) {
        let mut state = state.lock().unwrap();
        state.0 += 1;
        self.say(state.0);
        if state.0 == 3 {
            assert!(ctx.cancel_timer(state.1.take().unwrap()).is_some());
        }
    }
}

#[test]
fn a_period_can_be_cancelled_by_its_own_message() {
    run_with(async |kit| {
        let (clock, mut heard) = clock();
        ask(&clock, |_, ctx| {
            let state = Thrice(Arc::default());
            let timer = ctx.send_interval(ms(10), state.clone());
            state.0.lock().unwrap().1 = Some(timer);
        })
        .await;
        kit.advance(HOUR).await;
        let mut beats = 0;
        while heard.try_recv().is_ok() {
            beats += 1;
        }
        assert_eq!((beats, pending(&clock)), (3, 0));
    });
}

#[test]
fn timers_end_with_the_process_and_let_go_of_their_messages() {
    run_virtual(async {
        let (clock, _heard) = clock();
        let msg = Arc::new(());
        let held = Arc::clone(&msg);
        let after = clock.send_after(HOUR, Arc::clone(&msg));
        ask(&clock, move |_, ctx| {
            ctx.send_after(HOUR, Arc::clone(&held));
            ctx.send_interval(HOUR, held);
        })
        .await;
        assert_eq!((Arc::strong_count(&msg), pending(&clock)), (4, 3));
        let down = watch(clock.pid());
        exit(clock.pid(), ExitReason::Kill);
        down.await;
        assert_eq!(Arc::strong_count(&msg), 1);
        assert_eq!((after.time_left(), after.cancel()), (None, None));
    });
}

#[test]
fn messages_of_timers_that_panic_when_they_are_dropped_do_not_change_how_a_process_ends() {
    run_virtual(async {
        let (clock, _heard) = clock();
        ask(&clock, |_, ctx| {
            for _ in 0..3 {
                ctx.send_after(HOUR, PanicsOnDrop);
            }
            let victim = ctx.send_after(HOUR, PanicsOnDrop);
            assert!(ctx.cancel_timer(victim).is_some());
        })
        .await;
        assert!(clock.send_after(HOUR, PanicsOnDrop).cancel().is_some());
        let _timer = clock.send_after(HOUR, PanicsOnDrop);
        let down = watch(clock.pid());
        clock
            .tell(act(|_, ctx| ctx.exit(ExitReason::Normal)))
            .unwrap();
        assert_eq!(down.await, ExitReason::Normal);
    });
}

#[test]
fn a_timer_for_another_process_outlives_who_has_set_it_and_can_be_cancelled_from_anywhere() {
    run_with(async |kit| {
        let (target, mut heard) = clock();
        let (setter, _setter) = clock();
        let to = target.clone();
        let (kept, cancelled) = ask(&setter, move |_, _| {
            (to.send_after(ms(50), Ring(1)), to.send_after(HOUR, Ring(2)))
        })
        .await;
        let down = watch(setter.pid());
        exit(setter.pid(), ExitReason::Kill);
        down.await;
        ask(&target, |_, _| ()).await;
        assert_eq!(pending(&target), 2);
        let elsewhere = cancelled.clone();
        let left = std::thread::spawn(move || elsewhere.time_left())
            .join()
            .unwrap();
        assert!(left.is_some());
        assert!(cancelled.cancel().is_some());
        assert_eq!((cancelled.cancel(), cancelled.time_left()), (None, None));
        ask(&target, |_, _| ()).await;
        assert_eq!(pending(&target), 1);
        let (n, at) = heard.recv().await.unwrap();
        assert!(n == 1 && (50..=52).contains(&at), "{n} came at {at}");
        assert_eq!((kept.cancel(), kept.time_left()), (None, None));
        kit.advance(HOUR * 2).await;
        assert!(heard.try_recv().is_err());
    });
}

#[test]
fn a_timer_for_the_dead_is_none() {
    run_virtual(async {
        let (target, _heard) = clock();
        let down = watch(target.pid());
        exit(target.pid(), ExitReason::Kill);
        down.await;
        let msg = Arc::new(());
        let timer = target.send_after(HOUR, Arc::clone(&msg));
        assert_eq!((timer.time_left(), Arc::strong_count(&msg)), (None, 1));
    });
}

/// The time of some turns, each with a look at the timers, by the clock on the wall.
async fn turns(clock: &ProcRef<Clock>) -> Duration {
    let began = WallInstant::now();
    for _ in 0..2_000 {
        ask(clock, |_, _| ()).await;
    }
    began.elapsed()
}

#[test]
fn a_million_timers_slow_no_turn_down_and_all_ring_in_order() {
    const TIMERS: u64 = 1_000_000;
    run_virtual(async {
        let (clock, mut heard) = clock();
        ask(&clock, |_, ctx| ctx.send_after(HOUR * 2, Ring(0))).await;
        let few = turns(&clock).await;
        ask(&clock, |_, ctx| {
            for n in 0..TIMERS {
                // Set in a mixed order: the factor has no divisor in common with the number.
                let n = n * 7_919 % TIMERS;
                ctx.send_after(HOUR + Duration::from_micros(n * 100), Ring(n));
            }
        })
        .await;
        let many = turns(&clock).await;
        // A turn that looks at every timer would be a thousand times slower.
        assert!(many < few * 20 + ms(200), "{many:?} instead of {few:?}");
        for n in 0..TIMERS {
            assert_eq!(heard.recv().await.unwrap().0, n);
        }
        assert_eq!(pending(&clock), 1);
    });
}
