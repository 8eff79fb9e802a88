//! A pool of threads for blocking jobs. A job that panics costs nobody a thread; the queue is
//! bounded. The threads end when the last handle is dropped and the accepted jobs are done.

mod lane;

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use crate::panics::{self, catch};
use crate::sync::lock;

pub use lane::Lane;

/// Why a job has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobError {
    /// It panicked, with this message.
    Panicked(String),
    /// The queue is full; the job was not accepted.
    Full,
    /// The pool has no threads; the job was not run.
    Closed,
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(message) => write!(f, "the job panicked: {message}"),
            Self::Full => f.write_str("the job queue is full"),
            Self::Closed => f.write_str("the pool is closed"),
        }
    }
}

impl std::error::Error for JobError {}

/// A pool at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStats {
    /// Jobs that wait; a lane counts as one job however long it is.
    pub queued: usize,
    /// Jobs that run.
    pub running: usize,
    /// Jobs that have ended, with those that panicked.
    pub done: u64,
    /// Jobs that have panicked.
    pub panicked: u64,
}

/// A handle of a pool; clones share the pool.
#[derive(Clone)]
pub struct Pool {
    handle: Arc<Handle>,
}

/// The last one of these closes the pool.
struct Handle(Arc<Shared>);

pub(crate) struct Shared {
    name: &'static str,
    queue_max: usize,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    closed: bool,
    stats: PoolStats,
}

/// Never panics, and reports to the pool when the user's part of it is done.
type Job = Box<dyn FnOnce(&Arc<Shared>) + Send>;

impl Pool {
    /// Starts `threads` threads (at least one) named after the pool. At most `queue_max` jobs wait.
    pub fn new(name: &'static str, threads: usize, queue_max: usize) -> Self {
        panics::install_hook();
        let shared = Arc::new(Shared {
            name,
            queue_max,
            state: Mutex::default(),
            work: Condvar::new(),
        });
        let started = (0..threads.max(1))
            .filter(|_| start_thread(&shared))
            .count();
        lock(&shared.state).closed = started == 0;
        Self {
            handle: Arc::new(Handle(shared)),
        }
    }

    /// Queues a job at once; the future waits for its result, on any thread. The job runs even if
    /// the future is dropped.
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
        let refused = self.shared().accept(job).err();
        async move {
            match refused {
                Some(error) => Err(error),
                None => result.await.unwrap_or(Err(JobError::Closed)),
            }
        }
    }

    /// The pool at this moment.
    pub fn stats(&self) -> PoolStats {
        let state = lock(&self.shared().state);
        PoolStats {
            queued: state.queue.len(),
            ..state.stats
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.handle.0
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({})", self.shared().name)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        lock(&self.0.state).closed = true;
        self.0.work.notify_all();
    }
}

impl Shared {
    fn accept(&self, job: Job) -> Result<(), JobError> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(JobError::Closed);
        }
        if state.queue.len() >= self.queue_max {
            return Err(JobError::Full);
        }
        state.queue.push_back(job);
        drop(state);
        self.work.notify_one();
        Ok(())
    }

    /// Queues the next turn of a lane: not bounded (each lane has one turn at most) and also in a
    /// closed pool, because its jobs have been accepted.
    fn push_turn(&self, job: Job) {
        lock(&self.state).queue.push_back(job);
        self.work.notify_one();
    }

    fn next(&self) -> Option<Job> {
        let mut state = lock(&self.state);
        loop {
            if let Some(job) = state.queue.pop_front() {
                state.stats.running += 1;
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self
                .work
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finished(&self, panicked: bool) {
        let mut state = lock(&self.state);
        state.stats.running -= 1;
        state.stats.done += 1;
        state.stats.panicked += u64::from(panicked);
    }
}

/// Joins a job with the sending of its result.
fn wrap<T: Send + 'static>(
    job: impl FnOnce() -> T + Send + 'static,
) -> (Job, oneshot::Receiver<Result<T, JobError>>) {
    let (tx, rx) = oneshot::channel();
    let job: Job = Box::new(move |pool| {
        let result = catch(job).map_err(|fault| JobError::Panicked(fault.message));
        // Before the result: who has it finds the job in the statistics.
        pool.finished(result.is_err());
        // A result that nobody wants is dropped here, and it is a user's value.
        panics::drop_quietly(tx.send(result));
    });
    (job, rx)
}

fn start_thread(shared: &Arc<Shared>) -> bool {
    let pool = Arc::clone(shared);
    let started = thread::Builder::new()
        .name(shared.name.to_owned())
        .spawn(move || {
            while let Some(job) = pool.next() {
                job(&pool);
            }
        });
    if let Err(error) = &started {
        log::error!("pool {} could not start a thread: {error}", shared.name);
    }
    started.is_ok()
}
