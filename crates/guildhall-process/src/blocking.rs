//! A pool of threads for blocking jobs. A job that panics costs nobody a thread, and a thread that
//! dies all the same is replaced; the queue is bounded. The threads end when the pool is closed and
//! the accepted jobs are done. Their work is in `shared.rs`, serial queues are in `lane.rs`.

mod lane;
mod shared;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::cell::{Cell, Label};
use crate::hooks;
use crate::panics::{self, catch};
use crate::pid::Pid;
use crate::signals;
use crate::table;

pub use lane::Lane;
use shared::{Job, PoolCell, Shared};

/// Why a job has no result.
///
/// ```
/// use guildhall_process::{JobError, Pool};
///
/// actix_rt::System::new().block_on(async {
///     let pool = Pool::new("sums", 1, 0);
///     assert_eq!(pool.run(|| 40 + 2).await, Err(JobError::Full), "nothing may wait in it");
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobError {
    /// It panicked, with this message.
    Panicked(String),
    /// The queue is full; the job was not accepted.
    Full,
    /// The pool is closed, or could start no thread; the job was not accepted.
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
///
/// ```
/// # use guildhall_process::{Pool, PoolStats};
/// let stats: PoolStats = Pool::new("sums", 2, 100).stats();
/// assert_eq!((stats.threads, stats.queued, stats.done), (2, 0, 0));
/// ```
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
    /// Threads that serve it.
    pub threads: usize,
    /// Threads that died and were replaced.
    pub replaced: u64,
}

/// A pool of threads for blocking jobs, with a pid of its own: it shows on the status page and in
/// the tree (kind `pool`), can be monitored, and an exit signal closes it. Clones share the pool.
///
/// A pool that is closed ([`Pool::close`], the drop of the last handle, an exit signal) accepts no
/// more jobs; those it has accepted are still run. It ends when its last thread has gone.
///
/// ```
/// use guildhall_process::{Pool, process_info};
///
/// actix_rt::System::new().block_on(async {
///     let pool = Pool::new("sums", 2, 100);
///     assert_eq!(pool.run(|| 40 + 2).await, Ok(42));
///     assert!(pool.run(|| panic!("bang")).await.is_err());
///     assert_eq!((pool.stats().done, pool.stats().panicked), (2, 1));
///     assert_eq!(process_info(pool.pid()).unwrap().kind, "pool");
///     pool.close().await;
/// });
/// ```
#[derive(Clone)]
pub struct Pool {
    handle: Arc<Handle>,
}

/// The last one of these closes the pool.
struct Handle(Arc<PoolCell>);

impl Pool {
    /// Starts `threads` threads (at least one) named after the pool. At most `queue_max` jobs wait.
    ///
    /// ```
    /// # use guildhall_process::Pool;
    /// let pool = Pool::new("database", 4, 1000);
    /// assert_eq!(pool.stats().threads, 4);
    /// ```
    pub fn new(name: &'static str, threads: usize, queue_max: usize) -> Self {
        Self::open(None, name, threads, queue_max)
    }

    /// [`Pool::new`] as a child of a process: linked to it, so that it closes when the parent
    /// breaks or is shut down, and shown below it in the tree.
    ///
    /// ```
    /// use guildhall_process::{Pool, Process, Spawn, spawn, tree};
    ///
    /// struct Store;
    ///
    /// impl Process for Store {
    ///     const KIND: &'static str = "store";
    /// }
    ///
    /// actix_rt::System::new().block_on(async {
    ///     let store = spawn(Spawn::new(), || Store);
    ///     let pool = Pool::child_of(store.pid(), "queries", 4, 100);
    ///     assert_eq!(tree(store.pid()).unwrap().children[0].info.pid, pool.pid());
    /// });
    /// ```
    pub fn child_of(parent: Pid, name: &'static str, threads: usize, queue_max: usize) -> Self {
        Self::open(Some(parent), name, threads, queue_max)
    }

