//! The dirty map: bounded, coalescing, cleared only by the report of a commit. It owns the
//! receipts and no thread; kept in an `Arc<Mutex<_>>` it outlives whoever drives it, and a batch
//! that was under way then is found with [`Buffer::in_flight`].

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use guildhall_rules::saving::percent;
use uuid::Uuid;

use super::batch::{Batch, BatchReport, ChangeUnit, GroupUnit, Link, Newest, Unit};
use super::contests::Contests;
use super::outcome::Outcome;
use super::queue::Queue;
use super::stats::BufferStats;
use super::write::{Author, EntityKey, Lane, Member, Save, Write};

/// The bounds of a buffer.
#[derive(Clone, Copy, Debug)]
pub struct BufferLimits {
    /// Writes without an outcome, at most.
    pub dirty_max: usize,
    /// Bytes of their states and documents, at most; coalesced ones count until their outcome.
    pub dirty_bytes_max: usize,
    /// Units of one batch, at most.
    pub batch_rows_max: usize,
    /// How long a write waits for others to share its commit.
    pub window: Duration,
}

impl Default for BufferLimits {
    /// 10,000 writes; 256 MiB; 256 rows, from where durable commits cost nothing more; 10 ms.
    fn default() -> Self {
        Self {
            dirty_max: 10_000,
            dirty_bytes_max: 256 * 1024 * 1024,
            batch_rows_max: 256,
            window: Duration::from_millis(10),
        }
    }
}

/// The longest pause between two attempts at the same batch.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(1);

/// A write that was not taken, with its receipt handed back.
#[derive(Debug)]
pub struct Rejected<R> {
    pub reason: RejectReason,
    pub receipt: R,
}

/// Why a write was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectReason {
    /// The buffer is full, by their number or by their bytes; nothing was dropped, try again
    /// later.
    Overloaded { dirty: usize, dirty_max: usize },
    /// A save of the same author that waits already made a version other than this one's base.
    Stale { pending_version: u32 },
    /// No group at all, for a reason that is a sentence.
    NotAGroup { why: &'static str },
    /// It was taken up and taken back before it was given to the database: nothing was done.
    TakenBack,
    /// The buffer was shut: nothing can be promised any more.
    Shut,
}

/// A write without an outcome.
struct Dirty<R> {
    receipt: R,
    since: Duration,
    bytes: usize,
}

/// The batch that is out, or that waits to be given again.
struct Out {
    batch: Batch,
    /// Where the newest save of each lane stands in it.
    newest: HashMap<Lane, usize>,
    /// `None`: under way. `Some`: failed as a whole, due again then.
    again_at: Option<Duration>,
}

/// The buffer. `R` is whatever its owner needs to answer a submitter. All times are durations
/// since one origin of the owner's choice.
pub struct Buffer<R> {
    limits: BufferLimits,
    queue: Queue,
    /// By sequence number, so the first is the oldest.
    dirty: BTreeMap<u64, Dirty<R>>,
    /// Those of them that are changes, in their turn before all saves or among those of an entity.
    changes: BTreeSet<u64>,
    /// The sum of what `dirty` carries.
    dirty_bytes: usize,
    out: Option<Out>,
    close_at: Option<Duration>,
    next_seq: u64,
    is_shut: bool,
    stats: BufferStats,
    /// Kept only for whoever promises before the commit.
    contests: Option<Contests>,
}

impl<R> Buffer<R> {
    pub fn new(limits: BufferLimits) -> Self {
        Self {
            limits,
            queue: Queue::default(),
            dirty: BTreeMap::new(),
            changes: BTreeSet::new(),
            dirty_bytes: 0,
            out: None,
            close_at: None,
            next_seq: 1,
            is_shut: false,
            stats: BufferStats::default(),
            contests: None,
        }
    }

    /// The same buffer, which tells what may be promised before its commit.
    #[must_use]
    pub fn promising_early(self) -> Self {
        let contests = Some(Contests::default());
        Self { contests, ..self }
    }

    /// The same buffer, whose first write has this sequence number: for numbers that go on over
    /// restarts.
    #[must_use]
    pub fn starting_at(self, next_seq: u64) -> Self {
        Self { next_seq, ..self }
    }

    /// Takes nothing up any more; what was taken up stays.
    pub fn shut(&mut self) {
        self.is_shut = true;
    }

