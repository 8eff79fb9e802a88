//! The kit that a test is given: time, starting processes that are stopped with the test, and
//! assertions about processes. What it awaits ends after the runner's patience.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

use super::failure::{Site, describe};
use super::probe::Probe;
use super::runner::go_round;
use super::scope::Scope;
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::port::Port;
use crate::process::{Handle, Process};
use crate::process_ref::ProcRef;
use crate::reply::ReplyTo;
use crate::signals::{exit_from, is_alive, watch};
use crate::spawn::{Spawn, start};

mod assertions;

/// Rounds without a turn of any process after which nothing is taken to be under way. Each lets
/// every task that is due run once, so futures that are no processes may wake each other this often
/// before they wake a process.
const QUIET_ROUNDS: u32 = 8;

/// Turns after which a test that does not come to rest never will.
const TURNS_MAX: u64 = 10_000_000;

/// How long the processes of a test may take to stop, in the test's time; a supervisor gives each
/// child its own time, one after the other.
const STOP_TIMEOUT: Duration = Duration::from_secs(600);

/// Real time that the threads of a pool which is closed may take to end.
const POOL_STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// See [`super::run`]. Clones are the same kit.
///
/// ```
/// use guildhall_process::testing::{self, Kit};
///
/// async fn waits_an_hour(kit: &Kit) {
///     kit.advance(std::time::Duration::from_secs(3600)).await;
/// }
///
/// testing::run(async |kit| {
///     waits_an_hour(&kit).await;
///     assert_eq!(kit.now().as_secs(), 3600);
/// });
/// ```
#[derive(Clone)]
pub struct Kit {
    shared: Rc<Shared>,
}

struct Shared {
    scope: Arc<Scope>,
    patience: Duration,
    seed: Option<u64>,
    began: Instant,
    /// The parent of what the kit starts; open until the end.
    root: RefCell<Option<Port>>,
    started: RefCell<Vec<Pid>>,
}

impl Kit {
    pub(super) fn new(scope: Arc<Scope>, patience: Duration, seed: Option<u64>) -> Self {
        Self {
            shared: Rc::new(Shared {
                scope,
                patience,
                seed,
                began: Instant::now(),
                root: RefCell::default(),
                started: RefCell::default(),
            }),
        }
    }

    /// The seed that schedules this run, if one does.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| assert_eq!(kit.seed(), None));
    /// ```
    pub fn seed(&self) -> Option<u64> {
        self.shared.seed
    }

    /// Time since the test began.
    ///
    /// ```
    /// # use std::time::Duration;
    /// guildhall_process::testing::run(async |kit| assert_eq!(kit.now(), Duration::ZERO));
    /// ```
    pub fn now(&self) -> Duration {
        self.shared.began.elapsed()
    }

    /// Waits until no process of this test has anything to do now, whatever its arbiter. Time does
    /// not pass. Jobs of a [`crate::Pool`] are waited for. Futures that are no processes are waited
    /// for as long as they keep waking each other or a process, for up to eight wake-ups in a row;
    /// other threads and sockets are not waited for.
    ///
    /// # Panics
    /// If the processes do not come to rest within ten million turns.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| kit.settle().await);
    /// ```
    #[track_caller]
    pub fn settle(&self) -> impl Future<Output = ()> + use<> {
        settle(Arc::clone(&self.shared.scope), Site::here())
    }

    /// Lets time pass: every timer that becomes due on the way strikes at its time and in order, and
    /// what follows from it is done before time goes on. Millisecond steps, like tokio's timers.
    ///
    /// ```
    /// # use std::time::Duration;
    /// guildhall_process::testing::run(async |kit| {
    ///     kit.advance(Duration::from_secs(86_400)).await;
    ///     assert_eq!(kit.now(), Duration::from_secs(86_400));
    /// });
    /// ```
    #[track_caller]
    pub fn advance(&self, by: Duration) -> impl Future<Output = ()> + use<> {
        let (scope, site) = (Arc::clone(&self.shared.scope), Site::here());
        async move {
            settle(Arc::clone(&scope), site).await;
            tokio::time::sleep(by).await;
            settle(scope, site).await;
        }
    }

