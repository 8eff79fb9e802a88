//! Assertions about the life and death of processes.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use tokio::time::timeout;

use super::{Kit, Shared, settle};
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::signals::{is_alive, watch};
use crate::testing::failure::{ReasonPattern, Site, describe};

impl Kit {
    /// Waits for the end of a process or port, and gives its exit reason. One of this test that has
    /// ended before still tells why.
    ///
    /// # Panics
    /// If it does not end within the patience, or with a reason that does not fit.
    ///
    /// ```
    /// use guildhall_process::{ExitReason, exit};
    /// guildhall_process::testing::run(async |kit| {
    ///     let probe = kit.probe::<()>("probe");
    ///     exit(probe.pid(), ExitReason::error("boom"));
    ///     kit.assert_exit(probe.pid(), "boom").await;
    /// });
    /// ```
    #[track_caller]
    pub fn assert_exit<R: ReasonPattern>(
        &self,
        pid: Pid,
        expected: R,
    ) -> impl Future<Output = ExitReason> + use<R> {
        let (kit, site, end) = (self.clone(), Site::here(), watch(pid));
        async move {
            let reason = match kit.shared.scope.death_of(pid) {
                Some(reason) => reason,
                None => kit.shared.end_of(pid, end, site).await,
            };
            kit.shared.check(pid, reason, &expected, site)
        }
    }

    /// Waits for what a monitor that is set now is told: the exit reason, or `NoProc` if the process
    /// or port is dead already.
    ///
    /// # Panics
    /// If no DOWN comes within the patience, or one whose reason does not fit.
    ///
    /// ```
    /// use guildhall_process::{ExitReason, Pid};
    /// guildhall_process::testing::run(async |kit| {
    ///     kit.assert_down(Pid::OUTSIDE, ExitReason::NoProc).await;
    /// });
    /// ```
    #[track_caller]
    pub fn assert_down<R: ReasonPattern>(
        &self,
        pid: Pid,
        expected: R,
    ) -> impl Future<Output = ExitReason> + use<R> {
        let (kit, site, end) = (self.clone(), Site::here(), watch(pid));
        async move {
            let reason = kit.shared.end_of(pid, end, site).await;
            kit.shared.check(pid, reason, &expected, site)
        }
    }

    /// Settles; then the process or port must be alive.
    ///
    /// # Panics
    /// If it is dead.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     let probe = kit.probe::<()>("probe");
    ///     kit.assert_alive(probe.pid()).await;
    /// });
    /// ```
    #[track_caller]
    pub fn assert_alive(&self, pid: Pid) -> impl Future<Output = ()> + use<> {
        let (kit, site) = (self.clone(), Site::here());
        async move {
            settle(Arc::clone(&kit.shared.scope), site).await;
            if !is_alive(pid) {
                let who = kit.shared.describe(pid);
                let why = kit.shared.scope.death_of(pid);
                let why = why.map_or("of this test's it was none".to_owned(), |reason| {
                    format!("it ended with `{reason}`")
                });
                site.fail(format!("{who} should be alive, but is dead: {why}"));
            }
        }
    }

    /// Waits until the successor of a named child runs: who was started after the end of `pid` by
    /// the same parent under the same name. Settles, and gives the successor's pid.
    ///
    /// # Panics
    /// If `pid` lives on or has no successor within the patience, if it has no name by which a
    /// successor could be known, and if it is not of this test.
    ///
    /// ```
    /// use guildhall_process::testing::{self, crash_next};
    /// use guildhall_process::{
    ///     ChildSpec, Ctx, Handle, ProcRef, Process, Spawn, Strategy, Supervisor,
    /// };
    /// struct Worker;
    /// impl Process for Worker {
    ///     const KIND: &'static str = "worker";
    /// }
    /// impl Handle<u32> for Worker {
    ///     fn handle(&mut self, _: u32, _: &mut Ctx<Self>) {}
    /// }
    /// testing::run(async |kit| {
    ///     let (tx, started) = std::sync::mpsc::channel();
    ///     let worker = ChildSpec::worker("worker", || Worker)
    ///         .on_start(move |worker: &ProcRef<Worker>| drop(tx.send(worker.clone())));
    ///     let root = move || Supervisor::new(Strategy::OneForOne).child(worker);
    ///     kit.start(Spawn::named("root"), root).await;
    ///     let worker = started.recv().unwrap();
    ///     crash_next(worker.pid());
    ///     kit.tell(&worker, 1);
    ///     let successor = kit.assert_restarted(worker.pid()).await;
    ///     assert_eq!(started.recv().unwrap().pid(), successor);
    /// });
    /// ```
    #[track_caller]
    pub fn assert_restarted(&self, pid: Pid) -> impl Future<Output = Pid> + use<> {
        let (kit, site) = (self.clone(), Site::here());
        async move {
            match timeout(kit.shared.patience, kit.shared.successor(pid, site)).await {
                Ok(successor) => successor,
                Err(_elapsed) => {
                    let (who, patience) = (kit.shared.describe(pid), kit.shared.patience);
                    let what = match kit.shared.scope.death_of(pid) {
                        None => "it lives on".to_owned(),
                        Some(reason) => format!("it ended with `{reason}`, and that was all"),
                    };
                    site.fail(format!(
                        "{who} should be restarted within {patience:?}, but {what}"
                    ))
                }
            }
        }
    }
}

impl Shared {
    fn describe(&self, pid: Pid) -> String {
        describe(Some(&*self.scope), pid)
    }

    async fn end_of(
        &self,
        pid: Pid,
        end: impl Future<Output = ExitReason>,
        site: Site,
    ) -> ExitReason {
        match timeout(self.patience, end).await {
            Ok(reason) => reason,
            Err(_elapsed) => site.fail(format!(
                "{} should end within {:?}, but lives on{}",
                self.describe(pid),
                self.patience,
                match self.scope.virtual_time {
                    true => " (what runs on other threads has real time: see Runner::real_time)",
                    false => "",
                }
            )),
        }
    }

    fn check(
        &self,
        pid: Pid,
        reason: ExitReason,
        expected: &impl ReasonPattern,
        site: Site,
    ) -> ExitReason {
        if expected.fits(&reason) {
            return reason;
        }
        site.fail(format!(
            "{} ended with `{reason}`, but the reason should be {}",
            self.describe(pid),
            expected.in_words()
        ))
    }

    async fn successor(&self, pid: Pid, site: Site) -> Pid {
        let Some(old) = self.scope.identity_of(pid) else {
            site.fail(format!("{pid} is no process of this test"));
        };
        if old.name.is_none() {
            let who = self.describe(pid);
            site.fail(format!("{who} has no name, so no successor can be told"));
        }
        loop {
            let mut changed = pin!(self.scope.changed.notified());
            changed.as_mut().enable();
            settle(Arc::clone(&self.scope), site).await;
            let mut younger = self.scope.living().into_iter().rev();
            if !is_alive(pid)
                && let Some((successor, _)) = younger.find(|(p, it)| *p > pid && *it == old)
            {
                return successor;
            }
            changed.await;
        }
    }
}
