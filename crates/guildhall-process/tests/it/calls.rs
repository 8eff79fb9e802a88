//! Mailbox bound, calls and their errors, asynchronous init.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use futures_util::FutureExt;
use guildhall_process::{
    CallError, Ctx, ExitReason, Handle, Init, Placement, ProcRef, Process, ReplyTo, SendError,
    Spawn, StartError, exit, process_info, spawn, start,
};

use crate::kit::{DEADLINE, Probe, act, ask, boom, death, events, probe, run, soon};

/// Holds the requests it gets.
#[derive(Default)]
struct Hoarder(Vec<ReplyTo<u32>>);

enum Request {
    Keep(ReplyTo<u32>),
    Lose(ReplyTo<u32>),
    Answer(ReplyTo<u32>),
    /// Drops all that is kept.
    Forget(ReplyTo<u32>),
    Break(ReplyTo<u32>),
    Waiting(ReplyTo<usize>),
}

impl Process for Hoarder {
    const KIND: &'static str = "hoarder";
    const MAILBOX_MAX: usize = 4;
}

impl Handle<Request> for Hoarder {
    fn handle(&mut self, msg: Request, ctx: &mut Ctx<Self>) {
        match msg {
            Request::Keep(reply) => self.0.push(reply),
            Request::Lose(reply) => drop(reply),
            Request::Answer(reply) => reply.send(42),
            Request::Forget(reply) => {
                self.0.clear();
                reply.send(0);
            }
            Request::Break(reply) => {
                self.0.push(reply);
                ctx.exit(boom());
            }
            Request::Waiting(reply) => {
                reply.send(self.0.iter().filter(|r| r.is_waiting()).count());
            }
        }
    }
}

fn hoarder() -> ProcRef<Hoarder> {
    spawn(Spawn::new(), Hoarder::default)
}

#[test]
fn a_full_mailbox_hands_the_message_back() {
    run(async {
        let process = hoarder();
        let tell = |n: u32| {
            process
                .tell(Request::Answer(ReplyTo::detached()))
                .map_err(|e| (n, e))
        };
        // Nothing is handled before this test yields.
        for n in 0..4 {
            assert!(tell(n).is_ok());
        }
        assert!(matches!(
            tell(4),
            Err((4, SendError::Full(Request::Answer(_))))
        ));
        let refused = process.call(DEADLINE, Request::Answer).await;
        assert_eq!(refused, Err(CallError::Full));
        assert_eq!(process_info(process.pid()).unwrap().mailbox_len, 4);
        while process_info(process.pid()).unwrap().mailbox_len > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(process.call(DEADLINE, Request::Answer).await, Ok(42));
    });
}

#[test]
fn a_message_to_the_dead_comes_back() {
    run(async {
        let process = hoarder();
        exit(process.pid(), ExitReason::Kill);
        death(process.pid()).await;
        assert!(!process.is_alive());
        let answer = process.tell(Request::Answer(ReplyTo::detached()));
        assert!(matches!(answer, Err(SendError::Dead(Request::Answer(_)))));
    });
}

#[test]
fn a_call_fails_with_noproc_the_exit_reason_no_reply_or_the_timeout() {
    run(async {
        let process = hoarder();
        assert_eq!(process.call(DEADLINE, Request::Answer).await, Ok(42));
        assert_eq!(
            process.call(DEADLINE, Request::Lose).await,
            Err(CallError::NoReply)
        );
        let short = Duration::from_millis(1);
        assert_eq!(
            process.call(short, Request::Keep).await,
            Err(CallError::Timeout)
        );
        assert_eq!(process.call(DEADLINE, Request::Waiting).await, Ok(0));
        let kept = tokio::spawn(process.call(DEADLINE, Request::Keep));
        while process.call(DEADLINE, Request::Waiting).await == Ok(0) {}
        let error = Err(CallError::Exit(boom()));
        assert_eq!(process.call(DEADLINE, Request::Break).await, error);
        assert_eq!(kept.await.unwrap(), error);
        assert_eq!(
            process.call(DEADLINE, Request::Answer).await,
            Err(CallError::NoProc)
        );
    });
}

#[test]
fn a_request_that_is_dropped_late_fails_at_once_and_the_process_lives() {
    run(async {
        let process = hoarder();
        let kept = tokio::spawn(process.call(DEADLINE, Request::Keep));
        while process.call(DEADLINE, Request::Waiting).await == Ok(0) {}
        assert_eq!(process.call(DEADLINE, Request::Forget).await, Ok(0));
        assert_eq!(kept.await.unwrap(), Err(CallError::NoReply));
        assert!(process.is_alive());
    });
}

#[test]
fn a_call_whose_message_is_still_in_the_mailbox_fails_with_the_exit_reason() {
    run(async {
        let (process, _events) = probe(false).await;
        ask(&process, |_, ctx| {
            ctx.wait(std::future::pending::<()>(), |_, (), _| ())
        })
        .await;
        let call = process.call(DEADLINE, |reply: ReplyTo<()>| {
            act(move |_, _| reply.send(()))
        });
        exit(process.pid(), boom());
        assert_eq!(call.await, Err(CallError::Exit(boom())));
    });
}

#[test]
fn a_reply_held_elsewhere_does_not_keep_a_call_waiting_for_the_dead() {
    run(async {
        let (process, _events) = probe(false).await;
        let (tx, rx) = std::sync::mpsc::channel();
        let call = process.call(DEADLINE, |reply: ReplyTo<()>| {
            act(move |_, ctx| {
                tx.send(reply).unwrap();
                ctx.exit(boom());
            })
        });
        assert_eq!(call.await, Err(CallError::Exit(boom())));
        drop(rx);
    });
}