    /// A probe: a process that records what comes to it. It ends when it is dropped.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     let mut probe = kit.probe::<u32>("probe");
    ///     kit.tell(&probe.process(), 7);
    ///     assert_eq!(probe.expect_message().await, 7);
    /// });
    /// ```
    pub fn probe<M: std::fmt::Debug + Send + 'static>(&self, name: &str) -> Probe<M> {
        Probe::new(name).patience(self.shared.patience)
    }

    /// A probe for messages that have no `Debug`; failures name their type only.
    ///
    /// ```
    /// struct Secret;
    /// guildhall_process::testing::run(async |kit| {
    ///     let mut probe = kit.opaque_probe::<Secret>("probe");
    ///     kit.tell(&probe.process(), Secret);
    ///     let Secret = probe.expect_message().await;
    /// });
    /// ```
    pub fn opaque_probe<M: Send + 'static>(&self, name: &str) -> Probe<M> {
        Probe::opaque(name).patience(self.shared.patience)
    }

    /// Starts a process, waits for its `init`, and stops it at the end of the test: told `shutdown`
    /// as by its parent, in reverse order of the starts.
    ///
    /// # Panics
    /// If its `init` fails.
    ///
    /// ```
    /// use guildhall_process::{Process, Spawn};
    /// struct Idle;
    /// impl Process for Idle {
    ///     const KIND: &'static str = "idle";
    /// }
    /// guildhall_process::testing::run(async |kit| {
    ///     let idle = kit.start(Spawn::named("idle"), || Idle).await;
    ///     kit.assert_alive(idle.pid()).await;
    /// });
    /// ```
    #[track_caller]
    pub fn start<P: Process, F: FnOnce() -> P + Send + 'static>(
        &self,
        mut opts: Spawn,
        make: F,
    ) -> impl Future<Output = ProcRef<P>> + use<P, F> {
        let (kit, site) = (self.clone(), Site::here());
        opts.parent.get_or_insert_with(|| self.root());
        let starting = start(opts, make);
        async move {
            match starting.await {
                Ok(process) => {
                    kit.shared.started.borrow_mut().push(process.pid());
                    process
                }
                Err(error) => site.fail(format!("a {} did not start: {error}", P::KIND)),
            }
        }
    }

    /// Sends a message that must be accepted.
    ///
    /// # Panics
    /// If the process is dead or its mailbox full.
    ///
    /// ```
    /// guildhall_process::testing::run(async |kit| {
    ///     let probe = kit.probe::<&str>("probe");
    ///     kit.tell(&probe.process(), "hello");
    /// });
    /// ```
    #[track_caller]
    pub fn tell<M: Send + 'static, P: Handle<M>>(&self, to: &ProcRef<P>, msg: M) {
        if let Err(error) = to.tell(msg) {
            let to = describe(Some(&*self.shared.scope), to.pid());
            Site::here().fail(format!("{to} did not accept a message: {error}"));
        }
    }

    /// Sends a request that must be answered.
    ///
    /// # Panics
    /// If no answer comes.
    ///
    /// ```
    /// use guildhall_process::ReplyTo;
    /// guildhall_process::testing::run(async |kit| {
    ///     let probe = kit.probe::<ReplyTo<u32>>("probe");
    ///     probe.answer(|reply| {
    ///         reply.send(42);
    ///         None
    ///     });
    ///     assert_eq!(kit.ask(&probe.process(), |reply| reply).await, 42);
    /// });
    /// ```
    #[track_caller]
    pub fn ask<M, R, P, F>(
        &self,
        to: &ProcRef<P>,
        make: F,
    ) -> impl Future<Output = R> + use<M, R, P, F>
    where
        F: FnOnce(ReplyTo<R>) -> M,
        M: Send + 'static,
        R: Send + 'static,
        P: Handle<M>,
    {
        let (kit, site, pid) = (self.clone(), Site::here(), to.pid());
        let answer = to.call(self.shared.patience, make);
        async move {
            answer.await.unwrap_or_else(|error| {
                let to = describe(Some(&*kit.shared.scope), pid);
                site.fail(format!("{to} did not answer: {error}"))
            })
        }
    }

    fn root(&self) -> Pid {
        let mut root = self.shared.root.borrow_mut();
        root.get_or_insert_with(|| Port::open("test", None, |_| ()))
            .pid()
    }

    /// Stops what the kit has started, and lets what the test has dropped end.
    pub(super) async fn close(&self, site: Site) {
        let root = self.shared.root.take();
        let from = root.as_ref().map_or(Pid::OUTSIDE, Port::pid);
        let started = self.shared.started.take();
        for pid in started.into_iter().rev() {
            let end = watch(pid);
            exit_from(from, pid, ExitReason::Shutdown);
            if is_alive(pid) && timeout(STOP_TIMEOUT, end).await.is_err() {
                let who = describe(Some(&*self.shared.scope), pid);
                site.fail(format!("{who} did not stop when it was told `shutdown`"));
            }
        }
        if let Some(root) = root {
            root.close(ExitReason::Normal);
        }
        settle(Arc::clone(&self.shared.scope), site).await;
        for (pid, identity) in self.shared.scope.living() {
            if identity.kind == "pool" {
                end_of_pool(pid).await;
            }
        }
    }
}

/// A pool ends when its threads have gone, which takes real time.
async fn end_of_pool(pid: Pid) {
    let (_waiting, never) = std::sync::mpsc::channel::<()>();
    let enough = spawn_blocking(move || never.recv_timeout(POOL_STOP_TIMEOUT));
    select(pin!(watch(pid)), enough).await;
}

pub(super) async fn settle(scope: Arc<Scope>, site: Site) {
    let began = scope.turns();
    let mut seen = began;
    let mut quiet = 0;
    while quiet < QUIET_ROUNDS {
        go_round().await;
        let turns = scope.turns();
        let busy = scope.is_busy();
        quiet = if busy || turns != seen { 0 } else { quiet + 1 };
        if busy && turns == seen {
            // Who is busy works on another thread.
            std::thread::yield_now();
        }
        seen = turns;
        if turns - began > TURNS_MAX {
            site.fail(format!("no rest after {TURNS_MAX} turns of the processes"));
        }
    }
}
