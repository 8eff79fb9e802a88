//! Lanes: serial queues on a pool. A lane has at most one turn in the pool's queue, and a turn is
//! one job, so lanes are fair to each other.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};

use super::{Job, JobError, Pool, Shared, wrap};
use crate::sync::lock;

/// A serial queue: its jobs run in order and one at a time, on whichever thread of the pool is
/// free. Clones share the lane.
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
            result.await.unwrap_or(Err(JobError::Closed))
        }
    }

    /// Jobs that wait in this lane.
    pub fn queued(&self) -> usize {
        lock(&self.queue).jobs.len()
    }

    fn accept(&self, job: Job) -> Result<(), JobError> {
        let shared = self.pool.shared();
        if lock(&shared.state).closed {
            return Err(JobError::Closed);
        }
        let mut queue = lock(&self.queue);
        if queue.jobs.len() >= self.queue_max {
            return Err(JobError::Full);
        }
        queue.jobs.push_back(job);
        let idle = !queue.scheduled;
        queue.scheduled = true;
        drop(queue);
        if idle {
            shared.push_turn(turn(Arc::clone(&self.queue)));
        }
        Ok(())
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lane({} on {:?})", self.queued(), self.pool)
    }
}

fn turn(queue: Arc<Mutex<Queue>>) -> Job {
    Box::new(move |shared: &Arc<Shared>| {
        let job = lock(&queue).jobs.pop_front();
        if let Some(job) = job {
            job(shared);
        }
        let mut state = lock(&queue);
        state.scheduled = !state.jobs.is_empty();
        let more = state.scheduled;
        drop(state);
        if more {
            shared.push_turn(turn(queue));
        }
    })
}