    /// Takes a write and returns its sequence number. A save is judged against the newest one of its
    /// entity by its author, or under its play epoch, that has no outcome yet; without one the database
    /// judges. The same save once more joins the one that waits. Whoever else saves the entity is no concern
    /// here: each author's saves are a unit of their own, so that nobody's stale save costs another his good
    /// one.
    ///
    /// # Errors
    /// [`Rejected`] with the receipt: full, stale already, or no group.
    pub fn submit(&mut self, write: Write, receipt: R, now: Duration) -> Result<u64, Rejected<R>> {
        let bytes = write.bytes();
        if let Err(reason) = self.admit(&write, bytes) {
            return Err(Rejected { reason, receipt });
        }
        self.dirty_bytes = self.dirty_bytes.saturating_add(bytes);
        let seq = self.next_seq;
        self.next_seq = seq.saturating_add(1);
        count(&mut self.stats.submitted, 1);
        self.dirty.insert(
            seq,
            Dirty {
                receipt,
                since: now,
                bytes,
            },
        );
        if let Some(contests) = &mut self.contests {
            contests.take_up(seq, &write);
        }
        if matches!(write, Write::Change(..)) {
            self.changes.insert(seq);
        }
        let urgent = write.is_urgent();
        self.enqueue(write, seq, now);
        if urgent {
            self.close_window(now);
        }
        Ok(seq)
    }

    fn admit(&mut self, write: &Write, bytes: usize) -> Result<(), RejectReason> {
        if self.is_shut {
            return Err(RejectReason::Shut);
        }
        let dirty_bytes = self.dirty_bytes.saturating_add(bytes);
        if self.dirty.len() >= self.limits.dirty_max || dirty_bytes > self.limits.dirty_bytes_max {
            count(&mut self.stats.overloaded, 1);
            return Err(RejectReason::Overloaded {
                dirty: self.dirty.len(),
                dirty_max: self.limits.dirty_max,
            });
        }
        if let Some(why) = write.malformed() {
            return Err(RejectReason::NotAGroup { why });
        }
        write.saves().try_for_each(|save| self.admit_save(save))
    }

    fn admit_save(&self, save: &Save) -> Result<(), RejectReason> {
        match self.newest(save.lane()) {
            Some(newest) if newest.version != save.base_version && !repeats(&newest, save) => {
                Err(RejectReason::Stale {
                    pending_version: newest.version,
                })
            }
            _ => Ok(()),
        }
    }

    fn enqueue(&mut self, write: Write, seq: u64, now: Duration) {
        match write {
            Write::Save(save) => self.enqueue_save(save, seq, now),
            Write::Change(change, by) if change.among_saves_of().is_some() => {
                self.enqueue_group(vec![Member::Change(change)], by, seq, now);
            }
            Write::Change(change, by) => {
                self.queue.push_change(ChangeUnit { seq, change, by }, now);
            }
            Write::Group(members, by) => self.enqueue_group(members, by, seq, now),
        }
    }

    fn enqueue_group(&mut self, members: Vec<Member>, by: Author, seq: u64, now: Duration) {
        let unit = GroupUnit {
            seq,
            builds_on_refused: false,
            members,
            by,
        };
        self.queue.push_group(unit, now);
    }

    fn enqueue_save(&mut self, save: Save, seq: u64, now: Duration) {
        let lane = save.lane();
        let link = Link {
            seq,
            version: save.version(),
            schema_version: save.schema_version,
            state: save.state,
            by: save.by,
        };
        self.queue.push_save(lane, save.base_version, link, now);
    }

