//! Panics wherever a user's code runs, kills, and what a crash leaves behind.

use std::time::{Duration, Instant};

use guildhall_process::{
    Ctx, ExitReason, Handle, Init, PanicInfo, Process, Spawn, StartError, Timer, exit, exit_from,
    spawn, start,
};

use crate::kit::{Event, act, ask, death, probe, run, soon};

#[derive(Clone, Copy, PartialEq)]
enum Where {
    Make,
    Init,
    Handler,
    Terminate,
    Future,
    Then,
    Waited,
    Drop,
    DropWithFuture,
    Payload,
}

struct Bomb(Where);

struct Go;

struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("bang");
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        if matches!(self.0, Where::Drop | Where::DropWithFuture) {
            panic!("bang");
        }
    }
}

impl Process for Bomb {
    const KIND: &'static str = "bomb";

    fn init(&mut self, _ctx: &mut Ctx<Self>) -> Init {
        assert!(self.0 != Where::Init, "bang");
        Init::Ready
    }

    fn terminate(&mut self, _reason: &ExitReason, _ctx: &mut Ctx<Self>) {
        assert!(self.0 != Where::Terminate, "bang");
    }
}

impl Handle<Go> for Bomb {
    fn handle(&mut self, _msg: Go, ctx: &mut Ctx<Self>) {
        match self.0 {
            Where::Handler => panic!("bang"),
            Where::Payload => std::panic::panic_any(PanicsOnDrop),
            Where::Future => ctx.run(async { panic!("bang") }, |_, (), _| ()),
            Where::Waited => ctx.wait(async { panic!("bang") }, |_, (), _| ()),
            Where::Then => ctx.run(async {}, |_, (), _| panic!("bang")),
            Where::DropWithFuture => {
                // Everything that ends with the process panics in its turn.
                for _ in 0..3 {
                    let guard = PanicsOnDrop;
                    let never = async move {
                        let _guard = &guard;
                        std::future::pending::<()>().await;
                    };
                    ctx.run(never, |_, (), _| ());
                    ctx.me().tell(PanicsOnDrop).unwrap();
                }
                ctx.exit(ExitReason::Normal);
            }
            Where::Make | Where::Init | Where::Terminate | Where::Drop => {
                ctx.exit(ExitReason::Normal);
            }
        }
    }
}

impl Handle<PanicsOnDrop> for Bomb {
    fn handle(&mut self, msg: PanicsOnDrop, _ctx: &mut Ctx<Self>) {
        std::mem::forget(msg);
    }
}

async fn blow_up(place: Where) -> PanicInfo {
    let bomb = spawn(Spawn::new(), move || {
        assert!(place != Where::Make, "bang");
        Bomb(place)
    });
    let down = guildhall_process::watch(bomb.pid());
    // A bomb that is dead already need not be told.
    let _ = bomb.tell(Go);
    match soon(down).await {
        ExitReason::Panic(info) => (*info).clone(),
        other => panic!("ended as {other}"),
    }
}

#[test]
fn a_panic_anywhere_ends_one_process_as_panic_and_the_arbiter_lives_on() {
    run(async {
        let (witness, _events) = probe(false).await;
        for place in [
            Where::Make,
            Where::Init,
            Where::Handler,
            Where::Terminate,
            Where::Future,
            Where::Then,
            Where::Waited,
            Where::Drop,
            Where::DropWithFuture,
        ] {
            let info = blow_up(place).await;
            assert_eq!(info.message, "bang");
            let location = info.location.unwrap();
            assert!(location.contains("crashes.rs:"), "{location}");
        }
        ask(&witness, |_, _| ()).await;
    });
}

#[test]
fn a_panic_carries_the_type_of_the_message_that_broke_the_process() {
    run(async {
        let info = blow_up(Where::Handler).await;
        assert!(info.last_message.unwrap().ends_with("crashes::Go"));
        assert_eq!(blow_up(Where::Init).await.last_message, None);
    });
}

#[test]
fn a_panic_whose_payload_panics_is_caught_too() {
    run(async {
        let info = blow_up(Where::Payload).await;
        assert_eq!(info.message, "a panic without a text");
    });
}

/// The place that is told of a process whose handler runs `break_it`.
async fn broken_at(break_it: impl FnOnce() + Send + 'static) -> String {
    let (process, _events) = probe(false).await;
    process.tell(act(move |_, _| break_it())).unwrap();
    match death(process.pid()).await {
        ExitReason::Panic(info) => info.location.clone().unwrap_or_default(),
        other => panic!("{other}"),
    }
}

#[test]
fn the_place_of_a_panic_is_its_own_whatever_else_breaks_on_the_way() {
    run(async {
        let payload = line!() + 1;
        let at = broken_at(|| std::panic::panic_any(PanicsOnDrop)).await;
        assert!(at.contains(&format!(":{payload}:")), "{at}");

        struct Cancels(Timer);
        impl Drop for Cancels {
            fn drop(&mut self) {
                self.0.cancel();
            }
        }
        let (other, _events) = probe(false).await;
        let bad = PanicsOnDrop;
        let timer = other.send_after(Duration::from_secs(60), act(move |_, _| drop(bad)));
        let unwinding = line!() + 3;
        let at = broken_at(move || {
            let _guard = Cancels(timer);
            panic!("bang")
        });
        let at = at.await;
        assert!(at.contains(&format!(":{unwinding}:")), "{at}");
    });
}

