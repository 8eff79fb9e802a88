//! Index against database while the server runs: slice by slice, so that neither is copied or held up.
//! Both differences must be 0. A difference is an alarm, and the database is right.

use std::collections::HashSet;
use std::time::Duration;

use guildhall_process::{Ctx, Handle, ReplyTo};
use guildhall_protocol::Refusal;
use guildhall_store::NameDiff;
use guildhall_store::names::{self, Known, Slice, SliceRows};

use super::Names;
use crate::persistence::{Author, Change, changes};

/// Names of a slice: a millisecond of this process.
const SLICE_ROWS: u64 = 16_384;
/// Rows that one change hashes anew.
const REHASH_ROWS_MAX: usize = 256;

/// A comparison of index and database; both counts must be 0.
#[derive(Clone, Copy, Debug)]
pub struct Compared {
    /// Names that only the index has.
    pub index_minus_database: usize,
    /// Names that only the database has, or whose stored hashes are wrong.
    pub database_minus_index: usize,
    /// When, in microseconds since the epoch.
    pub at_us: i64,
}

impl Compared {
    pub(super) fn equal(at_us: i64) -> Self {
        Self {
            index_minus_database: 0,
            database_minus_index: 0,
            at_us,
        }
    }
}

/// Compare now and without pauses: all of it is read after this was asked.
pub struct Reconcile {
    /// What differed; it is set right after the answer, and before the next one.
    pub reply: ReplyTo<Compared>,
}

/// A comparison under way.
#[derive(Default)]
pub(super) struct Pass {
    slices: Vec<Slice>,
    found: NameDiff,
    /// Rows whose stored hashes are not those of their texts.
    rotten: Vec<String>,
    /// Between two slices.
    pause: Duration,
    /// Names that changed, or may have, since the slice under way was read.
    pub(super) touched: HashSet<u64>,
    /// Who is answered with what this one finds.
    asked: Vec<ReplyTo<Compared>>,
    /// Who asked while it was under way, and is answered by the next one.
    next: Vec<ReplyTo<Compared>>,
}

pub(super) struct CompareNow;
struct NextSlice;

impl Names {
    /// How long a comparison takes that nobody waits for; its slices are spread over this time.
    fn compare_every(&self) -> Duration {
        Duration::from_millis(self.hall.config.limits.names_compare_interval_ms)
    }

    pub(super) fn wait_to_compare(&mut self, ctx: &mut Ctx<Self>) {
        self.clock = Some(ctx.send_after(self.compare_every(), CompareNow));
    }

    /// A comparison is through, its repair included: the next one, at once where somebody waits for it.
    fn compare_next(&mut self, next: Vec<ReplyTo<Compared>>, ctx: &mut Ctx<Self>) {
        match next.is_empty() {
            true => self.wait_to_compare(ctx),
            false => self.start_pass(next, ctx),
        }
    }

    fn start_pass(&mut self, asked: Vec<ReplyTo<Compared>>, ctx: &mut Ctx<Self>) {
        if let Some(timer) = self.clock.take() {
            ctx.cancel_timer(timer);
        }
        let slices: Vec<Slice> = Slice::all(self.index.len(), SLICE_ROWS).collect();
        let count = u32::try_from(slices.len()).unwrap_or(u32::MAX).max(1);
        let pause = match asked.is_empty() {
            true => self.compare_every() / count,
            false => Duration::ZERO,
        };
        self.pass = Some(Pass {
            slices,
            pause,
            asked,
            ..Pass::default()
        });
        self.next_slice(ctx);
    }

    fn next_slice(&mut self, ctx: &mut Ctx<Self>) {
        let under_way = self.busy.values().flat_map(|busy| &busy.hashes).copied();
        let under_way: HashSet<u64> = under_way.collect();
        let Some(pass) = &mut self.pass else {
            return;
        };
        let Some(slice) = pass.slices.pop() else {
            return self.end_pass(ctx);
        };
        pass.touched = under_way;
        let rows = self.hall.read(move |conn| names::read_slice(conn, slice));
        ctx.run(rows, move |this, rows, ctx| match rows {
            Ok(rows) => this.slice_read(slice, rows, ctx),
            // The database is busy or gone: the next comparison finds what this one would have.
            Err(_) => this.drop_pass(ctx),
        });
    }

