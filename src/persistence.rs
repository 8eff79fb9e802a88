//! The persistence process: takes writes up, lets the engine coalesce and batch them, has the store flush
//! each batch, and hands every receipt back after the commit. Child of `core`, permanent, named. Its dirty
//! map is shared with its successor, so a crash loses nothing that was taken up. The only file of the
//! server that knows the write-behind engine's buffer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use guildhall_process::{
    CallError, Ctx, ExitReason, Handle, Init, Process, ReplyTo, SendError, TimerRef,
};
use guildhall_protocol::{Code, Refusal};
use guildhall_store::write_behind::{
    Batch, BatchReport, Buffer, BufferLimits, BufferStats, EntityKey, Present, RejectReason, Save,
    WriteRefusal,
};
use serde_json::json;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::hall::{CALL_TIMEOUT, Hall, HallRef};
use crate::store::Flush;

pub use guildhall_store::changes::{self, Change, InviteKind, NameOwner, OwnerKind};
pub use guildhall_store::write_behind::{Author, Cause, EntityKind, Outcome, Write};

/// A flush that has not answered by then is given again; the watermark tells whether it was committed.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(30);
/// Schema version of the states that clients send: free JSON.
pub const STATE_SCHEMA_VERSION: u16 = 1;

type Receipt = oneshot::Sender<Decided>;

/// The dirty map; outlives the process that drives it.
#[derive(Clone)]
pub struct DirtyMap(Arc<Mutex<Buffer<Receipt>>>);

impl DirtyMap {
    /// An empty map with the bounds of the configuration.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        let limits = &hall.config.limits;
        Self(Arc::new(Mutex::new(Buffer::new(BufferLimits {
            dirty_max: limits.dirty_max,
            dirty_bytes_max: limits.dirty_bytes_max,
            batch_rows_max: limits.batch_rows_max,
            window: Duration::from_millis(limits.flush_window_ms),
        }))))
    }

    /// The engine leaves no half-made state behind a panic, so a poisoned lock is only a record of one.
    fn lock(&self) -> MutexGuard<'_, Buffer<Receipt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See the file's head.
pub struct Persistence {
    hall: HallRef,
    dirty: DirtyMap,
    timer: Option<TimerRef>,
    /// Who waits, for what before which mark of the engine.
    draining: Vec<(Pending, u64, ReplyTo<()>)>,
}

/// Take this write up; the receipt comes after the commit.
pub struct Submit {
    write: Write,
    receipt: Receipt,
}

/// What a [`Drain`] waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// Every write.
    Everything,
    /// Changes; saves may go on waiting for company.
    Changes,
}

/// Answer once what was taken up before is committed or refused.
pub struct Drain {
    /// All of it or a part.
    pub pending: Pending,
    /// Who waits for it.
    pub reply: ReplyTo<()>,
}

/// Figures for the status page.
pub struct Figures {
    /// Who asks.
    pub reply: ReplyTo<BufferStats>,
}

struct FlushDue;

impl Persistence {
    /// Drives `dirty`.
    #[must_use]
    pub fn new(hall: HallRef, dirty: DirtyMap) -> Self {
        Self {
            hall,
            dirty,
            timer: None,
            draining: Vec::new(),
        }
    }
}

impl Pending {
    fn decided(self, dirty: &Buffer<Receipt>, mark: u64) -> bool {
        match self {
            Self::Everything => dirty.decided_before(mark),
            Self::Changes => dirty.changes_decided_before(mark),
        }
    }
}

impl Process for Persistence {
    const KIND: &'static str = "persistence";
    const MAILBOX_MAX: usize = 65_536;

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        if let Err(taken) = self.hall.persistence.register(&ctx.me()) {
            return Init::Fail(ExitReason::error(taken.to_string()));
        }
        // What a predecessor had in flight is of unknown outcome: it goes again, and the watermark in the
        // database tells whether it was committed.
        let now = self.hall.now();
        let mut dirty = self.dirty.lock();
        if let Some(batch) = dirty.in_flight().map(|batch| batch.id) {
            dirty.abort(batch, now);
        }
        drop(dirty);
        self.schedule(ctx);
        Init::Ready
    }

    fn state_summary(&self) -> Option<String> {
        let stats = self.dirty.lock().stats(self.hall.now());
        let (dirty, in_flight) = (stats.dirty, stats.in_flight);
        Some(format!("{dirty} dirty, {in_flight} in flight"))
    }
}

