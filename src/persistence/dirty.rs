//! The dirty map and the saving state that follows from it: what outlives the process that drives them, and
//! what others may look at without asking it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use guildhall_protocol::Receipt;
use guildhall_rules::limits::Limits;
use guildhall_rules::saving::{SavingLimits, SavingSight, SavingState, next_state};
use guildhall_store::Clock;
use guildhall_store::journal::Entry;
use guildhall_store::write_behind::{
    Buffer, BufferLimits, BufferStats, EntityKey, RejectReason, Rejected, Save, Write,
};
use uuid::Uuid;

use super::ticket::{Answered, Ticket};

/// Cheap to clone; all clones are one map.
#[derive(Clone)]
pub struct DirtyMap(Arc<Mutex<Dirty>>);

/// What is behind the lock.
pub(super) struct Dirty {
    pub buffer: Buffer<Ticket>,
    /// What says when an entry of the journal was made.
    clock: Clock,
    limits: SavingLimits,
    state: SavingState,
    /// Nothing is promised any more.
    broken: bool,
    /// By then after its submission every write is answered.
    answer_deadline: Duration,
    /// How long a write waits that is promised to nobody, where the journal makes the window long.
    short_window: Option<Duration>,
    /// What the journal must still be given, in the order of the numbers.
    to_journal: Vec<Entry>,
    /// On their way into the journal, of which the process that drives this hears the end.
    appending: BTreeSet<u64>,
    /// A write before this number is not in the journal. Until they all have their outcome nothing is called
    /// safe: it might build on what a crash loses.
    not_kept_before: u64,
    /// In the journal, and called safe when what somebody else does with the same entity is decided, if that
    /// does them no harm.
    unpromised: BTreeSet<u64>,
    /// Every write before this number was answered at its deadline, or has its outcome.
    answered_before: u64,
}

/// How saving goes.
#[derive(Clone, Copy, Debug)]
pub struct Saving {
    /// In one word.
    pub state: SavingState,
    /// The figures behind it.
    pub stats: BufferStats,
}

impl DirtyMap {
    /// An empty map with the bounds of the configuration. With a journal, the next number in it.
    #[must_use]
    pub fn new(limits: &Limits, journal: Option<u64>, clock: Clock) -> Self {
        let window = match journal {
            Some(_) => limits.journal_flush_window_ms,
            None => limits.flush_window_ms,
        };
        let short_window = journal.map(|_| Duration::from_millis(limits.flush_window_ms));
        let buffer = Buffer::new(BufferLimits {
            dirty_max: limits.dirty_max,
            dirty_bytes_max: limits.dirty_bytes_max,
            batch_rows_max: limits.batch_rows_max,
            window: Duration::from_millis(window),
        });
        let buffer = match journal {
            Some(next_seq) => buffer.starting_at(next_seq).promising_early(),
            None => buffer,
        };
        Self(Arc::new(Mutex::new(Dirty {
            buffer,
            clock,
            limits: limits.saving_limits(),
            state: SavingState::default(),
            broken: false,
            answer_deadline: Duration::from_millis(limits.answer_deadline_ms),
            short_window,
            to_journal: Vec::new(),
            appending: BTreeSet::new(),
            not_kept_before: 0,
            unpromised: BTreeSet::new(),
            answered_before: 0,
        })))
    }

    /// The engine leaves no half-made state behind a panic, so a poisoned lock is only a record of one.
    pub(super) fn lock(&self) -> MutexGuard<'_, Dirty> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A save of an entity that is safe and not committed, the newest; `of`: of this session's only, where
    /// others build on nothing before its commit.
    #[must_use]
    pub fn newest_safe(&self, key: EntityKey, of: Option<Uuid>) -> Option<Save> {
        self.lock().newest_safe(key, of).cloned()
    }

    /// How saving goes at `now`.
    #[must_use]
    pub fn saving(&self, now: Duration) -> Saving {
        let dirty = self.lock();
        Saving {
            state: dirty.state,
            stats: dirty.buffer.stats(now),
        }
    }
}

impl Dirty {
    /// Takes a write up, for the journal too where there is one and it takes such a write.
    pub fn submit(
        &mut self,
        write: Write,
        ticket: Ticket,
        now: Duration,
    ) -> Result<(), Rejected<Ticket>> {
        let Some(short_window) = self.short_window else {
            return self.buffer.submit(write, ticket, now).map(drop);
        };
        let kept = Entry::takes(&write).then(|| write.clone());
        let waits_for_commit = kept.is_none() || ticket.until == Receipt::Durable;
        let seq = self.buffer.submit(write, ticket, now)?;
        if waits_for_commit || !self.buffer.may_promise(seq) {
            self.buffer
                .close_window_by(now.saturating_add(short_window));
        }
        let at_us = self.clock.now_us();
        self.to_journal
            .extend(kept.map(|write| Entry { seq, at_us, write }));
        Ok(())
    }

    /// What the journal is to be given now.
    pub fn take_to_journal(&mut self) -> Vec<Entry> {
        let entries = std::mem::take(&mut self.to_journal);
        self.appending.extend(entries.iter().map(|entry| entry.seq));
        entries
    }

