//! What the handles and the threads of a pool share: the queue, and the rule that a thread which
//! dies is replaced. It is the body of a port's cell: the pool has a pid, shows on the status page,
//! and ends like any other process, when its last thread has gone.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread;

use super::{JobError, PoolStats};
use crate::cell::{Body, Cell};
use crate::exit::ExitReason;
use crate::letter::Note;
use crate::panics::{catch, drop_quietly, log_error};
use crate::signals::die;
use crate::sync::{Condvar, Mutex, lock, now_ns};

/// Tells the shift when the user's part of it is done.
pub(crate) type Job = Box<dyn FnOnce(&mut Shift) + Send>;

pub(crate) type PoolCell = Cell<Shared>;

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
    threads: usize,
    stats: PoolStats,
}

impl Shared {
    pub fn new(name: &'static str, queue_max: usize) -> Self {
        Self {
            name,
            queue_max,
            state: Mutex::default(),
            work: Condvar::new(),
        }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    pub fn stats(&self) -> PoolStats {
        let state = lock(&self.state);
        PoolStats {
            queued: state.queue.len(),
            threads: state.threads,
            ..state.stats
        }
    }

    /// Accepts no more jobs; true if no thread is left to say so.
    fn refuse(&self) -> bool {
        let mut state = lock(&self.state);
        state.closed = true;
        self.work.notify_all();
        state.threads == 0
    }
}

impl Body for Shared {
    fn kind(&self) -> &'static str {
        "pool"
    }

    fn class(&self) -> &'static str {
        "port"
    }

    fn mailbox_max(&self) -> usize {
        self.queue_max
    }

    // A pool neither traps exits nor monitors, so nothing is ever pushed.
    fn push(&self, _note: Note) {}

    fn interrupt(&self, cell: &Cell) {
        if self.refuse() {
            die(cell, cell.pending_exit().unwrap_or(ExitReason::Normal));
        }
    }

    fn details(&self) -> Option<String> {
        let stats = self.stats();
        let (busy, threads) = (stats.running, stats.threads);
        let (panicked, replaced) = (stats.panicked, stats.replaced);
        Some(format!(
            "{busy} of {threads} threads busy, {panicked} jobs panicked, {replaced} threads replaced"
        ))
    }
}

impl Cell<Shared> {
    pub fn close(&self) {
        if self.body.refuse() {
            die(self, ExitReason::Normal);
        }
    }

    /// Queues a job; a refused one is dropped.
    pub fn accept(&self, job: Job) -> Result<(), JobError> {
        let refused = {
            let mut state = lock(&self.body.state);
            if state.closed {
                (JobError::Closed, job)
            } else if state.queue.len() >= self.body.queue_max {
                (JobError::Full, job)
            } else {
                self.push(&mut state, job);
                return Ok(());
            }
        };
        drop_quietly(refused.1);
        Err(refused.0)
    }

    /// Runs `f` while the pool is open and cannot be closed, and queues the turn of a lane that it
    /// may return: not bounded, because each lane has one turn at most.
    pub fn while_open<T>(&self, f: impl FnOnce() -> (T, Option<Job>)) -> Result<T, JobError> {
        let mut state = lock(&self.body.state);
        if state.closed {
            return Err(JobError::Closed);
        }
        let (answer, turn) = f();
        if let Some(turn) = turn {
            self.push(&mut state, turn);
        }
        Ok(answer)
    }

    /// Queues the next turn of a lane, also in a closed pool: its jobs have been accepted.
    pub fn push_turn(&self, job: Job) {
        self.push(&mut lock(&self.body.state), job);
    }

    fn push(&self, state: &mut State, job: Job) {
        state.queue.push_back(job);
        self.mailbox_len.store(state.queue.len(), Ordering::Relaxed);
        self.body.work.notify_one();
    }

    fn next(&self) -> Option<Job> {
        let mut state = lock(&self.body.state);
        loop {
            if let Some(job) = state.queue.pop_front() {
                self.mailbox_len.store(state.queue.len(), Ordering::Relaxed);
                state.stats.running += 1;
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self
                .body
                .work
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A thread could not be started. A pool without threads is closed.
    fn miss_thread(&self) {
        let mut state = lock(&self.body.state);
        state.closed |= state.threads == 1;
        drop(state);
        self.leave();
    }

    /// A thread has gone because the pool is closed. The last one ends the pool.
    fn leave(&self) {
        let mut state = lock(&self.body.state);
        state.threads -= 1;
        let last = state.threads == 0;
        drop(state);
        if last {
            die(self, self.pending_exit().unwrap_or(ExitReason::Normal));
        }
    }
}

/// One thread's time at work.
pub(crate) struct Shift {
    pub pool: Arc<PoolCell>,
    busy: bool,
}

impl Shift {
    /// The user's part of the job is done.
    pub fn finished(&mut self, panicked: bool) {
        if !std::mem::take(&mut self.busy) {
            return;
        }
        let mut state = lock(&self.pool.body.state);
        state.stats.running -= 1;
        state.stats.done += 1;
        state.stats.panicked += u64::from(panicked);
        self.pool.handled.store(state.stats.done, Ordering::Relaxed);
    }

    fn work(&mut self) {
        while let Some(job) = self.pool.next() {
            self.busy = true;
            let began = now_ns();
            job(self);
            self.finished(false);
            let spent = now_ns().saturating_sub(began);
            self.pool.run_ns.fetch_add(spent, Ordering::Relaxed);
        }
    }
}

/// Starts `threads` threads; a pool that gets none is closed at once.
pub(super) fn staff(pool: &Arc<PoolCell>, threads: usize) {
    lock(&pool.body.state).threads = threads;
    for _ in 0..threads {
        if !start_thread(pool) {
            pool.miss_thread();
        }
    }
}

fn start_thread(pool: &Arc<PoolCell>) -> bool {
    let shared = Arc::clone(pool);
    // A thread of such a name cannot be made.
    let name = pool.body.name.replace('\0', "");
    let started = thread::Builder::new()
        .name(name)
        .spawn(move || serve(shared));
    if let Err(error) = &started {
        let name = pool.body.name;
        log_error(format_args!(
            "pool {name} could not start a thread: {error}"
        ));
    }
    started.is_ok()
}

/// The life of a thread. What no job should do, but one might, is to panic outside of `catch`.
fn serve(pool: Arc<PoolCell>) {
    loop {
        let mut shift = Shift {
            pool: Arc::clone(&pool),
            busy: false,
        };
        let Err(fault) = catch(|| shift.work()) else {
            return pool.leave();
        };
        shift.finished(true);
        let name = pool.body.name;
        let message = fault.message;
        log_error(format_args!(
            "a thread of pool {name} died and is replaced: {message}"
        ));
        lock(&pool.body.state).stats.replaced += 1;
        // A new thread has no traces of the panic; this one goes on only where there can be none.
        if start_thread(&pool) {
            return;
        }
    }
}
