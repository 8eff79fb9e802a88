//! The store process: owns the one writing connection and the thread it lives on. Child of `core`,
//! permanent, named. A flush that panics costs the connection, not the process: the next flush opens a
//! new one. One that hangs on the network costs the thread too: the database ends what the old connection had
//! begun before the new one writes. Reads do not come here (`Hall::read`).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use guildhall_process::{Ctx, ExitReason, Handle, Init, Pool, Process, ReplyTo};
use guildhall_store::write_behind::{Batch, BatchReport};
use guildhall_store::{StoreError, Writer};

use crate::hall::HallRef;

/// The writing connection while no flush uses it.
type Idle = Arc<Mutex<Option<Writer>>>;

/// A flush to another host that has no answer by then is given up, and its connection with it: short enough that
/// everything is saved within 10 s of the network's return, the longest wait for a connection included.
const HANG_MIN: Duration = Duration::from_secs(5);
/// It doubles with each flush that hangs, up to this: a database that is only slow comes to its end.
pub(crate) const HANG_MAX: Duration = Duration::from_secs(25);

/// See the file's head.
pub struct Store {
    hall: HallRef,
    thread: Pool,
    idle: Idle,
    /// Flushes that hung since the last one that did not.
    hangs: u32,
    /// Threads given up so far.
    given_up: u64,
}

/// Write this batch in one transaction.
pub struct Flush {
    /// Sorted units.
    pub batch: Batch,
    /// The report after the commit, or why nothing of the batch was committed.
    pub reply: ReplyTo<Result<BatchReport, StoreError>>,
}

impl Store {
    /// A writer of the hall's database.
    #[must_use]
    pub fn new(hall: HallRef) -> Self {
        Self {
            hall,
            thread: thread(),
            idle: Idle::default(),
            hangs: 0,
            given_up: 0,
        }
    }

    /// How long a flush may take; for ever where the database is a file, whose lock nobody else gets anyway.
    fn patience(&self) -> Duration {
        match self.hall.database.path() {
            Some(_) => Duration::MAX,
            None => {
                let doubled = 2_u32.saturating_pow(self.hangs);
                HANG_MIN.saturating_mul(doubled).min(HANG_MAX)
            }
        }
    }

    /// What a file needs between flushes, once the answer is out.
    fn rest(&self) {
        if self.hall.database.path().is_none() {
            return;
        }
        let idle = Arc::clone(&self.idle);
        drop(self.thread.run(move || {
            let resting = idle.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(mut writer) = resting {
                writer.rest();
                // One that panicked is not put back.
                *idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
            }
        }));
    }

    /// Leaves the thread to its fate, with its connection.
    fn give_up(&mut self) {
        log::error!("the database hangs: its connection is given up, and another one opened");
        self.hangs = self.hangs.saturating_add(1);
        self.given_up = self.given_up.saturating_add(1);
        self.thread = thread();
        self.idle = Idle::default();
        self.hall.database.give_up_writer();
    }
}

fn thread() -> Pool {
    Pool::new("writer", 1, 4)
}

impl Process for Store {
    const KIND: &'static str = "store";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        match self.hall.store.register(&ctx.me()) {
            Ok(()) => Init::Ready,
            Err(taken) => Init::Fail(ExitReason::error(taken.to_string())),
        }
    }
}

impl Handle<Flush> for Store {
    fn handle(&mut self, Flush { batch, reply }: Flush, ctx: &mut Ctx<Self>) {
        let database = self.hall.database.clone();
        let idle = Arc::clone(&self.idle);
        let job = self.thread.run(move || {
            let resting = idle.lock().unwrap_or_else(PoisonError::into_inner).take();
            let mut writer = match resting {
                Some(writer) => writer,
                None => database.writer()?,
            };
            let report = writer.flush(&batch);
            // A writer that panicked or whose batch failed as a whole is not put back.
            if report.is_ok() {
                *idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
            }
            report
        });
        let (patience, on) = (self.patience(), self.given_up);
        ctx.run(
            tokio::time::timeout(patience, job),
            move |this, report, _| {
                let ended = match report {
                    Ok(ended) => {
                        // A statement that was given up for its length is no sign that the next will be quick.
                        if matches!(ended, Ok(Ok(_))) {
                            this.hangs = 0;
                        }
                        ended.map_err(|error| error.to_string())
                    }
                    Err(_) => {
                        if this.given_up == on {
                            this.give_up();
                        }
                        Err(format!("no answer within {} s", patience.as_secs()))
                    }
                };
                reply.send(ended.unwrap_or_else(|detail| {
                    log::error!("a flush did not end: {detail}");
                    Err(StoreError::Unavailable { detail })
                }));
                this.rest();
            },
        );
    }
}
