//! A probe's expectations: each takes the oldest event that was not taken yet, waits for one if
//! there is none, and fails if it is another one than expected.

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::{Probe, ProbeEvent};
use crate::pid::Pid;
use crate::process::{Down, Exit};
use crate::testing::failure::{ReasonPattern, Site, describe};
use crate::testing::kit::settle;

impl<M: Send + 'static> Probe<M> {
    /// The next event must be a message; it is given back, so a request in it can be answered.
    ///
    /// # Panics
    /// If something else comes, or nothing within the patience.
    ///
    /// ```
    /// use guildhall_process::ReplyTo;
    /// guildhall_process::testing::run(async |kit| {
    ///     let mut probe = kit.probe::<ReplyTo<u32>>("probe");
    ///     let answer = kit.ask(&probe.process(), |reply| reply);
    ///     probe.expect_message().await.send(42);
    ///     assert_eq!(answer.await, 42);
    /// });
    /// ```
    #[track_caller]
    pub fn expect_message(&mut self) -> impl Future<Output = M> {
        let site = Site::here();
        async move {
            match self.next("a message", site).await {
                ProbeEvent::Message(msg) => msg,
                other => self.instead("a message", &other, site),
            }
        }
    }

    /// The next event must be this message.
    ///
    /// # Panics
    /// If something else comes, or nothing within the patience.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     let mut probe = kit.probe::<&str>("probe");
    ///     kit.tell(&probe.process(), "hello");
    ///     probe.expect_message_eq("hello").await;
    /// });
    /// ```
    #[track_caller]
    pub fn expect_message_eq(&mut self, expected: M) -> impl Future<Output = ()>
    where
        M: PartialEq + Debug,
    {
        let site = Site::here();
        async move {
            let words = format!("the message {expected:?}");
            match self.next(&words, site).await {
                ProbeEvent::Message(msg) if msg == expected => {}
                other => self.instead(&words, &other, site),
            }
        }
    }

    /// The next event must be a trapped exit.
    ///
    /// # Panics
    /// If something else comes, or nothing within the patience.
    ///
    /// ```
    /// use guildhall_process::{ExitReason, Pid, exit};
    /// guildhall_process::testing::run(async |kit| {
    ///     let mut probe = kit.probe::<()>("probe").trapping();
    ///     exit(probe.pid(), ExitReason::Normal);
    ///     assert_eq!(probe.expect_exit().await.from, Pid::OUTSIDE);
    /// });
    /// ```
    #[track_caller]
    pub fn expect_exit(&mut self) -> impl Future<Output = Exit> {
        let site = Site::here();
        async move {
            match self.next("an EXIT", site).await {
                ProbeEvent::Exit(exit) => exit,
                other => self.instead("an EXIT", &other, site),
            }
        }
    }

    /// The next event must be a trapped exit of `from` with a fitting reason.
    ///
    /// # Panics
    /// If something else comes, or nothing within the patience.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     let mut probe = kit.probe::<()>("probe").trapping();
    ///     let other = kit.probe::<()>("other");
    ///     probe.link(other.pid());
    ///     other.exit("boom");
    ///     probe.expect_exit_of(other.pid(), "boom").await;
    /// });
    /// ```
    #[track_caller]
    pub fn expect_exit_of(
        &mut self,
        from: Pid,
        reason: impl ReasonPattern,
    ) -> impl Future<Output = Exit> {
        let site = Site::here();
        async move {
            let words = self.words("an EXIT", from, &reason);
            match self.next(&words, site).await {
                ProbeEvent::Exit(exit) if exit.from == from && reason.fits(&exit.reason) => exit,
                other => self.instead(&words, &other, site),
            }
        }
    }

    /// The next event must be what a monitor tells.
    ///
    /// # Panics
    /// If something else comes, or nothing within the patience.
    ///
    /// ```
    /// use guildhall_process::{ExitReason, Pid};
    /// guildhall_process::testing::run(async |kit| {
    ///     let mut probe = kit.probe::<()>("probe");
    ///     probe.monitor(Pid::OUTSIDE);
    ///     assert_eq!(probe.expect_down().await.reason, ExitReason::NoProc);
    /// });
    /// ```
    #[track_caller]
    pub fn expect_down(&mut self) -> impl Future<Output = Down> {
        let site = Site::here();
        async move {
            match self.next("a DOWN", site).await {
                ProbeEvent::Down(down) => down,
                other => self.instead("a DOWN", &other, site),
            }
        }
    }

    /// The next event must be what a monitor of `pid` tells, with a fitting reason.
    ///
    /// # Panics
    /// If something else comes, or nothing within the patience.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     let mut probe = kit.probe::<()>("probe");
    ///     let other = kit.probe::<()>("other");
    ///     probe.monitor(other.pid());
    ///     other.exit("boom");
    ///     probe.expect_down_of(other.pid(), "boom").await;
    /// });
    /// ```
    #[track_caller]
    pub fn expect_down_of(
        &mut self,
        pid: Pid,
        reason: impl ReasonPattern,
    ) -> impl Future<Output = Down> {
        let site = Site::here();
        async move {
            let words = self.words("a DOWN", pid, &reason);
            match self.next(&words, site).await {
                ProbeEvent::Down(down) if down.pid == pid && reason.fits(&down.reason) => down,
                other => self.instead(&words, &other, site),
            }
        }
    }

    /// Nothing may come, or have come, until time `within` has passed and all is settled.
    ///
    /// # Panics
    /// If something comes.
    ///
    /// ```
    /// # use std::time::Duration;
    /// guildhall_process::testing::run(async |kit| {
    ///     let mut probe = kit.probe::<u32>("probe");
    ///     probe.expect_nothing(Duration::from_secs(3600)).await;
    /// });
    /// ```
    #[track_caller]
    pub fn expect_nothing(&mut self, within: Duration) -> impl Future<Output = ()> {
        let site = Site::here();
        async move {
            let words = format!("nothing within {within:?}");
            let came = timeout(within, self.events.recv()).await;
            let mut came = came.unwrap_or_default();
            if came.is_none() {
                if let Some(scope) = &self.scope {
                    settle(Arc::clone(scope), site).await;
                }
                came = self.events.try_recv().ok();
            }
            if let Some(event) = came {
                self.instead(&words, &event, site);
            }
        }
    }

    fn words(&self, what: &str, pid: Pid, reason: &impl ReasonPattern) -> String {
        let who = describe(self.scope.as_deref(), pid);
        format!("{what} of {who}, reason {}", reason.in_words())
    }

    async fn next(&mut self, expected: &str, site: Site) -> ProbeEvent<M> {
        match timeout(self.patience, self.events.recv()).await {
            Ok(Some(event)) => event,
            Ok(None) => {
                let scope = self.scope.as_deref();
                let why = scope.and_then(|scope| scope.death_of(self.pid()));
                let why = why.map_or(String::new(), |reason| format!(" with `{reason}`"));
                site.fail(format!(
                    "probe {:?} expected {expected}, but it has ended itself{why}",
                    self.name
                ))
            }
            Err(_elapsed) => site.fail(format!(
                "probe {:?} expected {expected} within {:?}, but nothing came",
                self.name, self.patience
            )),
        }
    }

    /// Fails: this came instead, and behind it waits the rest.
    fn instead(&mut self, expected: &str, came: &ProbeEvent<M>, site: Site) -> ! {
        let mut text = format!(
            "probe {:?} expected {expected}, but what came is {}",
            self.name,
            self.show(came)
        );
        for event in self.drain() {
            text.push_str(&format!("\n  behind it: {}", self.show(&event)));
        }
        site.fail(text)
    }

    fn show(&self, event: &ProbeEvent<M>) -> String {
        let scope = self.scope.as_deref();
        match event {
            ProbeEvent::Message(msg) => format!("the message {}", (self.show)(msg)),
            ProbeEvent::Exit(exit) => {
                let who = describe(scope, exit.from);
                format!("an EXIT of {who}, reason `{}`", exit.reason)
            }
            ProbeEvent::Down(down) => {
                let who = describe(scope, down.pid);
                format!("a DOWN of {who}, reason `{}`", down.reason)
            }
        }
    }
}