    fn open(parent: Option<Pid>, name: &'static str, threads: usize, queue_max: usize) -> Self {
        panics::install_hook();
        let label = Label {
            name: Some(name.into()),
            child: None,
        };
        let cell = Arc::new(Cell::new(parent, label, Shared::new(name, queue_max)));
        table::insert(cell.clone());
        hooks::adopt_port(&cell);
        shared::staff(&cell, threads.max(1));
        if let Some(parent) = parent {
            signals::link(cell.clone(), parent);
        }
        Self {
            handle: Arc::new(Handle(cell)),
        }
    }

    /// The pool's pid.
    ///
    /// ```
    /// # use guildhall_process::{Pool, is_alive};
    /// let pool = Pool::new("database", 4, 1000);
    /// assert!(is_alive(pool.pid()));
    /// ```
    pub fn pid(&self) -> Pid {
        self.cell().pid
    }

    /// Queues a job at once; the future waits for its result, on any thread. The job runs even if
    /// the future is dropped.
    ///
    /// # Errors
    /// See [`JobError`]; `Full` comes without waiting.
    ///
    /// ```
    /// # use guildhall_process::Pool;
    /// # actix_rt::System::new().block_on(async {
    /// let pool = Pool::new("files", 4, 100);
    /// let text = pool.run(|| std::fs::read_to_string("Cargo.toml")).await;
    /// assert!(text.unwrap().is_ok());
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
        let accepted = self.cell().accept(job);
        async move {
            accepted?;
            result.await
        }
    }

    /// Closes the pool at once, also for its other handles. Who awaits the future waits until the
    /// accepted jobs are done and the threads have gone; who drops it does not.
    ///
    /// ```
    /// # use guildhall_process::{JobError, Pool};
    /// # actix_rt::System::new().block_on(async {
    /// let pool = Pool::new("files", 4, 100);
    /// let accepted = pool.run(|| "done");
    /// pool.close().await;
    /// assert_eq!(accepted.await, Ok("done"));
    /// assert_eq!(pool.run(|| "late").await, Err(JobError::Closed));
    /// # });
    /// ```
    pub fn close(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let down = signals::watch(self.pid());
        self.cell().close();
        async move {
            down.await;
        }
    }

    /// The pool at this moment.
    ///
    /// ```
    /// # use guildhall_process::Pool;
    /// # actix_rt::System::new().block_on(async {
    /// let pool = Pool::new("files", 4, 100);
    /// pool.run(|| ()).await.unwrap();
    /// assert_eq!(pool.stats().done, 1);
    /// # });
    /// ```
    pub fn stats(&self) -> PoolStats {
        self.cell().body.stats()
    }

    pub(crate) fn cell(&self) -> &Arc<PoolCell> {
        &self.handle.0
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({} {})", self.cell().body.name(), self.pid())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The result of a job. A future that is dropped with a result in it drops a user's value.
struct Outcome<T>(Option<oneshot::Receiver<Result<T, JobError>>>);

impl<T> Future for Outcome<T> {
    type Output = Result<T, JobError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(result) = &mut self.0 else {
            return Poll::Ready(Err(JobError::Closed));
        };
        let result = Pin::new(result).poll(cx);
        result.map(|result| result.unwrap_or(Err(JobError::Closed)))
    }
}

impl<T> Drop for Outcome<T> {
    fn drop(&mut self) {
        panics::drop_quietly(self.0.take());
    }
}

/// Joins a job with the sending of its result.
fn wrap<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> (Job, Outcome<T>) {
    let (tx, rx) = oneshot::channel();
    let errand = hooks::errand();
    let job: Job = Box::new(move |shift| {
        let result = catch(job).map_err(|fault| JobError::Panicked(fault.message));
        // Before the result: who has it finds the job in the statistics.
        shift.finished(result.is_err());
        // A result that nobody wants is dropped here, and it is a user's value.
        panics::drop_quietly(tx.send(result));
        drop(errand);
    });
    (job, Outcome(Some(rx)))
}

#[cfg(test)]
mod tests;
