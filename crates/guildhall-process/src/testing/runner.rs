//! The runner: an actix system of its own for one test, virtual or real time, a deadline in real
//! time against hangs, and at the end the check for leftovers.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use actix_rt::System;
use tokio::runtime::{Builder, Runtime};

use super::dice::Dice;
use super::failure::Site;
use super::faults;
use super::kit::Kit;
use super::leftovers::Leftovers;
use super::scope::{self, Scope};
use super::watchdog::Watchdog;

/// Real time that a test may take. Long, because a test machine may be slow; a hang is for ever.
const HANG_AFTER: Duration = Duration::from_secs(60);

/// Time (virtual, if the test's time is) that an expectation waits for its event.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a test is run; [`run`] is this with its defaults.
///
/// ```
/// use std::time::Duration;
/// use guildhall_process::testing::Runner;
///
/// let runner = Runner::new().patience(Duration::from_secs(60));
/// assert_eq!(runner.run(async |_kit| 6 * 7), 42);
/// ```
#[derive(Clone, Debug)]
pub struct Runner {
    virtual_time: bool,
    hang_after: Duration,
    patience: Duration,
    seed: Option<u64>,
    leftovers: bool,
}

impl Default for Runner {
    fn default() -> Self {
        Self {
            virtual_time: true,
            hang_after: HANG_AFTER,
            patience: PATIENCE,
            seed: None,
            leftovers: true,
        }
    }
}

/// Runs a test on an actix system of its own, on virtual time: while no process of this system has
/// anything to do, time jumps to the next timer, so an hour of timers takes milliseconds.
///
/// When the test has returned, what [`Kit::start`] has started is stopped, in reverse order, and
/// whatever else is left over fails the test (see [`Leftovers`]).
///
/// Jobs of a [`crate::Pool`] run in real time, in which virtual time stands still. What virtual time
/// cannot do: processes on other arbiters have real time, and neither they nor other threads nor
/// sockets keep time from jumping, so a timeout of whoever waits for them comes at once. Such tests
/// run with [`Runner::real_time`].
///
/// # Panics
/// Where the test panics; at leftovers; at faults that have not struck; and if the test takes more than 60 s of real time.
///
/// ```
/// use std::time::Duration;
/// use guildhall_process::testing;
///
/// testing::run(async |kit| {
///     kit.advance(Duration::from_secs(3600)).await;
///     assert_eq!(kit.now(), Duration::from_secs(3600));
/// });
/// ```
#[track_caller]
pub fn run<T>(test: impl AsyncFnOnce(Kit) -> T) -> T {
    Runner::new().run(test)
}

impl Runner {
    /// Virtual time, leftovers are checked, 60 s against hangs, 5 s of patience.
    ///
    /// ```
    /// guildhall_process::testing::Runner::new().run(async |kit| kit.settle().await);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Time passes as on the wall: for tests with other arbiters, threads of their own and sockets.
    ///
    /// ```
    /// use guildhall_process::testing::Runner;
    /// Runner::new().real_time().run(async |_kit| {
    ///     let (tx, answer) = tokio::sync::oneshot::channel();
    ///     std::thread::spawn(move || tx.send(42));
    ///     assert_eq!(answer.await, Ok(42));
    /// });
    /// ```
    #[must_use]
    pub fn real_time(mut self) -> Self {
        self.virtual_time = false;
        self
    }

    /// Real time after which the test is taken to hang and fails; a handler that still runs as long
    /// again (5 s at least) aborts the program, because nothing else can end it. Default 60 s.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let runner = guildhall_process::testing::Runner::new().hang_after(Duration::from_secs(300));
    /// ```
    #[must_use]
    pub fn hang_after(mut self, limit: Duration) -> Self {
        self.hang_after = limit;
        self
    }

    /// How long expectations wait for their event, in the test's time. Default 5 s.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let runner = guildhall_process::testing::Runner::new().patience(Duration::from_secs(3600));
    /// ```
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Schedules the processes by dice with this seed; see [`super::interleave`].
    ///
    /// ```
    /// let runner = guildhall_process::testing::Runner::new().seed(17);
    /// ```
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// What is left over at the end is not looked at.
    ///
    /// ```
    /// use guildhall_process::{Port, testing::Runner};
    /// Runner::new().allow_leftovers().run(async |_kit| {
    ///     std::mem::forget(Port::open("socket", None, |_reason| ()));
    /// });
    /// ```
    #[must_use]
    pub fn allow_leftovers(mut self) -> Self {
        self.leftovers = false;
        self
    }

    /// Runs a test; see [`run`].
    ///
    /// # Panics
    /// See [`run`].
    ///
    /// ```
    /// guildhall_process::testing::Runner::new().run(async |kit| kit.settle().await);
    /// ```
    #[track_caller]
    pub fn run<T>(self, test: impl AsyncFnOnce(Kit) -> T) -> T {
        let site = Site::here();
        let runtime = self.runtime(site);
        let scope = Scope::new(self.virtual_time, self.seed.map(Dice::new));
        let _entered = scope::enter(Some(scope.clone()));
        let watchdog = Watchdog::start(self.hang_after, scope.clone());
        System::with_tokio_rt(|| runtime).block_on(async {
            let mut whole = pin!(self.whole(site, scope, test));
            poll_fn(|cx| match (whole.as_mut().poll(cx), watchdog.bites(cx)) {
                (Poll::Pending, Some(report)) => site.fail(report),
                (polled, _) => polled,
            })
            .await
        })
    }

    async fn whole<T>(
        &self,
        site: Site,
        scope: std::sync::Arc<Scope>,
        test: impl AsyncFnOnce(Kit) -> T,
    ) -> T {
        let leftovers = Leftovers::watch();
        let kit = Kit::new(scope.clone(), self.patience, self.seed);
        let outcome = test(kit.clone()).await;
        let unstruck = faults::take_unstruck(|pid| scope.identity_of(pid).is_some());
        kit.close(site).await;
        if self.leftovers {
            leftovers.assert_none_at(site);
            if !unstruck.is_empty() {
                let list = unstruck.join("\n  ");
                site.fail(format!(
                    "faults that were armed have not struck (disarm takes them back):\n  {list}"
                ));
            }
        }
        outcome
    }

    fn runtime(&self, site: Site) -> Runtime {
        Builder::new_current_thread()
            .enable_all()
            .start_paused(self.virtual_time)
            .build()
            .unwrap_or_else(|error| site.fail(format!("no runtime for the test: {error}")))
    }
}

/// Lets everything on this thread that is due now have its turn once.
pub(crate) async fn go_round() {
    // A new task is behind all that are due. Its end cannot fail: it does nothing.
    let _ = actix_rt::spawn(async {}).await;
}
