//! Reads that are given up at their deadline. A database that hangs hangs the thread of the read too: it is
//! counted until it comes back, and while all threads hang no more reads are begun. Called by `Hall::read`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How many threads hang in reads that nobody waits for any more.
#[derive(Clone, Default)]
pub(super) struct HungReads(Arc<AtomicUsize>);

/// How far one read is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waits,
    Runs,
    /// Given up before it ran: it need not.
    NotWanted,
    /// Given up while it ran.
    Hangs,
    Ended,
}

/// One read, shared by its thread and by who waits for it.
#[derive(Clone)]
pub(super) struct Reading {
    hung: HungReads,
    stage: Arc<Mutex<Stage>>,
}

/// The read is running; dropped when it ends, by a panic too.
pub(super) struct Running(Reading);

impl HungReads {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub fn reading(&self) -> Reading {
        Reading {
            hung: self.clone(),
            stage: Arc::new(Mutex::new(Stage::Waits)),
        }
    }
}

impl Reading {
    /// Called on the thread; `None` when nobody wants the read any more.
    pub fn begin(self) -> Option<Running> {
        let before = self.step(|stage| match stage {
            Stage::Waits => Stage::Runs,
            other => other,
        });
        (before == Stage::Waits).then_some(Running(self))
    }

    /// Nobody waits for it any more.
    pub fn give_up(&self) {
        let before = self.step(|stage| match stage {
            Stage::Waits => Stage::NotWanted,
            Stage::Runs => Stage::Hangs,
            other => other,
        });
        if before == Stage::Runs {
            self.hung.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The stage that was.
    fn step(&self, next: impl FnOnce(Stage) -> Stage) -> Stage {
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *stage;
        *stage = next(before);
        before
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.step(|_| Stage::Ended) == Stage::Hangs {
            self.0.hung.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
