//! The store process: owns the one writing connection and the thread it lives on. Child of `core`,
//! permanent, named. A flush that panics costs the connection, not the process: the next flush opens a
//! new one. Reads do not come here (`Hall::read`).

use std::sync::{Arc, Mutex, PoisonError};

use guildhall_process::{Ctx, ExitReason, Handle, Init, Pool, Process, ReplyTo};
use guildhall_store::write_behind::{Batch, BatchReport};
use guildhall_store::{StoreError, Writer};

use crate::hall::HallRef;

/// The writing connection while no flush uses it.
type Idle = Arc<Mutex<Option<Writer>>>;

/// See the file's head.
pub struct Store {
    hall: HallRef,
    thread: Pool,
    idle: Idle,
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
            thread: Pool::new("writer", 1, 4),
            idle: Idle::default(),
        }
    }
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
        ctx.run(job, |_, report, _| {
            let report = report.unwrap_or_else(|error| {
                log::error!("a flush did not end: {error}");
                Err(StoreError::Unavailable {
                    detail: error.to_string(),
                })
            });
            reply.send(report);
        });
    }
}
