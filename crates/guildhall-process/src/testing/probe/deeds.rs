//! What a probe does: links, monitors, answers, any deed of a process, and its end.

use std::future::Future;

use super::Probe;
use super::recorder::{Order, Recorder};
use crate::ctx::Ctx;
use crate::exit::ExitReason;
use crate::pid::{MonitorRef, Pid};
use crate::signals;
use crate::sync::lock;
use crate::testing::failure::Site;

impl<M: Send + 'static> Probe<M> {
    /// Traps exits from now on: they are recorded and end the probe no more.
    ///
    /// ```
    /// use guildhall_process::{ExitReason, exit};
    /// guildhall_process::testing::run(async |kit| {
    ///     let mut probe = kit.probe::<()>("probe").trapping();
    ///     exit(probe.pid(), ExitReason::Shutdown);
    ///     assert_eq!(probe.expect_exit().await.reason, ExitReason::Shutdown);
    /// });
    /// ```
    #[must_use]
    pub fn trapping(self) -> Self {
        lock(&self.process.cell().state).trap_exit = true;
        self
    }

    /// Links the probe.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     let (one, two) = (kit.probe::<()>("one"), kit.probe::<()>("two"));
    ///     one.link(two.pid());
    ///     two.exit("boom");
    ///     kit.assert_exit(one.pid(), "boom").await;
    /// });
    /// ```
    pub fn link(&self, pid: Pid) {
        signals::link(self.process.cell().clone(), pid);
    }

    /// Removes the link.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     let (one, two) = (kit.probe::<()>("one"), kit.probe::<()>("two"));
    ///     one.link(two.pid());
    ///     one.unlink(two.pid());
    ///     two.exit("boom");
    ///     kit.assert_alive(one.pid()).await;
    /// });
    /// ```
    pub fn unlink(&self, pid: Pid) {
        signals::unlink(&**self.process.cell(), pid);
    }

    /// Monitors a process or port for the probe.
    ///
    /// ```
    /// use guildhall_process::Pid;
    /// guildhall_process::testing::run(async |kit| {
    ///     let mut probe = kit.probe::<()>("probe");
    ///     let monitor = probe.monitor(Pid::OUTSIDE);
    ///     assert_eq!(probe.expect_down().await.monitor, monitor);
    /// });
    /// ```
    pub fn monitor(&self, pid: Pid) -> MonitorRef {
        let reference = MonitorRef::next();
        signals::monitor(&**self.process.cell(), reference, pid);
        reference
    }

    /// Removes a monitor. False if its target has ended before.
    ///
    /// ```
    /// # use std::time::Duration;
    /// guildhall_process::testing::run(async |kit| {
    ///     let (mut one, two) = (kit.probe::<()>("one"), kit.probe::<()>("two"));
    ///     let monitor = one.monitor(two.pid());
    ///     one.demonitor(monitor);
    ///     two.exit("boom");
    ///     one.expect_nothing(Duration::from_secs(1)).await;
    /// });
    /// ```
    pub fn demonitor(&self, monitor: MonitorRef) -> bool {
        signals::demonitor(&**self.process.cell(), monitor)
    }

    /// Answers messages in the probe's process, as a collaborator would. What `answer` gives back is
    /// recorded like any message; `None` says that nothing is left to be recorded.
    ///
    /// ```
    /// use guildhall_process::ReplyTo;
    /// guildhall_process::testing::run(async |kit| {
    ///     let bank = kit.probe::<(u64, ReplyTo<u64>)>("bank");
    ///     bank.answer(|(account, balance)| {
    ///         balance.send(account * 100);
    ///         None
    ///     });
    ///     assert_eq!(kit.ask(&bank.process(), |balance| (7, balance)).await, 700);
    /// });
    /// ```
    pub fn answer(&self, answer: impl FnMut(M) -> Option<M> + Send + 'static) {
        self.order(|recorder, _| recorder.answer = Some(Box::new(answer)));
    }

    /// Ends the probe with an error, behind what is in its mailbox: a collaborator that fails.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     let probe = kit.probe::<()>("probe");
    ///     probe.exit("boom");
    ///     kit.assert_exit(probe.pid(), "error: boom").await;
    /// });
    /// ```
    pub fn exit(&self, error: &str) {
        self.exit_with(ExitReason::error(error));
    }

    /// [`Probe::exit`] with any reason.
    ///
    /// ```
    /// use guildhall_process::ExitReason;
    /// guildhall_process::testing::run(async |kit| {
    ///     let probe = kit.probe::<()>("probe");
    ///     probe.exit_with(ExitReason::Normal);
    ///     kit.assert_exit(probe.pid(), ExitReason::Normal).await;
    /// });
    /// ```
    pub fn exit_with(&self, reason: ExitReason) {
        self.act(|ctx| ctx.exit(reason));
    }

    /// Runs `deed` in the probe's process, as a handler would, behind what is in its mailbox.
    ///
    /// ```
    /// # use std::time::Duration;
    /// guildhall_process::testing::run(async |kit| {
    ///     let mut probe = kit.probe::<&str>("probe");
    ///     probe.act(|ctx| drop(ctx.send_after(Duration::from_secs(60), "tick")));
    ///     kit.advance(Duration::from_secs(60)).await;
    ///     probe.expect_message_eq("tick").await;
    /// });
    /// ```
    pub fn act(&self, deed: impl FnOnce(&mut Ctx<Recorder<M>>) + Send + 'static) {
        self.order(|_, ctx| deed(ctx));
    }

    /// [`Probe::act`] whose result is waited for; what was in the mailbox before is handled then.
    ///
    /// # Panics
    /// If no result comes within the patience.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     let probe = kit.probe::<()>("probe");
    ///     assert_eq!(probe.ask(|ctx| ctx.pid()).await, probe.pid());
    /// });
    /// ```
    #[track_caller]
    pub fn ask<T, F>(&self, deed: F) -> impl Future<Output = T> + use<M, T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Ctx<Recorder<M>>) -> T + Send + 'static,
    {
        let (site, name) = (Site::here(), self.name.clone());
        let answer = self.process.call(self.patience, |reply| {
            Order(Box::new(move |_: &mut Recorder<M>, ctx| {
                reply.send(deed(ctx))
            }))
        });
        async move {
            answer.await.unwrap_or_else(|error| {
                site.fail(format!(
                    "probe {name:?} did not do what it was asked: {error}"
                ))
            })
        }
    }

    fn order(&self, deed: impl FnOnce(&mut Recorder<M>, &mut Ctx<Recorder<M>>) + Send + 'static) {
        self.process.tell_exempt(Order(Box::new(deed)));
    }
}
