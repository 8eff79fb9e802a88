//! Lanes: serial queues on a pool. A lane has at most one turn in the pool's queue, and a turn is
//! one job, so lanes are fair to each other.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::{Job, JobError, Pool, PoolCell, wrap};
use crate::panics::drop_quietly;
use crate::sync::{Mutex, lock};

/// A serial queue: its jobs run in order and one at a time, on whichever thread of the pool is
/// free. Clones share the lane. A lane is open as long as its pool.
///
/// ```
/// use guildhall_process::{Lane, Pool};
///
/// actix_rt::System::new().block_on(async {
///     let pool = Pool::new("files", 4, 100);
///     let lane = Lane::new(&pool, 10);
///     let (first, second) = (lane.run(|| "first"), lane.run(|| "second"));
///     assert_eq!(second.await, Ok("second"));
///     assert_eq!(first.await, Ok("first"));
/// });
/// ```
#[derive(Clone)]
pub struct Lane {
    pool: Pool,
    queue: Arc<Mutex<Queue>>,
    queue_max: usize,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// A turn is in the pool's queue or runs.
    scheduled: bool,
}

impl Lane {
    /// A new lane on `pool`, in which at most `queue_max` jobs wait.
    ///
    /// ```
    /// # use guildhall_process::{Lane, Pool};
    /// let pool = Pool::new("files", 4, 100);
    /// let (journal, index) = (Lane::new(&pool, 10), Lane::new(&pool, 10));
    /// assert_eq!(journal.queued() + index.queued(), 0);
    /// ```
    pub fn new(pool: &Pool, queue_max: usize) -> Self {
        Self {
            pool: pool.clone(),
            queue: Arc::default(),
            queue_max,
        }
    }

    /// Like [`Pool::run`], after all jobs of this lane before it.
    ///
    /// # Errors
    /// See [`JobError`]; `Full` comes without waiting.
    ///
    /// ```
    /// # use guildhall_process::{Lane, Pool};
    /// # actix_rt::System::new().block_on(async {
    /// let lane = Lane::new(&Pool::new("files", 4, 100), 10);
    /// assert!(lane.run(|| panic!("bang")).await.is_err());
    /// assert_eq!(lane.run(|| "the next one").await, Ok("the next one"));
    /// # });
    /// ```
    pub fn run<T, F>(
        &self,
        job: F,
    ) -> impl Future<Output = Result<T, JobError>> + Send + 'static + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (job, result) = wrap(job);
        let accepted = self.accept(job);
        async move {
            accepted?;
            result.await
        }
    }

    /// Jobs that wait in this lane.
    ///
    /// ```
    /// # use guildhall_process::{Lane, Pool};
    /// # actix_rt::System::new().block_on(async {
    /// let lane = Lane::new(&Pool::new("files", 4, 100), 10);
    /// lane.run(|| ()).await.unwrap();
    /// assert_eq!(lane.queued(), 0);
    /// # });
    /// ```
    pub fn queued(&self) -> usize {
        lock(&self.queue).jobs.len()
    }

    pub(super) fn accept(&self, job: Job) -> Result<(), JobError> {
        let mut job = Some(job);
        // The pool cannot be closed between the question and the turn.
        let accepted = self.pool.cell().while_open(|| {
            let mut queue = lock(&self.queue);
            if queue.jobs.len() >= self.queue_max {
                return (Err(JobError::Full), None);
            }
            queue.jobs.extend(job.take());
            let idle = !std::mem::replace(&mut queue.scheduled, true);
            (Ok(()), idle.then(|| turn(Arc::clone(&self.queue))))
        });
        drop_quietly(job);
        accepted.flatten()
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lane({} on {:?})", self.queued(), self.pool)
    }
}

fn turn(queue: Arc<Mutex<Queue>>) -> Job {
    Box::new(move |shift| {
        let job = lock(&queue).jobs.pop_front();
        let _next = Next {
            pool: Arc::clone(&shift.pool),
            queue,
        };
        if let Some(job) = job {
            job(shift);
        }
    })
}

/// Schedules the lane's next turn, also if this one ends in a panic.
struct Next {
    pool: Arc<PoolCell>,
    queue: Arc<Mutex<Queue>>,
}

impl Drop for Next {
    fn drop(&mut self) {
        let mut queue = lock(&self.queue);
        queue.scheduled = !queue.jobs.is_empty();
        let more = queue.scheduled;
        drop(queue);
        if more {
            self.pool.push_turn(turn(Arc::clone(&self.queue)));
        }
    }
}
