//! Which tasks of a process have been woken. Wakers come from any thread, and more than once.

use std::mem;
use std::sync::Arc;
use std::task::{Wake, Waker};

use futures_util::task::AtomicWaker;

use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, lock};

/// Names a task within its process; a later one is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TaskId(u64);

impl TaskId {
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The tasks that have been woken since somebody last looked.
#[derive(Default)]
pub(super) struct Ready(Arc<Woken>);

#[derive(Default)]
struct Woken {
    ids: Mutex<Vec<TaskId>>,
    /// The process.
    waker: AtomicWaker,
}

/// The waker of one task.
pub(super) struct Bell {
    id: TaskId,
    /// It is among the woken already: however often it rings, it is there once.
    rung: AtomicBool,
    woken: Arc<Woken>,
}

impl Ready {
    pub fn bell(&self, id: TaskId) -> Arc<Bell> {
        Arc::new(Bell {
            id,
            rung: AtomicBool::new(false),
            woken: Arc::clone(&self.0),
        })
    }

    /// Whom a bell wakes. To be said before [`Ready::take`], so that none rings unheard.
    pub fn wakes(&self, process: &Waker) {
        self.0.waker.register(process);
    }

    /// The woken, in the order of their start; `due` must be empty, and lends its memory.
    pub fn take(&self, due: &mut Vec<TaskId>) {
        mem::swap(due, &mut lock(&self.0.ids));
        due.sort_unstable();
    }

    /// Is polled in the next turn, which follows in any case.
    pub fn put_back(&self, bell: &Bell) {
        if !bell.rung.swap(true, Ordering::AcqRel) {
            lock(&self.0.ids).push(bell.id);
        }
    }
}

impl Bell {
    /// Before the task is polled: whoever rings from now on has something new. Who rang before is heard by the poll,
    /// also if the bell was rung already: a swap sees what they have done, which a store would not.
    pub fn reset(&self) {
        self.rung.swap(false, Ordering::AcqRel);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            lock(&self.woken.ids).push(self.id);
            self.woken.waker.wake();
        }
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests;