#[test]
fn a_call_that_breaks_a_process_on_another_thread_fails_with_its_panic() {
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        let (tx, _events) = events();
        for round in 0..2_000 {
            let probe = Probe::new("far", &tx);
            let place = Placement::On(arbiter.handle());
            let far = spawn(Spawn::new().on(place), move || probe);
            let call = far.call(DEADLINE, |reply: ReplyTo<()>| {
                act(move |_, _| {
                    let _lost = reply;
                    std::panic::resume_unwind(Box::new("bang"));
                })
            });
            match call.await {
                Err(CallError::Exit(ExitReason::Panic(info))) => assert_eq!(info.message, "bang"),
                other => panic!("round {round}: {other:?}"),
            }
        }
        arbiter.stop();
    });
}

#[test]
fn a_request_that_a_process_on_another_thread_holds_at_its_end_fails_with_its_reason() {
    run(async {
        let arbiter = actix_rt::Arbiter::new();
        for round in 0..2_000 {
            let place = Placement::On(arbiter.handle());
            let far = spawn(Spawn::new().on(place), Hoarder::default);
            let held = far.call(DEADLINE, Request::Keep);
            far.tell(Request::Break(ReplyTo::detached())).unwrap();
            assert_eq!(held.await, Err(CallError::Exit(boom())), "round {round}");
        }
        arbiter.stop();
    });
}

#[test]
fn a_dropped_call_does_not_take_the_message_back() {
    run(async {
        let process = hoarder();
        drop(process.call(DEADLINE, Request::Keep));
        assert_eq!(process.call(DEADLINE, Request::Waiting).await, Ok(0));
        assert_eq!(process_info(process.pid()).unwrap().handled, 2);
    });
}

#[test]
fn a_call_works_from_a_foreign_runtime() {
    run(async {
        let process = hoarder();
        let (tx, rx) = tokio::sync::oneshot::channel();
        let far = process.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap();
            tx.send(runtime.block_on(far.call(DEADLINE, Request::Answer)))
                .unwrap();
        });
        assert_eq!(soon(rx).await.unwrap(), Ok(42));
        thread.join().unwrap();
    });
}

#[test]
fn a_recipient_sends_without_the_type_of_the_process() {
    run(async {
        let process = hoarder();
        let recipient = process.recipient::<Request>();
        assert_eq!(recipient.pid(), process.pid());
        assert!(recipient.tell(Request::Answer(ReplyTo::detached())).is_ok());
    });
}

/// Becomes ready, or not, after asynchronous work.
struct Slow(Result<(), ExitReason>);

impl Process for Slow {
    const KIND: &'static str = "slow";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        ctx.wait(tokio::task::yield_now(), |slow: &mut Self, (), ctx| {
            ctx.init_done(slow.0.clone());
        });
        Init::Pending
    }
}

#[test]
fn start_answers_after_an_asynchronous_init() {
    run(async {
        assert!(
            soon(start(Spawn::new(), || Slow(Ok(()))))
                .await
                .unwrap()
                .is_alive()
        );
        let failed = soon(start(Spawn::new(), || Slow(Err(boom())))).await;
        assert_eq!(failed.unwrap_err(), StartError::Init(boom()));
    });
}

#[test]
fn a_failed_init_is_an_exit_for_the_link_and_no_living_child_for_the_starter() {
    run(async {
        let (process, mut events) = probe(true).await;
        let opts = Spawn::new().link(process.pid());
        let failed = soon(start(opts, || Slow(Err(boom())))).await;
        assert_eq!(failed.unwrap_err().reason(), boom());
        ask(&process, |_, _| ()).await;
        assert_eq!(events.so_far().len(), 1);
        assert!(process_info(process.pid()).unwrap().links.is_empty());
    });
}

#[test]
fn a_reply_that_is_lost_in_a_panic_which_its_process_catches_is_no_reply() {
    run(async {
        let (process, _events) = probe(false).await;
        let answer = process.call(DEADLINE, |reply: ReplyTo<()>| {
            act(move |_, ctx| {
                let work = AssertUnwindSafe(async move {
                    let _reply = reply;
                    panic!("bang");
                });
                ctx.run(work.catch_unwind(), |_, _, _| ());
            })
        });
        assert_eq!(answer.await, Err(CallError::NoReply));
        ask(&process, |_, _| ()).await;
    });
}

#[test]
fn a_process_that_catches_a_panic_and_ends_at_once_answers_the_lost_reply_with_its_end() {
    run(async {
        let (process, _events) = probe(false).await;
        let answer = process.call(DEADLINE, |reply: ReplyTo<()>| {
            act(move |_, ctx| {
                let work = AssertUnwindSafe(|| {
                    let _reply = reply;
                    panic!("bang");
                });
                assert!(std::panic::catch_unwind(work).is_err());
                ctx.exit(ExitReason::Shutdown);
            })
        });
        assert_eq!(answer.await, Err(CallError::Exit(ExitReason::Shutdown)));
    });
}

/// A waker that looks at the reply it is woken for when it is dropped.
struct Looks(ReplyTo<()>);

impl Wake for Looks {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Looks {
    fn drop(&mut self) {
        assert!(self.0.is_waiting());
    }
}

#[test]
fn a_call_that_moves_to_another_task_drops_the_old_waker_without_a_lock() {
    run(async {
        let (process, _events) = probe(false).await;
        let (tx, rx) = std::sync::mpsc::channel();
        let mut call = Box::pin(process.call(DEADLINE, |reply| {
            tx.send(reply).unwrap();
            act(|_, _| ())
        }));
        let waker = Waker::from(Arc::new(Looks(rx.recv().unwrap())));
        let first = call.as_mut().poll(&mut Context::from_waker(&waker));
        drop(waker);
        assert!(first.is_pending());
        assert_eq!(call.await, Err(CallError::NoReply));
    });
}