    fn slice_read(&mut self, slice: Slice, read: SliceRows, ctx: &mut Ctx<Self>) {
        let Some(pass) = &mut self.pass else {
            return;
        };
        let diff = self.index.compare(slice, &read.rows, &pass.touched);
        pass.found
            .index_minus_database
            .extend(diff.index_minus_database);
        pass.found
            .database_minus_index
            .extend(diff.database_minus_index);
        pass.rotten.extend(read.rotten);
        if pass.pause.is_zero() || pass.slices.is_empty() {
            self.next_slice(ctx);
        } else {
            self.clock = Some(ctx.send_after(pass.pause, NextSlice));
        }
    }

    fn drop_pass(&mut self, ctx: &mut Ctx<Self>) {
        let next = self.pass.take().unwrap_or_default().next;
        self.compare_next(next, ctx);
    }

    fn end_pass(&mut self, ctx: &mut Ctx<Self>) {
        let Some(mut pass) = self.pass.take() else {
            return;
        };
        let compared = Compared {
            index_minus_database: pass.found.index_minus_database.len(),
            database_minus_index: pass.found.database_minus_index.len() + pass.rotten.len(),
            ..Compared::equal(self.hall.now_us())
        };
        self.compared = Some(compared);
        for asked in pass.asked.drain(..) {
            asked.send(compared);
        }
        if !pass.rotten.is_empty() {
            self.alarms += 1;
            log::error!(
                "{} names have wrong hashes, they are made anew",
                pass.rotten.len()
            );
            return self.rehash(pass, ctx);
        }
        if !pass.found.is_empty() {
            self.alarms += 1;
            log::error!("index and database of names differ, the index is set right: {compared:?}");
            return self.repair(pass, ctx);
        }
        self.compare_next(pass.next, ctx);
    }

    /// A row with a wrong hash is in no slice or the wrong one, so nothing is taken from the index before
    /// the hashes are right; the comparison after this one tells.
    fn rehash(&mut self, mut pass: Pass, ctx: &mut Ctx<Self>) {
        let mut rows = std::mem::take(&mut pass.rotten);
        rows.truncate(REHASH_ROWS_MAX);
        let change = Change::RehashNames(changes::RehashNames { rows });
        let rehashed = self.hall.change(change, Author::SERVER);
        self.pass = Some(pass);
        ctx.run(rehashed, |this, rehashed: Result<u32, Refusal>, ctx| {
            let next = this.pass.take().unwrap_or_default().next;
            match rehashed {
                Ok(_) => this.start_pass(next, ctx),
                Err(_) => this.compare_next(next, ctx),
            }
        });
    }

    /// Reads the names that differ once more, and believes the database.
    fn repair(&mut self, mut pass: Pass, ctx: &mut Ctx<Self>) {
        let hashes: Vec<u64> = pass.found.hashes().into_iter().collect();
        let wanted = hashes.clone();
        let rows = self
            .hall
            .read_settled(move |conn| names::by_hashes(conn, &wanted));
        pass.touched = self
            .busy
            .values()
            .flat_map(|busy| &busy.hashes)
            .copied()
            .collect();
        self.pass = Some(pass);
        ctx.run(rows, move |this, rows: Result<Vec<Known>, Refusal>, ctx| {
            let Pass { touched, next, .. } = this.pass.take().unwrap_or_default();
            if let Ok(rows) = rows {
                for hash in hashes.iter().filter(|hash| !touched.contains(hash)) {
                    this.index.set_right(*hash, &rows);
                }
            }
            this.compare_next(next, ctx);
        });
    }
}

impl Handle<CompareNow> for Names {
    fn handle(&mut self, _: CompareNow, ctx: &mut Ctx<Self>) {
        if self.pass.is_none() {
            self.start_pass(Vec::new(), ctx);
        }
    }
}

impl Handle<NextSlice> for Names {
    fn handle(&mut self, _: NextSlice, ctx: &mut Ctx<Self>) {
        // One that was cancelled too late finds no clock.
        if self.clock.take().is_some() {
            self.next_slice(ctx);
        }
    }
}

impl Handle<Reconcile> for Names {
    /// One that is under way goes on without pauses; it may have read already what is asked about.
    fn handle(&mut self, Reconcile { reply }: Reconcile, ctx: &mut Ctx<Self>) {
        match &mut self.pass {
            None => self.start_pass(vec![reply], ctx),
            Some(pass) => {
                pass.pause = Duration::ZERO;
                pass.next.push(reply);
                // It waits for its next slice.
                if let Some(timer) = self.clock.take() {
                    ctx.cancel_timer(timer);
                    self.next_slice(ctx);
                }
            }
        }
    }
}