    /// Whoever drove this died: nobody hears any more whether the journal took what was on its way into it.
    pub fn succeed(&mut self, now: Duration) {
        if let Some(batch) = self.buffer.in_flight().map(|batch| batch.id) {
            self.buffer.abort(batch, now);
        }
        let unheard: Vec<u64> = std::mem::take(&mut self.appending).into_iter().collect();
        if !unheard.is_empty() {
            self.not_kept(&unheard, now);
        }
    }

    /// The journal did not take these: who saved them waits for their commit, which may not be long.
    pub fn not_kept(&mut self, seqs: &[u64], now: Duration) {
        self.appended(seqs);
        let newest = seqs.iter().max().map(|seq| seq.saturating_add(1));
        self.not_kept_before = self.not_kept_before.max(newest.unwrap_or(0));
        let window = self.short_window.unwrap_or_default();
        self.buffer.close_window_by(now.saturating_add(window));
    }

    /// These are in the journal.
    pub fn safe(&mut self, seqs: &[u64]) {
        self.appended(seqs);
        for seq in seqs {
            self.promise(*seq);
        }
    }

    fn appended(&mut self, seqs: &[u64]) {
        for seq in seqs {
            self.appending.remove(seq);
        }
    }

    /// Something was decided: what waited for that may be safe now.
    pub fn promise_the_rest(&mut self) {
        for seq in std::mem::take(&mut self.unpromised) {
            self.promise(seq);
        }
    }

    /// What is in the journal is safe, unless it may build on what a crash loses, or something is known that
    /// may make the database refuse it.
    fn promise(&mut self, seq: u64) {
        let kept = self.buffer.decided_before(self.not_kept_before);
        let may_promise = kept && self.buffer.may_promise(seq);
        match self.buffer.receipt(seq) {
            Some(_) if self.broken => {}
            Some(ticket) if may_promise => {
                ticket.safe();
                self.buffer.promised(seq);
            }
            Some(_) => {
                self.unpromised.insert(seq);
            }
            None => {}
        }
    }

    /// Nothing is promised any more, and nothing taken up.
    pub fn break_down(&mut self) {
        self.broken = true;
        self.buffer.shut();
        for (_, ticket) in self.buffer.receipts(0, Duration::MAX) {
            ticket.promise_nothing();
        }
    }

    /// The newest save of an entity that is safe and not committed; `of`: of this session's only.
    pub fn newest_safe(&self, key: EntityKey, of: Option<Uuid>) -> Option<&Save> {
        let theirs = |save: &Save| of.is_none() || save.by.session == of;
        self.buffer
            .newest_save(key, |ticket, save| theirs(save) && ticket.is_safe())
    }

    /// Looks at the buffer; the new state, if it is another.
    pub fn look(&mut self, now: Duration) -> Option<SavingState> {
        let seen = SavingSight {
            oldest_unsaved: self.buffer.oldest_since(0).map(|at| now.saturating_sub(at)),
            full_percent: self.buffer.full_percent(),
            failures: self.buffer.failures(),
            broken: self.broken,
        };
        let next = next_state(self.state, &seen, &self.limits);
        (std::mem::replace(&mut self.state, next) != next).then_some(next)
    }

    /// Answers every write whose deadline has come: a save with what it has reached, a change that was not
    /// given to the database by being taken back, any other with that its outcome is not known.
    pub fn answer_overdue(&mut self, now: Duration) {
        let Some(until) = now.checked_sub(self.answer_deadline) else {
            return;
        };
        let mut changes = Vec::new();
        for (seq, ticket) in self.buffer.receipts(self.answered_before, until) {
            self.answered_before = seq.saturating_add(1);
            match ticket.is_change() {
                true => changes.push(seq),
                false => ticket.answer_so_far(),
            }
        }
        if changes.is_empty() {
            return;
        }
        for seq in changes {
            self.take_back(seq, until);
        }
        self.promise_the_rest();
    }

    fn take_back(&mut self, seq: u64, until: Duration) {
        let rejected = Answered::Rejected(RejectReason::TakenBack);
        // Who no longer waits was told by whoever asked for it.
        let _ = match self.buffer.withdraw(seq) {
            Some(mut ticket) => ticket.answer(rejected),
            None => match self.buffer.receipts(seq, until).next() {
                Some((_, ticket)) => ticket.answer(Answered::OutcomeUnknown),
                None => Ok(()),
            },
        };
    }

    /// When something is due although nothing happens: an answer, or the look at the saving state.
    pub fn watch_at(&self) -> Option<Duration> {
        let unanswered = self.buffer.oldest_since(self.answered_before);
        let answer = unanswered.map(|at| at.saturating_add(self.answer_deadline));
        [answer, self.delayed_at()].into_iter().flatten().min()
    }

    /// When the oldest write will be so old that saving counts as delayed; `None` when it does already or
    /// nothing waits.
    fn delayed_at(&self) -> Option<Duration> {
        let oldest = self.buffer.oldest_since(0)?;
        (self.state == SavingState::Saving)
            .then(|| oldest.saturating_add(self.limits.delayed_after))
    }
}
