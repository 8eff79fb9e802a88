//! The persistence process: takes writes up, lets the engine coalesce and batch them, has the store flush
//! each batch, and answers for every write in time. Child of `core`, permanent, named. Its dirty map is the
//! hall's, so a crash loses nothing that was taken up. With `persistence/` the only place of the server that
//! knows the write-behind engine's buffer: `dirty` (what outlives the process), `ticket` (what is owed for a
//! write), `submit` (how others reach it), `refusals` (what they are told).

use std::time::Duration;

use guildhall_process::{Ctx, ExitReason, Handle, Init, Process, ReplyTo, TimerRef};
use guildhall_protocol::{Event, Receipt};
use guildhall_rules::saving::SavingState;
use guildhall_store::StoreError;
use guildhall_store::journal::Entry;
use guildhall_store::write_behind::{Batch, BatchReport};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::hall::HallRef;
use crate::session::{self, Notice};
use crate::store::Flush;
use ticket::{News, Ticket};

mod dirty;
mod journal;
mod newest;
mod refusals;
mod submit;
#[cfg(test)]
mod tests;
mod ticket;

pub use dirty::{DirtyMap, Saving};
pub use guildhall_store::changes::{self, Change, InviteKind, NameOwner, OwnerKind};
pub use guildhall_store::write_behind::{
    Author, Cause, EntityKey, EntityKind, GROUP_MEMBERS_MAX, Member, Outcome, Save, Write,
};
pub use journal::{JournalThread, replay};
pub use newest::receipt_of;
pub use refusals::{
    TAKEN_BACK, is_conflict, not_joined, refusal_of, rejection_of, reloaded_to, rows_of, taken_back,
};
pub use submit::{Decided, Saved, drain_changes, drain_everything};
pub use ticket::Answered;

/// A flush that has not answered by then is given again; the watermark tells whether it was committed. Longer
/// than the store waits for a database on the network.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(30);
const _: () = assert!(FLUSH_TIMEOUT.as_secs() > crate::store::HANG_MAX.as_secs());
/// Schema version of the states that clients send: free JSON.
pub const STATE_SCHEMA_VERSION: u16 = 1;

/// See the file's head.
pub struct Persistence {
    hall: HallRef,
    flush_timer: Alarm,
    /// For what is due although nothing happens, and when that is.
    watch_timer: Alarm,
    /// Groups of saves on their way into the journal; what comes meanwhile waits for the next.
    appending: usize,
    /// Who waits, for what before which mark of the engine.
    draining: Vec<(Pending, u64, ReplyTo<()>)>,
}

/// Take this write up; the answer comes with the receipt that is waited for, or at the deadline.
pub struct Submit {
    write: Write,
    until: Receipt,
    answer: oneshot::Sender<Answered>,
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

struct FlushDue;
struct Watch;

impl Persistence {
    /// Drives the dirty map of the hall.
    #[must_use]
    pub fn new(hall: HallRef) -> Self {
        Self {
            hall,
            flush_timer: Alarm::default(),
            watch_timer: Alarm::default(),
            appending: 0,
            draining: Vec::new(),
        }
    }
}

impl Pending {
    fn decided(self, dirty: &dirty::Dirty, mark: u64) -> bool {
        match self {
            Self::Everything => dirty.buffer.decided_before(mark),
            Self::Changes => dirty.buffer.changes_decided_before(mark),
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
        self.hall.dirty.lock().succeed(self.hall.now());
        self.schedule(ctx);
        Init::Ready
    }

    fn state_summary(&self) -> Option<String> {
        let Saving { state, stats } = self.hall.saving();
        let (dirty, in_flight) = (stats.dirty, stats.in_flight);
        let state = state.as_str();
        Some(format!("{state}, {dirty} dirty, {in_flight} in flight"))
    }
}

impl Handle<Submit> for Persistence {
    fn handle(&mut self, submit: Submit, ctx: &mut Ctx<Self>) {
        let Submit {
            write,
            until,
            answer,
        } = submit;
        let mut ticket = Ticket::new(&write, until, answer);
        if self.hall.faults.receipts_before_write {
            ticket.answer_too_early();
        }
        let now = self.hall.now();
        let taken_up = self.hall.dirty.lock().submit(write, ticket, now);
        if let Err(mut rejected) = taken_up {
            // A caller that no longer waits has nothing to be told.
            let _ = rejected.receipt.answer(Answered::Rejected(rejected.reason));
        }
        self.schedule(ctx);
    }
}

impl Handle<FlushDue> for Persistence {
    fn handle(&mut self, _: FlushDue, ctx: &mut Ctx<Self>) {
        self.flush_timer = Alarm::default();
        self.schedule(ctx);
    }
}

impl Handle<Watch> for Persistence {
    fn handle(&mut self, _: Watch, ctx: &mut Ctx<Self>) {
        self.watch_timer = Alarm::default();
        self.schedule(ctx);
    }
}

impl Handle<Drain> for Persistence {
    fn handle(&mut self, Drain { pending, reply }: Drain, ctx: &mut Ctx<Self>) {
        let mut dirty = self.hall.dirty.lock();
        let mark = dirty.buffer.mark();
        if !pending.decided(&dirty, mark) {
            dirty.buffer.close_window(self.hall.now());
        }
        self.draining.push((pending, mark, reply));
        drop(dirty);
        self.schedule(ctx);
    }
}

/// A timer for something that is due at some time. One that fires early finds nothing due and is set again;
/// one that would fire late is replaced.
#[derive(Default)]
struct Alarm(Option<(TimerRef, Duration)>);

impl Alarm {
    fn set<M: Send + 'static>(
        &mut self,
        due: Duration,
        now: Duration,
        message: M,
        ctx: &mut Ctx<Persistence>,
    ) where
        Persistence: Handle<M>,
    {
        match self.0.take() {
            Some((timer, set_for)) if set_for <= due => self.0 = Some((timer, set_for)),
            later => {
                if let Some((timer, _)) = later {
                    ctx.cancel_timer(timer);
                }
                let timer = ctx.send_after(due.saturating_sub(now), message);
                self.0 = Some((timer, due));
            }
        }
    }
}

impl Persistence {
    /// Everything that is due: answers, the next batch, the word about saving; and timers for what will be.
    fn schedule(&mut self, ctx: &mut Ctx<Self>) {
        let now = self.hall.now();
        let mut dirty = self.hall.dirty.lock();
        dirty.answer_overdue(now);
        let batch = dirty.buffer.take_batch(now);
        let flush_at = dirty.buffer.next_flush();
        // What is in a batch must be in the journal before it, and appends otherwise go one by one.
        let entries = match batch.is_some() || self.appending == 0 {
            true => dirty.take_to_journal(),
            false => Vec::new(),
        };
        let state = dirty.look(now);
        let watch_at = dirty.watch_at();
        let drained = self
            .draining
            .extract_if(.., |(pending, mark, _)| pending.decided(&dirty, *mark));
        for (_, _, reply) in drained {
            reply.send(());
        }
        drop(dirty);
        if let Some(state) = state {
            self.tell_everybody(state);
        }
        if let Some(due) = watch_at {
            self.watch_timer.set(due, now, Watch, ctx);
        }
        if !entries.is_empty() {
            self.append(entries, ctx);
        }
        if let Some(batch) = batch {
            self.flush(batch, ctx);
        } else if let Some(due) = flush_at {
            self.flush_timer.set(due, now, FlushDue, ctx);
        }
    }