    /// The newest save of a lane without an outcome, waiting or under way.
    fn newest(&self, lane: Lane) -> Option<Newest<'_>> {
        let under_way = || {
            let out = self.out.as_ref()?;
            out.batch.units.get(*out.newest.get(&lane)?)?.newest(lane)
        };
        self.queue.newest(lane).or_else(under_way)
    }

    /// Takes a change back that was not given out in a batch yet: nothing was done and nothing
    /// will be. `None` for whatever else the number stands for.
    pub fn withdraw(&mut self, seq: u64) -> Option<R> {
        let withdrawn = self.queue.withdraw(seq);
        withdrawn.then(|| self.clear(seq))?
    }

    /// When the oldest write without an outcome from a sequence number on was submitted.
    pub fn oldest_since(&self, from_seq: u64) -> Option<Duration> {
        let (_, dirty) = self.dirty.range(from_seq..).next()?;
        Some(dirty.since)
    }

    /// The receipt of a write without an outcome.
    pub fn receipt(&mut self, seq: u64) -> Option<&mut R> {
        self.dirty.get_mut(&seq).map(|dirty| &mut dirty.receipt)
    }

    /// Whether the saves of a write without an outcome may be promised once they are kept elsewhere: false
    /// while an earlier write of somebody else waits that may be what they fail at, such as entering play, a
    /// restore or another member's save, and where they build on what the last commits have ended. Always
    /// false for changes, and for a buffer that does not promise early.
    pub fn may_promise(&self, seq: u64) -> bool {
        let contests = self.contests.as_ref();
        contests.is_some_and(|contests| contests.may_promise(seq))
    }

    /// The saves of a write were promised: what builds on a group is promised only after it.
    pub fn promised(&mut self, seq: u64) {
        if let Some(contests) = &mut self.contests {
            contests.promised(seq);
        }
    }

    /// The newest save of an entity without an outcome that is wanted, by its receipt too. `None` for a buffer
    /// that does not promise early.
    pub fn newest_save(
        &self,
        key: EntityKey,
        is_wanted: impl Fn(&R, &Save) -> bool,
    ) -> Option<&Save> {
        let receipt = |seq| self.dirty.get(&seq).map(|dirty| &dirty.receipt);
        self.contests.as_ref()?.newest_save(key, |seq, save| {
            receipt(seq).is_some_and(|receipt| is_wanted(receipt, save))
        })
    }

    /// The receipts of the writes without an outcome from a sequence number on that were
    /// submitted until then, oldest first.
    pub fn receipts(
        &mut self,
        from_seq: u64,
        until: Duration,
    ) -> impl Iterator<Item = (u64, &mut R)> {
        let dirty = self.dirty.range_mut(from_seq..);
        dirty
            .take_while(move |(_, dirty)| dirty.since <= until)
            .map(|(seq, dirty)| (*seq, &mut dirty.receipt))
    }

    /// Makes what waits due now: for urgent changes and for draining at a stop. Where nothing
    /// waits there is no window, and the next write has its own.
    pub fn close_window(&mut self, now: Duration) {
        self.close_window_by(now);
    }

    /// Like [`Buffer::close_window`], by then at the latest: for writes that nobody has promised
    /// anything for, where the window is long.
    pub fn close_window_by(&mut self, at: Duration) {
        if self.queue.units() > 0 {
            self.close_at = Some(self.close_at.map_or(at, |before| before.min(at)));
        }
    }

    /// When [`Buffer::take_batch`] will give a batch; `None` while one is under way or nothing
    /// waits. May lie in the past.
    pub fn next_flush(&self) -> Option<Duration> {
        if let Some(out) = &self.out {
            return out.again_at;
        }
        let oldest = self.queue.oldest()?;
        if self.queue.units() >= self.limits.batch_rows_max {
            return Some(oldest);
        }
        let by_window = oldest.saturating_add(self.limits.window);
        Some(self.close_at.map_or(by_window, |at| at.min(by_window)))
    }

    /// The next batch, if one is due. Until it is finished or aborted no other is given; after
    /// an abort the very same batch comes again, since its commit may have happened unseen.
    pub fn take_batch(&mut self, now: Duration) -> Option<Batch> {
        if self.next_flush()? > now {
            return None;
        }
        if let Some(out) = &mut self.out {
            out.again_at = None;
            return Some(out.batch.clone());
        }
        let batch = Batch {
            id: Uuid::now_v7(),
            attempts: 0,
            noted_for: None,
            units: self.queue.take(self.limits.batch_rows_max).into(),
        };
        if self.queue.units() == 0 {
            self.close_at = None;
        }
        self.out = Some(Out {
            newest: batch.newest_saves(),
            batch: batch.clone(),
            again_at: None,
        });
        Some(batch)
    }

    /// The batch under way: what a new driver gives to the writer again, or aborts.
    pub fn in_flight(&self) -> Option<&Batch> {
        let out = self.out.as_ref()?;
        out.again_at.is_none().then_some(&out.batch)
    }

    /// Clears what the report names, by sequence number, and hands out the receipts. A report
    /// of another batch than the present one changes nothing. What waits on top of a refused save
    /// goes into the next batch to be refused and recorded there.
    pub fn finish(&mut self, report: BatchReport) -> Vec<(R, Outcome)> {
        let Some(out) = self.out.take_if(|out| out.batch.id == report.batch) else {
            return Vec::new();
        };
        self.ban_what_builds_on_refused(&out, &report);
        if let Some(contests) = &mut self.contests {
            contests.settle(&out.batch.units, &report.outcomes);
        }
        count(&mut self.stats.batches, 1);
        self.stats.last_batch_ms = u64::try_from(report.took.as_millis()).unwrap_or(u64::MAX);
        let answers: Vec<_> = report
            .outcomes
            .into_iter()
            .filter_map(|(seq, outcome)| Some((self.clear(seq)?, outcome)))
            .collect();
        let durable = answers.iter().filter(|(_, outcome)| outcome.is_durable());
        let durable = durable.count();
        count(&mut self.stats.committed, durable);
        count(
            &mut self.stats.refused,
            answers.len().saturating_sub(durable),
        );
        count(
            &mut self.stats.coalesced,
            durable.saturating_sub(report.rows),
        );
        answers
    }

    fn ban_what_builds_on_refused(&mut self, out: &Out, report: &BatchReport) {
        let mut outcomes = report.outcomes.iter();
        if outcomes.all(|(_, outcome)| outcome.is_durable()) {
            return;
        }
        let durable: HashSet<u64> = report
            .outcomes
            .iter()
            .filter_map(|(seq, outcome)| outcome.is_durable().then_some(*seq))
            .collect();
        let refused = out.newest.iter().filter(|(_, at)| {
            let newest = out.batch.units.get(**at).and_then(Unit::last_seq);
            newest.is_some_and(|seq| !durable.contains(&seq))
        });
        self.queue.ban(refused.map(|(lane, _)| *lane));
    }

    fn clear(&mut self, seq: u64) -> Option<R> {
        let dirty = self.dirty.remove(&seq)?;
        self.changes.remove(&seq);
        self.dirty_bytes = self.dirty_bytes.saturating_sub(dirty.bytes);
        if let Some(contests) = &mut self.contests {
            contests.clear(seq);
        }
        Some(dirty.receipt)
    }

    /// The batch failed as a whole, or whoever wrote it died: it is kept and due again after a
    /// pause that doubles from the window's length up to one second.
    pub fn abort(&mut self, batch: Uuid, now: Duration) {
        let Some(out) = self.out.as_mut().filter(|out| out.batch.id == batch) else {
            return;
        };
        let doubled = 2_u32.saturating_pow(out.batch.attempts.min(16));
        let pause = self.limits.window.saturating_mul(doubled);
        out.batch.attempts = out.batch.attempts.saturating_add(1);
        out.again_at = Some(now.saturating_add(pause.min(RETRY_PAUSE_MAX)));
        count(&mut self.stats.aborted, 1);
    }

    /// How often the batch that is out failed as a whole so far.
    pub fn failures(&self) -> u32 {
        self.out.as_ref().map_or(0, |out| out.batch.attempts)
    }

    /// How full it is, by writes or by bytes, in hundredths.
    pub fn full_percent(&self) -> u8 {
        let writes = percent(self.dirty.len(), self.limits.dirty_max);
        writes.max(percent(self.dirty_bytes, self.limits.dirty_bytes_max))
    }

    /// The figures at `now`.
    pub fn stats(&self, now: Duration) -> BufferStats {
        let oldest = self.dirty.first_key_value();
        BufferStats {
            dirty: self.dirty.len(),
            dirty_bytes: self.dirty_bytes,
            in_flight: self.in_flight().map_or(0, Batch::writes),
            oldest_unsaved_age: oldest.map(|(_, dirty)| now.saturating_sub(dirty.since)),
            ..self.stats
        }
    }

    /// A mark behind everything that was submitted so far.
    pub fn mark(&self) -> u64 {
        self.next_seq
    }

    /// Whether every write submitted before the mark was taken has its outcome.
    pub fn decided_before(&self, mark: u64) -> bool {
        self.dirty
            .first_key_value()
            .is_none_or(|(seq, _)| *seq >= mark)
    }

    /// Like [`Buffer::decided_before`], for changes that were submitted alone: saves and groups may go
    /// on waiting for company.
    pub fn changes_decided_before(&self, mark: u64) -> bool {
        self.changes.first().is_none_or(|seq| *seq >= mark)
    }

    /// Whether every write has its outcome.
    pub fn is_empty(&self) -> bool {
        self.dirty.is_empty()
    }
}

/// Whether the save is the pending one once more: the retry of a client that got no answer.
fn repeats(newest: &Newest<'_>, save: &Save) -> bool {
    newest.version == save.version()
        && newest.schema_version == save.schema_version
        && *newest.state == save.state
}

fn count(counter: &mut u64, more: usize) {
    *counter = counter.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests;