#[test]
fn a_panicking_init_is_an_error_for_the_starter() {
    run(async {
        let started = soon(start(Spawn::new(), || Bomb(Where::Init))).await;
        match started {
            Err(StartError::Init(ExitReason::Panic(info))) => assert_eq!(info.message, "bang"),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn terminate_runs_after_an_own_exit_and_not_after_a_signal_or_a_panic() {
    run(async {
        let (process, mut events) = probe(false).await;
        process
            .tell(act(|_, ctx| ctx.exit(ExitReason::Shutdown)))
            .unwrap();
        death(process.pid()).await;
        let expected = Event::Terminated("probe", ExitReason::Shutdown);
        assert_eq!(events.so_far(), [expected]);

        let (process, mut events) = probe(false).await;
        exit(process.pid(), ExitReason::Shutdown);
        death(process.pid()).await;
        assert_eq!(events.so_far(), []);

        let (process, mut events) = probe(false).await;
        process.tell(act(|_, _| panic!("bang"))).unwrap();
        death(process.pid()).await;
        assert_eq!(events.so_far(), []);
    });
}

#[test]
fn of_several_exits_the_first_counts() {
    run(async {
        let (process, mut events) = probe(false).await;
        let me = process.pid();
        process
            .tell(act(move |_, ctx| {
                ctx.exit(ExitReason::shutdown_with("first"));
                ctx.exit(ExitReason::shutdown_with("second"));
                ctx.init_done(Err(ExitReason::shutdown_with("third")));
                exit(me, ExitReason::Kill);
            }))
            .unwrap();
        let first = ExitReason::shutdown_with("first");
        assert_eq!(death(me).await, first);
        assert_eq!(events.so_far(), [Event::Terminated("probe", first)]);
    });
}

#[test]
fn a_kill_interrupts_a_wait() {
    run(async {
        let (process, _events) = probe(true).await;
        ask(&process, |_, ctx| {
            ctx.wait(std::future::pending(), |_, (), _| ());
        })
        .await;
        let began = Instant::now();
        exit(process.pid(), ExitReason::Kill);
        assert_eq!(death(process.pid()).await, ExitReason::Killed);
        assert!(began.elapsed() < Duration::from_secs(5));
    });
}

#[test]
fn an_exit_signal_interrupts_a_wait_of_who_does_not_trap() {
    run(async {
        let (process, _events) = probe(false).await;
        ask(&process, |_, ctx| {
            ctx.wait(std::future::pending::<()>(), |_, (), _| ());
        })
        .await;
        exit(process.pid(), ExitReason::Shutdown);
        assert_eq!(death(process.pid()).await, ExitReason::Shutdown);
    });
}

#[test]
fn a_kill_overtakes_100_000_queued_messages() {
    run(async {
        let (process, mut events) = probe(false).await;
        for n in 0..100_000 {
            process
                .tell(act(move |probe, _| probe.say(Event::Said(n))))
                .unwrap();
        }
        exit(process.pid(), ExitReason::Kill);
        assert_eq!(death(process.pid()).await, ExitReason::Killed);
        assert_eq!(events.so_far(), []);
    });
}

#[test]
fn a_kill_from_a_message_stops_the_messages_behind_it_in_the_same_turn() {
    run(async {
        let (process, mut events) = probe(true).await;
        let me = process.pid();
        process
            .tell(act(move |_, _| exit(me, ExitReason::Kill)))
            .unwrap();
        process
            .tell(act(|probe, _| probe.say(Event::Said(1))))
            .unwrap();
        assert_eq!(death(me).await, ExitReason::Killed);
        assert_eq!(events.so_far(), []);
    });
}

#[test]
fn a_process_that_never_stops_working_starves_nobody_and_can_be_killed() {
    fn again(ctx: &mut Ctx<crate::kit::Probe>) {
        ctx.wait(async {}, |_, (), ctx| again(ctx));
    }
    fn beside(ctx: &mut Ctx<crate::kit::Probe>) {
        ctx.run(async {}, |_, (), ctx| beside(ctx));
    }
    fn to_itself(ctx: &mut Ctx<crate::kit::Probe>) {
        ctx.me().tell(act(|_, ctx| to_itself(ctx))).unwrap();
    }
    fn all_at_once(ctx: &mut Ctx<crate::kit::Probe>) {
        to_itself(ctx);
        beside(ctx);
    }
    run(async {
        for busy in [again, beside, to_itself, all_at_once] {
            let (process, _events) = probe(false).await;
            let (witness, _events) = probe(false).await;
            process.tell(act(move |_, ctx| busy(ctx))).unwrap();
            for _ in 0..100 {
                ask(&witness, |_, _| ()).await;
            }
            exit(process.pid(), ExitReason::Kill);
            assert_eq!(death(process.pid()).await, ExitReason::Killed);
        }
    });
}

#[test]
fn an_own_exit_does_not_cover_a_kill_that_came_before_it() {
    run(async {
        let (process, mut events) = probe(true).await;
        let suicide = act(|_, ctx| {
            exit_from(ctx.pid(), ctx.pid(), ExitReason::Kill);
            ctx.exit(ExitReason::Normal);
        });
        process.tell(suicide).unwrap();
        assert_eq!(death(process.pid()).await, ExitReason::Killed);
        assert_eq!(events.so_far(), []);
    });
}