impl Handle<Submit> for Persistence {
    fn handle(&mut self, Submit { write, receipt }: Submit, ctx: &mut Ctx<Self>) {
        let receipt = if self.hall.faults.receipts_before_write {
            answer_too_early(&write, receipt)
        } else {
            receipt
        };
        let now = self.hall.now();
        let rejected = self.dirty.lock().submit(write, receipt, now).err();
        if let Some(rejected) = rejected {
            // A caller that no longer waits has nothing to be told.
            let _ = rejected.receipt.send(Err(rejected.reason));
        }
        self.schedule(ctx);
    }
}

impl Handle<FlushDue> for Persistence {
    fn handle(&mut self, _: FlushDue, ctx: &mut Ctx<Self>) {
        self.timer = None;
        self.schedule(ctx);
    }
}

impl Handle<Drain> for Persistence {
    fn handle(&mut self, Drain { pending, reply }: Drain, ctx: &mut Ctx<Self>) {
        let mut dirty = self.dirty.lock();
        let mark = dirty.mark();
        if !pending.decided(&dirty, mark) {
            dirty.close_window(self.hall.now());
        }
        self.draining.push((pending, mark, reply));
        drop(dirty);
        self.schedule(ctx);
    }
}

impl Handle<Figures> for Persistence {
    fn handle(&mut self, Figures { reply }: Figures, _: &mut Ctx<Self>) {
        reply.send(self.dirty.lock().stats(self.hall.now()));
    }
}

impl Persistence {
    /// Flushes if the engine says that a batch is due, else sets the timer to when one will be.
    fn schedule(&mut self, ctx: &mut Ctx<Self>) {
        let now = self.hall.now();
        let mut dirty = self.dirty.lock();
        let batch = dirty.take_batch(now);
        let due = dirty.next_flush();
        let drained = self
            .draining
            .extract_if(.., |(pending, mark, _)| pending.decided(&dirty, *mark));
        for (_, _, reply) in drained {
            reply.send(());
        }
        drop(dirty);
        if let Some(batch) = batch {
            self.flush(batch, ctx);
        } else if let Some(due) = due {
            self.set_timer(due.saturating_sub(now), ctx);
        }
    }

    /// The timer that is set is never later than needed: deadlines of waiting writes only come nearer by
    /// `close_window`, and then the batch is taken at once.
    fn set_timer(&mut self, after: Duration, ctx: &mut Ctx<Self>) {
        if self.timer.is_none() {
            self.timer = Some(ctx.send_after(after, FlushDue));
        }
    }

    fn flush(&mut self, batch: Batch, ctx: &mut Ctx<Self>) {
        let id = batch.id;
        let flush = self
            .hall
            .store
            .whereis()
            .map(|store| store.call(FLUSH_TIMEOUT, move |reply| Flush { batch, reply }));
        let flushed = async move {
            match flush {
                Some(flush) => match flush.await {
                    Ok(report) => report.map_err(|error| error.to_string()),
                    Err(error) => Err(format!("the store did not answer: {error:?}")),
                },
                None => Err("the store is not running".to_string()),
            }
        };
        ctx.run(flushed, move |this, report, ctx| {
            this.flushed(id, report);
            this.schedule(ctx);
        });
    }

    fn flushed(&mut self, batch: Uuid, report: Result<BatchReport, String>) {
        match report {
            Ok(report) => {
                let receipts = self.dirty.lock().finish(report);
                for (receipt, outcome) in receipts {
                    // The one who asked may be gone; what was decided stands in the database.
                    let _ = receipt.send(Ok(outcome));
                }
            }
            Err(error) => {
                log::error!(batch = batch.to_string(); "a batch failed as a whole and is tried again: {error}");
                self.dirty.lock().abort(batch, self.hall.now());
            }
        }
    }
}

/// The deliberate defect behind [`crate::hall::Faults::receipts_before_write`].
fn answer_too_early(write: &Write, receipt: Receipt) -> Receipt {
    if let Write::Save(save) = write {
        let version = save.base_version.saturating_add(1);
        let _ = receipt.send(Ok(Outcome::Durable { version }));
        return oneshot::channel().0;
    }
    receipt
}

/// What became of a write: decided by the database, or not taken up at all.
pub type Decided = Result<Outcome, RejectReason>;

impl Hall {
    /// Submits a write, before it returns; what became of it when it resolves.
    ///
    /// # Errors
    /// `unavailable` when no outcome can be known: the write may or may not have been taken up.
    pub fn submit(&self, write: Write) -> impl Future<Output = Result<Decided, Refusal>> + use<> {
        let (receipt, decided) = oneshot::channel();
        let taken_up = self.persistence.tell(Submit { write, receipt });
        async move {
            match taken_up {
                Ok(()) => decided
                    .await
                    .map_err(|_| crate::refusal::call(&CallError::NoReply)),
                Err(SendError::Full(_)) => Err(crate::refusal::call(&CallError::Full)),
                Err(SendError::Dead(_)) => Err(crate::refusal::call(&CallError::NoProc)),
            }
        }
    }

