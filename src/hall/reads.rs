//! Reads that are given up at their deadline. A database that hangs hangs the thread of the read too: it is
//! counted until it comes back, and while all threads hang no more reads are begun. With a database on the
//! network they are given up then, for what was lost there never comes. Called by `Hall::read`.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guildhall_process::Pool;

/// Crews that were given up and of which some threads hang still; with so many no other one is hired.
const CREWS_MAX: usize = 8;

/// The threads that read.
pub struct Readers {
    threads: usize,
    queue_max: usize,
    crews: Mutex<Crews>,
}

struct Crews {
    present: Crew,
    former: Vec<HungReads>,
}

/// Some threads, and how many of them hang.
#[derive(Clone)]
pub(super) struct Crew {
    pub pool: Pool,
    pub hung: HungReads,
}

impl Crew {
    fn new(threads: usize, queue_max: usize) -> Self {
        Self {
            pool: Pool::new("readers", threads, queue_max),
            hung: HungReads::default(),
        }
    }
}

impl Readers {
    pub(super) fn new(threads: usize, queue_max: usize) -> Self {
        let present = Crew::new(threads, queue_max);
        let former = Vec::new();
        Self {
            threads,
            queue_max,
            crews: Mutex::new(Crews { present, former }),
        }
    }

    /// The present threads.
    #[must_use]
    pub fn pool(&self) -> Pool {
        self.lock().present.pool.clone()
    }

    /// Who may begin a read; `None` while all hang, who are replaced if they `may_be_given_up`.
    pub(super) fn on_duty(&self, may_be_given_up: bool) -> Option<Crew> {
        let mut crews = self.lock();
        let all_hang = |crew: &Crew| crew.hung.count() >= self.threads;
        if all_hang(&crews.present) && may_be_given_up {
            crews.former.retain(|it| it.count() > 0);
            if crews.former.len() < CREWS_MAX {
                log::error!("all readers hang: they are given up for others");
                let fresh = Crew::new(self.threads, self.queue_max);
                let former = mem::replace(&mut crews.present, fresh);
                crews.former.push(former.hung);
            }
        }
        (!all_hang(&crews.present)).then(|| crews.present.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Crews> {
        self.crews.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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

    /// Nobody waits for it any more; true when it hangs.
    pub fn give_up(&self) -> bool {
        let before = self.step(|stage| match stage {
            Stage::Waits => Stage::NotWanted,
            Stage::Runs => Stage::Hangs,
            other => other,
        });
        if before == Stage::Runs {
            self.hung.0.fetch_add(1, Ordering::Relaxed);
        }
        before == Stage::Runs
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
