//! The kit's assertions about life and death, and how each fails.

use guildhall_process::testing::{Kit, crash_next, run};
use guildhall_process::{
    ChildSpec, Ctx, ExitReason, Handle, Init, Pid, ProcRef, Process, Restart, Spawn, Strategy,
    Supervisor, exit,
};

use super::{failure, says};

struct Worker;

impl Process for Worker {
    const KIND: &'static str = "worker";
}

impl Handle<u32> for Worker {
    fn handle(&mut self, _: u32, _: &mut Ctx<Self>) {}
}

/// Does not begin, or does not stop.
struct Stubborn {
    init: Init,
}

impl Process for Stubborn {
    const KIND: &'static str = "stubborn";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        ctx.trap_exit(true);
        self.init.clone()
    }

    fn handle_parent_exit(&mut self, _: ExitReason, _: &mut Ctx<Self>) {}
}

/// A supervisor with one worker.
async fn worker_under(kit: &Kit, restart: Restart) -> ProcRef<Worker> {
    let (tx, started) = std::sync::mpsc::channel();
    let worker = ChildSpec::worker("worker", || Worker)
        .restart(restart)
        .on_start(move |worker| drop(tx.send(worker.clone())));
    let root = move || Supervisor::new(Strategy::OneForOne).child(worker);
    kit.start(Spawn::named("root"), root).await;
    started.recv().unwrap()
}

#[test]
fn an_end_is_seen_before_and_after_it_has_come() {
    run(async |kit| {
        let probe = kit.probe::<()>("probe");
        let end = kit.assert_exit(probe.pid(), |r: &ExitReason| !r.is_normal_exit());
        probe.exit("boom");
        assert_eq!(end.await, ExitReason::error("boom"));
        kit.assert_exit(probe.pid(), ExitReason::error("boom"))
            .await;
        kit.assert_down(probe.pid(), ExitReason::NoProc).await;
    });
}

#[test]
fn who_lives_on_fails_the_wait_for_its_end() {
    let text = failure(async |kit| {
        let probe = kit.probe::<()>("bank");
        kit.assert_exit(probe.pid(), "boom").await;
    });
    says(
        &text,
        &[
            r#"probe "bank" should end within 5s, but lives on"#,
            "assertions.rs",
        ],
    );
    let text = failure(async |kit| {
        let probe = kit.probe::<()>("bank");
        kit.assert_down(probe.pid(), "boom").await;
    });
    says(&text, &["lives on"]);
}

#[test]
fn an_end_for_another_reason_fails() {
    let text = failure(async |kit| {
        let probe = kit.probe::<()>("bank");
        probe.exit("boom");
        kit.assert_exit(probe.pid(), ExitReason::Normal).await;
    });
    says(
        &text,
        &[
            r#"probe "bank" ended with `error: boom`"#,
            "should be `normal`",
        ],
    );
    let text = failure(async |kit| {
        kit.assert_down(Pid::OUTSIDE, "boom").await;
    });
    says(
        &text,
        &["ended with `noproc`", r#"one that contains "boom""#],
    );
}

#[test]
fn the_dead_fail_the_assertion_that_they_live() {
    let text = failure(async |kit| {
        let probe = kit.probe::<()>("bank");
        exit(probe.pid(), ExitReason::Kill);
        kit.assert_alive(probe.pid()).await;
    });
    says(
        &text,
        &[r#"probe "bank" should be alive, but is dead: it ended with `killed`"#],
    );
}

#[test]
fn a_child_that_is_restarted_is_followed() {
    run(async |kit| {
        let worker = worker_under(&kit, Restart::Permanent).await;
        assert!(crash_next(worker.pid()));
        kit.tell(&worker, 1);
        let successor = kit.assert_restarted(worker.pid()).await;
        assert_ne!(successor, worker.pid());
        kit.assert_alive(successor).await;
    });
}

#[test]
fn a_child_that_is_not_restarted_fails() {
    let text = failure(async |kit| {
        let worker = worker_under(&kit, Restart::Permanent).await;
        kit.assert_restarted(worker.pid()).await;
    });
    says(
        &text,
        &[r#"worker "worker" should be restarted within 5s, but it lives on"#],
    );
    let text = failure(async |kit| {
        let worker = worker_under(&kit, Restart::Temporary).await;
        crash_next(worker.pid());
        kit.tell(&worker, 1);
        kit.assert_restarted(worker.pid()).await;
    });
    says(
        &text,
        &[
            "but it ended with `panic: injected crash",
            "and that was all",
        ],
    );
    let text = failure(async |kit| {
        let unnamed = kit.start(Spawn::new(), || Worker).await;
        kit.assert_restarted(unnamed.pid()).await;
    });
    says(&text, &["has no name"]);
}

#[test]
fn a_process_whose_init_fails_fails_its_start() {
    let text = failure(async |kit| {
        let init = Init::Fail(ExitReason::error("no disk"));
        kit.start(Spawn::new(), || Stubborn { init }).await;
    });
    says(&text, &["a stubborn did not start", "no disk"]);
}

#[test]
fn a_process_that_does_not_stop_with_the_test_fails_it() {
    let text = failure(async |kit| {
        let init = Init::Ready;
        kit.start(Spawn::named("rock"), || Stubborn { init }).await;
    });
    says(
        &text,
        &[r#"stubborn "rock" did not stop when it was told `shutdown`"#],
    );
}

#[test]
fn what_the_kit_has_started_stops_in_reverse_order() {
    let (tx, stopped) = std::sync::mpsc::channel();
    struct Last(u32, std::sync::mpsc::Sender<u32>);
    impl Process for Last {
        const KIND: &'static str = "last";
        fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
            ctx.trap_exit(true);
            Init::Ready
        }
        fn terminate(&mut self, reason: &ExitReason, _: &mut Ctx<Self>) {
            assert_eq!(reason, &ExitReason::Shutdown);
            self.1.send(self.0).unwrap();
        }
    }
    run(async move |kit| {
        for n in 0..3 {
            let tx = tx.clone();
            kit.start(Spawn::new(), move || Last(n, tx)).await;
        }
    });
    assert_eq!(stopped.iter().collect::<Vec<_>>(), [2, 1, 0]);
}

#[test]
fn a_message_or_a_request_that_is_not_accepted_fails() {
    let text = failure(async |kit| {
        let probe = kit.probe::<u32>("bank");
        exit(probe.pid(), ExitReason::Kill);
        kit.assert_exit(probe.pid(), "killed").await;
        kit.tell(&probe.process(), 1);
    });
    says(
        &text,
        &[r#"probe "bank" did not accept a message: the process is dead"#],
    );
    let text = failure(async |kit| {
        let probe = kit.opaque_probe::<guildhall_process::ReplyTo<u32>>("bank");
        kit.ask(&probe.process(), |reply| reply).await;
    });
    says(
        &text,
        &[r#"probe "bank" did not answer: no answer in time"#],
    );
    let text = failure(async |kit| {
        let probe = kit.probe::<u32>("bank");
        probe.ask(|ctx| ctx.exit(ExitReason::Kill)).await;
        kit.settle().await;
        probe.ask(|_| ()).await;
    });
    says(&text, &[r#"probe "bank" did not do what it was asked"#]);
}