    /// Submits a save, before it returns; the durable version, or the refusal for its owner.
    pub fn save(
        &self,
        kind: EntityKind,
        id: Uuid,
        base_version: u32,
        state: Vec<u8>,
        by: Author,
    ) -> impl Future<Output = Result<u32, Refusal>> + use<> {
        let decided = self.submit(Write::Save(Save {
            key: EntityKey { kind, id },
            base_version,
            schema_version: STATE_SCHEMA_VERSION,
            state: Bytes::from(state),
            fence: None,
            by,
        }));
        async move { version(decided.await?) }
    }

    /// Submits a change that is never coalesced, before it returns; its version, or the refusal.
    pub fn change(
        &self,
        change: Change,
        by: Author,
    ) -> impl Future<Output = Result<u32, Refusal>> + use<> {
        let decided = self.submit(Write::Change(change, by));
        async move { version(decided.await?) }
    }
}

/// Waits until the changes taken up so far are decided, as long as callers wait for an answer. False when
/// they were not. For whoever is to read what they changed.
pub async fn drain_changes(hall: &HallRef) -> bool {
    drain(hall, Pending::Changes, CALL_TIMEOUT).await
}

/// Waits until everything taken up so far is decided. False when it was not.
pub async fn drain_everything(hall: &HallRef, patience: Duration) -> bool {
    drain(hall, Pending::Everything, patience).await
}

async fn drain(hall: &HallRef, pending: Pending, patience: Duration) -> bool {
    match hall.persistence.whereis() {
        Some(persistence) => {
            let drained = persistence.call(patience, |reply| Drain { pending, reply });
            drained.await.is_ok()
        }
        None => false,
    }
}

fn version(decided: Decided) -> Result<u32, Refusal> {
    match decided {
        Ok(Outcome::Durable { version }) => Ok(version),
        Ok(Outcome::Refused(refused)) => Err(refusal_of(&refused)),
        Err(reason) => Err(rejection_of(reason)),
    }
}

/// The refusal for a write that was not taken up.
#[must_use]
pub fn rejection_of(reason: RejectReason) -> Refusal {
    match reason {
        RejectReason::Overloaded { dirty, .. } => {
            let sentence = format!("{dirty} changes wait to be saved; no more are taken now.");
            Refusal::new(Code::Overloaded, sentence)
        }
        RejectReason::NotAGroup { why } => Refusal::new(Code::BadField, why),
        RejectReason::Stale { pending_version } => {
            let sentence = format!("Version {pending_version} is being saved already.");
            Refusal::new(Code::StaleVersion, sentence).detail(json!({ "version": pending_version }))
        }
    }
}

/// The refusal for a write that the database refused, with what the database has instead.
#[must_use]
pub fn refusal_of(refused: &WriteRefusal) -> Refusal {
    let (code, rule) = match refused.cause {
        Cause::Stale => (Code::StaleVersion, None),
        Cause::Gone => (Code::NotFound, None),
        Cause::TooLarge => (Code::StateTooLarge, None),
        cause => (
            Code::RefusedByDatabase,
            Some(format!("database.{}", cause.as_str())),
        ),
    };
    let mut refusal = Refusal::new(code, &refused.detail);
    if let Some(rule) = rule {
        refusal = refusal.rule(rule);
    }
    match &refused.present {
        Some(present) => refusal.detail(present_json(present)),
        None => refusal,
    }
}

/// A membership that the database holds already is no fault: somebody joined twice at once.
#[must_use]
pub fn joined_already(refusal: Refusal) -> Refusal {
    if refusal.rule == "database.unique" {
        return Refusal::new(Code::AlreadyMember, "You have joined already.");
    }
    refusal
}

fn present_json(present: &Present) -> serde_json::Value {
    let state: serde_json::Value = serde_json::from_slice(&present.state).unwrap_or_default();
    json!({ "version": present.version, "state": state })
}

/// Version and state that the thing was reloaded to, if the database refused what it was asked to hold. A
/// conflict is no reload: its answer tells the present state, and who made that state knows it.
#[must_use]
pub fn reloaded_to(refusal: &Refusal) -> Option<(u32, serde_json::Value)> {
    if refusal.code == Code::StaleVersion {
        return None;
    }
    let detail = refusal.detail.as_deref()?;
    let version = u32::try_from(detail.get("version")?.as_u64()?).ok()?;
    Some((version, detail.get("state")?.clone()))
}
