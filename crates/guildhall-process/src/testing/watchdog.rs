//! The watchdog: a thread that ends a test that hangs, in real time. A test that waits in vain is
//! woken and fails with a report; a handler that does not return can only be ended by an abort.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use super::failure::describe;
use super::scope::Scope;
use crate::info::process_info;
use crate::sync::{Mutex, lock};

/// Processes that a report tells of; a hang of ten thousand is explained by the first of them.
const REPORTED_MAX: usize = 20;

/// Real time that a woken test has to fail by itself; a busy machine must not cost the other tests.
const GRACE_MIN: Duration = Duration::from_secs(5);

pub(crate) struct Watchdog {
    shared: Arc<Shared>,
    limit: Duration,
    /// Its drop calls the dog off.
    _leash: Sender<()>,
}

struct Shared {
    scope: Arc<Scope>,
    barked: AtomicBool,
    test: Mutex<Option<Waker>>,
}

impl Watchdog {
    pub fn start(limit: Duration, scope: Arc<Scope>) -> Self {
        let (leash, watched) = channel();
        let shared = Arc::new(Shared {
            scope,
            barked: AtomicBool::new(false),
            test: Mutex::default(),
        });
        let watching = Arc::clone(&shared);
        // Without a thread the test runs all the same; only a hang would not be noticed.
        let _ = thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(move || {
                if watched.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                    watching.bark();
                    let grace = limit.max(GRACE_MIN);
                    if watched.recv_timeout(grace) == Err(RecvTimeoutError::Timeout) {
                        eprintln!("{}", watching.report(limit.saturating_add(grace)));
                        std::process::abort();
                    }
                }
            });
        Self {
            shared,
            limit,
            _leash: leash,
        }
    }

    /// The report on a test that hangs. To be asked in every poll of the test.
    pub fn bites(&self, cx: &Context<'_>) -> Option<String> {
        let mut test = lock(&self.shared.test);
        if !test
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            *test = Some(cx.waker().clone());
        }
        drop(test);
        let barked = self.shared.barked.load(Ordering::Acquire);
        barked.then(|| self.shared.report(self.limit))
    }
}

impl Shared {
    fn bark(&self) {
        self.barked.store(true, Ordering::Release);
        let waker = lock(&self.test).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn report(&self, limit: Duration) -> String {
        let living = self.scope.living();
        let mut report = format!(
            "the test has not ended within {limit:?} of real time; {} processes and ports are alive",
            living.len()
        );
        for (pid, _) in living.iter().take(REPORTED_MAX) {
            report.push_str("\n  ");
            report.push_str(&describe(Some(&*self.scope), *pid));
            if let Some(info) = process_info(*pid) {
                report.push_str(&format!(", {} messages wait", info.mailbox_len));
                if let Some((message, _)) = info.current_message {
                    report.push_str(&format!(", runs {message}"));
                }
            }
        }
        report
    }
}