    fn append(&mut self, entries: Vec<Entry>, ctx: &mut Ctx<Self>) {
        let Some(journal) = &self.hall.journal else {
            return;
        };
        let seqs: Vec<u64> = entries.iter().map(|entry| entry.seq).collect();
        self.appending += 1;
        ctx.run(journal.append(entries), move |this, appended, ctx| {
            this.appending -= 1;
            match appended {
                Ok(()) => this.hall.dirty.lock().safe(&seqs),
                // Nothing was promised for them; the database gets them all the same.
                Err(error) => {
                    log::error!("the journal took nothing: {error}");
                    this.hall.dirty.lock().not_kept(&seqs, this.hall.now());
                    this.end_if_nothing_can_be_promised(&error);
                }
            }
            this.schedule(ctx);
        });
    }

    /// A lost world and a journal of which nobody knows what it holds: from then on every promise could be
    /// a lie.
    fn end_if_nothing_can_be_promised(&self, error: &StoreError) {
        use StoreError::{JournalFailed, WorldLost};
        if matches!(error, WorldLost { .. } | JournalFailed { .. }) {
            self.hall.dirty.lock().break_down();
            self.hall.give_up(error);
        }
    }

    fn flush(&mut self, mut batch: Batch, ctx: &mut Ctx<Self>) {
        let id = batch.id;
        let took_off = self.hall.journal.as_ref();
        // What is committed in parts is not known by the batch's own id.
        let parts = took_off.filter(|_| batch.may_part());
        let parts = parts.map(journal::JournalThread::id);
        let took_off = took_off.map(|journal| journal.take_off(id, batch.seqs().collect()));
        let store = self.hall.store.whereis();
        let flushed = async move {
            if let Some(took_off) = took_off {
                batch.noted_for = took_off.await?.or(parts);
            }
            match store.map(|to| to.call(FLUSH_TIMEOUT, move |reply| Flush { batch, reply })) {
                Some(flush) => flush.await.unwrap_or_else(|error| {
                    let detail = format!("the store did not answer: {error:?}");
                    Err(StoreError::Unavailable { detail })
                }),
                None => Err(StoreError::Unavailable {
                    detail: "the store is not running".to_string(),
                }),
            }
        };
        ctx.run(flushed, move |this, report, ctx| {
            this.flushed(id, report);
            this.schedule(ctx);
        });
    }

    fn flushed(&mut self, batch: Uuid, report: Result<BatchReport, StoreError>) {
        match report {
            Ok(report) => {
                let mut dirty = self.hall.dirty.lock();
                let receipts = dirty.buffer.finish(report);
                dirty.promise_the_rest();
                drop(dirty);
                let mut news = News::default();
                for (ticket, outcome) in receipts {
                    ticket.decided(outcome, &mut news);
                }
                for (session, event) in news.events() {
                    self.tell(session, event);
                }
                if let Some(journal) = &self.hall.journal {
                    journal.landed(batch);
                }
            }
            Err(error) => {
                log::error!(batch = batch.to_string(); "a batch failed as a whole and is tried again: {error}");
                let now = self.hall.now();
                self.hall.dirty.lock().buffer.abort(batch, now);
                self.end_if_nothing_can_be_promised(&error);
            }
        }
    }

    /// A session that is gone has its trace in the database.
    fn tell(&self, session: Uuid, event: Event) {
        if let Some(session) = self.hall.sessions.registry().whereis(&session) {
            session::tell_or_end(&session, Notice(event));
        }
    }

    fn tell_everybody(&self, state: SavingState) {
        let oldest = self.hall.saving().stats.oldest_unsaved_age;
        let oldest_unsaved_ms =
            oldest.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        log::warn!("saving is now: {}", state.as_str());
        let saving = Event::ServerSaving {
            state,
            oldest_unsaved_ms,
        };
        session::tell_all(&self.hall, || Notice(saving.clone()));
    }
}
