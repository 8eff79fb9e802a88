//! What the crate calls when it spawns a process, opens a port, begins a turn or handles a message;
//! see `crate::hooks` for the same without a test kit.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

use super::scope::{self, Scope};
use crate::cell::{Body, Cell};

pub(crate) use super::errand::errand;
pub(crate) use super::faults::message;
pub(crate) use super::scope::{budget, chance, clock, in_order};

/// The kit's hold on a process, from its spawn to its end; nothing where no kit is at work.
pub(crate) struct Hold(Option<Lease>);

/// Counts a process as busy from each wake to the end of the turn that follows, and from its spawn
/// to the end of its first turn. Ended by the drop.
struct Lease(Arc<Held>);

struct Held {
    scope: Arc<Scope>,
    /// Woken since its last turn began. After the end always set, so that nobody counts it again.
    woken: AtomicBool,
    task: AtomicWaker,
}

impl Hold {
    pub fn on<B: Body + 'static>(cell: &Arc<Cell<B>>) -> Self {
        Self(scope::current().map(|scope| {
            scope.adopt(cell);
            scope.begin_work();
            Lease(Arc::new(Held {
                scope,
                woken: AtomicBool::new(true),
                task: AtomicWaker::new(),
            }))
        }))
    }

    pub fn spawn(self, process: impl Future<Output = ()> + 'static) {
        match self.0 {
            None => drop(actix_rt::spawn(process)),
            Some(lease) => drop(actix_rt::spawn(Watched {
                process: Some(Box::pin(process)),
                lease,
            })),
        }
    }
}

/// A port belongs to the test that opens it.
pub(crate) fn adopt_port<B: Body + 'static>(cell: &Arc<Cell<B>>) {
    if let Some(scope) = scope::current() {
        scope.adopt(cell);
    }
}

impl Wake for Held {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.scope.begin_work();
        }
        self.task.wake();
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.0.woken.swap(true, Ordering::AcqRel) {
            self.0.scope.end_work();
        }
    }
}

/// A process under a kit: its turns are counted, and held back where the interleaving says so.
struct Watched {
    process: Option<Pin<Box<dyn Future<Output = ()>>>>,
    lease: Lease,
}

impl Future for Watched {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let held = &this.lease.0;
        held.task.register(cx.waker());
        let Some(process) = this.process.as_mut() else {
            return Poll::Ready(());
        };
        if held.scope.holds_back() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let due = held.woken.swap(false, Ordering::AcqRel);
        held.scope.count_turn();
        let _entered = scope::enter(Some(Arc::clone(&held.scope)));
        let waker = Waker::from(Arc::clone(held));
        let polled = process.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_ready() {
            this.process = None;
        }
        if due {
            held.scope.end_work();
        }
        polled
    }
}

impl Drop for Watched {
    // What a process does at its end belongs to its test as well.
    fn drop(&mut self) {
        let _entered = scope::enter(Some(Arc::clone(&self.lease.0.scope)));
        self.process = None;
    }
}
