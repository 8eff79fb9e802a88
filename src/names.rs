//! The name authority: the complete index of taken names, and the only way to take one or give one up.
//! Child of `core`, permanent, named; ready before any socket is accepted. Write-through: reserve in the
//! index, write, then answer. A refusal by the database means index ≠ database: alarm, and that name is read
//! back. What can be asked is in `names/verbs.rs`, the comparison with the database in `names/reconcile.rs`.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use guildhall_process::{Ctx, ExitReason, Handle, Init, Process, ReplyTo, TimerRef};
use guildhall_protocol::{Code, Refusal};
use guildhall_store::names::{
    self, Known, LoadProof, NameClash, NameEntry, NameIndex, Reservation, StoredName,
};
use uuid::Uuid;

use crate::hall::HallRef;
use crate::persistence::{
    Author, Cause, Change, Decided, NameOwner, Outcome, Write, drain_changes, refusal_of,
    rejection_of, taken_back,
};
use crate::refusal;
use reconcile::Pass;

mod announce;
mod cooling;
mod reconcile;
mod verbs;

pub use cooling::FreeDue;
pub use reconcile::{Compared, Reconcile};
pub use verbs::{
    Order, disband, force_rename, holder, release, rename, reserve, restore, revive, row, take,
    unreserve,
};

/// Tries to drain the writes under way before a load, and the pause between them.
const DRAIN_TRIES: u32 = 50;
/// See [`DRAIN_TRIES`].
const DRAIN_PAUSE: Duration = Duration::from_millis(100);
/// Claims of one owner that may wait for each other.
const CLAIMS_WAITING_MAX: usize = 16;
/// How soon a read-back that failed is repeated; the name stays reserved meanwhile.
const READ_BACK_RETRY: Duration = Duration::from_secs(1);

/// See the file's head.
pub struct Names {
    hall: HallRef,
    index: NameIndex,
    proof: Option<LoadProof>,
    compared: Option<Compared>,
    alarms: u64,
    /// Owners with a claim under way.
    busy: HashMap<NameOwner, Busy>,
    /// The comparison under way.
    pass: Option<Pass>,
    /// When the next comparison begins, or its next slice.
    clock: Option<TimerRef>,
}

/// An owner whose claim is under way.
#[derive(Default)]
struct Busy {
    /// Of the names that it may change.
    hashes: Vec<u64>,
    /// The owner's next ones.
    waiting: VecDeque<Claim>,
}

/// Have a name taken or given up by writing `change`, which must say the same.
pub struct Claim {
    /// What happens to which name.
    pub deed: Deed,
    /// What is written when the index allows it.
    pub change: Change,
    /// On whose behalf.
    pub by: Author,
    /// Why an operator ordered it; then everyone who shows the name is told, else everyone but the asker.
    pub reason: Option<String>,
    /// When its asker hears no answer any more, on the hall's clock: what is not submitted by then is not written.
    pub until: Duration,
    /// The version by this write, after the commit; or the refusal.
    pub reply: ReplyTo<Result<u32, Refusal>>,
}

/// What a claim does.
#[derive(Clone, Debug)]
pub enum Deed {
    /// A name for something that is made with it.
    Take(NameEntry),
    /// Another name for something; with `overrule` it may look like one that is taken.
    Rename {
        /// The new name.
        to: NameEntry,
        /// See above.
        overrule: bool,
    },
    /// The owner's name is given up and cools.
    GiveUp(NameOwner),
    /// This name is nobody's any more.
    Free(StoredName),
}

impl Deed {
    fn owner(&self) -> NameOwner {
        match self {
            Self::Take(name) | Self::Rename { to: name, .. } => name.owner,
            Self::GiveUp(owner) => *owner,
            Self::Free(name) => name.entry.owner,
        }
    }
}

/// Figures for the status page.
pub struct Figures {
    /// Who asks.
    pub reply: ReplyTo<NameFigures>,
}

/// What the index holds and how far it agrees with the database.
#[derive(Clone, Debug)]
pub struct NameFigures {
    /// Names in the index, those that cool included, pending ones apart.
    pub taken: u64,
    /// Reservations whose write is under way.
    pub pending: usize,
    /// Rows and checksum proven equal at the last load.
    pub proof: Option<LoadProof>,
    /// The last comparison with the database.
    pub compared: Option<Compared>,
    /// Times that index and database were found to differ.
    pub alarms: u64,
}

impl Names {
    /// An authority that will load itself.
    #[must_use]
    pub fn new(hall: HallRef) -> Self {
        Self {
            hall,
            index: NameIndex::default(),
            proof: None,
            compared: None,
            alarms: 0,
            busy: HashMap::new(),
            pass: None,
            clock: None,
        }
    }
}

struct ReadBack(Doing);

impl Process for Names {
    const KIND: &'static str = "names";
    const MAILBOX_MAX: usize = 65_536;

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        if let Err(taken) = self.hall.names.register(&ctx.me()) {
            return Init::Fail(ExitReason::error(taken.to_string()));
        }
        ctx.wait(load(Arc::clone(&self.hall)), |this, loaded, ctx| {
            match loaded {
                Ok((index, proof)) => {
                    log::info!(rows = proof.rows; "all names are loaded and proven equal to the database");
                    this.index = index;
                    this.proof = Some(proof);
                    this.compared = Some(Compared::equal(this.hall.now_us()));
                    this.wait_to_compare(ctx);
                    this.wait_to_free(ctx);
                    ctx.init_done(Ok(()));
                }
                Err(refusal) => ctx.init_done(Err(ExitReason::error(refusal.message))),
            }
        });
        Init::Pending
    }

    fn state_summary(&self) -> Option<String> {
        Some(format!("{} names", self.index.len()))
    }
}

/// Loads every name there is. After a crash of the authority, writes it had begun may still be under way:
/// they are drained first, so that the load sees them. Only at the first start nobody is there to drain.
async fn load(hall: HallRef) -> Result<(NameIndex, LoadProof), Refusal> {
    let first_start = hall.root.get().is_none();
    if !first_start && !drain_patiently(&hall).await {
        let sentence = "Writes under way could not be drained.";
        return Err(Refusal::new(Code::Unavailable, sentence));
    }
    let database = hall.database.clone();
    let job = hall.readers.pool().run(move || NameIndex::load(&database));
    let loaded = job.await.map_err(|e| refusal::job(&e))?;
    loaded.map_err(|e| refusal::store(&e))
}

/// The persistence process may itself be on its way back.
async fn drain_patiently(hall: &HallRef) -> bool {
    for _ in 0..DRAIN_TRIES {
        if drain_changes(hall).await {
            return true;
        }
        tokio::time::sleep(DRAIN_PAUSE).await;
    }
    false
}

impl Handle<Claim> for Names {
    /// One claim of an owner at a time: results of writes come back in no particular order, and the index
    /// must end with the name that the database was given last.
    fn handle(&mut self, claim: Claim, ctx: &mut Ctx<Self>) {
        match self.busy.get_mut(&claim.deed.owner()) {
            None => self.begin(claim, ctx),
            Some(busy) if busy.waiting.len() < CLAIMS_WAITING_MAX => busy.waiting.push_back(claim),
            Some(_) => {
                let sentence = "Too many names are being changed for this one.";
                claim
                    .reply
                    .send(Err(Refusal::new(Code::Overloaded, sentence)));
            }
        }
    }
}

/// A claim under way: what the index must know of it.
struct Doing {
    owner: NameOwner,
    step: Step,
    /// What the owner has already and the claim changes.
    before: Vec<Known>,
    /// Accounts whose sessions show the owner's name.
    shown_to: Vec<Uuid>,
    by: Author,
    reason: Option<String>,
}

/// What the index does when the database has done it.
enum Step {
    Take(Reservation),
    /// What stood before cools.
    GiveUp,
    /// What stood before is nobody's.
    Free,
}

impl Doing {
    fn reservation(&self) -> Option<&Reservation> {
        match &self.step {
            Step::Take(reservation) => Some(reservation),
            Step::GiveUp | Step::Free => None,
        }
    }

    /// Whether another name of the owner cools when this is done: its present one is given up for one that
    /// does not cool for it. A name that is given up with its owner's end is not counted.
    fn cools_one_more(&self) -> bool {
        let Some(taken) = self.reservation() else {
            return false;
        };
        let cools = |known: &Known| known.cooling_until_us.is_some();
        let other = |known: &Known| known.hashes.key != taken.hashes().key;
        self.before.iter().any(other) && !self.before.iter().any(cools)
    }

    /// Hashes of the names that it may change.
    fn hashes(&self) -> Vec<u64> {
        let taken = self.reservation().map(|taken| taken.hashes().key);
        let before = self.before.iter().map(|known| known.hashes.key);
        taken.into_iter().chain(before).collect()
    }
}

/// The other half of a claim under way: what is written, and who hears of it.
struct Asked {
    change: Change,
    until: Duration,
    reply: ReplyTo<Result<u32, Refusal>>,
}

impl Names {
    fn begin(&mut self, claim: Claim, ctx: &mut Ctx<Self>) {
        let owner = claim.deed.owner();
        let asked = Asked {
            change: claim.change,
            until: claim.until,
            reply: claim.reply,
        };
        let doing = |step, before| Doing {
            owner,
            step,
            before,
            shown_to: Vec::new(),
            by: claim.by,
            reason: claim.reason,
        };
        match claim.deed {
            Deed::Take(entry) => match self.index.reserve(entry, false) {
                Ok(free) if !free.is_doubtful() => {
                    self.write(doing(Step::Take(free), Vec::new()), asked, ctx);
                }
                Ok(doubtful) => {
                    self.look(doing(Step::Take(doubtful), Vec::new()), false, asked, ctx)
                }
                Err(clash) => self.refuse(owner, asked.reply, clash_refusal(&clash), ctx),
            },
            Deed::Rename { to, overrule } => match self.index.reserve(to, overrule) {
                Ok(taken) => self.look(doing(Step::Take(taken), Vec::new()), overrule, asked, ctx),
                Err(clash) => self.refuse(owner, asked.reply, clash_refusal(&clash), ctx),
            },
            Deed::GiveUp(_) => self.look(doing(Step::GiveUp, Vec::new()), false, asked, ctx),
            Deed::Free(name) => {
                self.write(doing(Step::Free, vec![name.known()]), asked, ctx);
            }
        }
    }

    /// Asks the database what the index cannot say: whether a doubtful name is free, and what the owner has.
    fn look(&mut self, mut doing: Doing, overrule: bool, asked: Asked, ctx: &mut Ctx<Self>) {
        self.under_way(&doing);
        let owner = doing.owner;
        let claim = doing.reservation().map(|taken| taken.entry().clone());
        let doubtful = doing.reservation().is_some_and(Reservation::is_doubtful);
        let seen = self.hall.read(move |conn| {
            let clash = match &claim {
                Some(claim) if doubtful => names::clash(conn, claim, overrule)?,
                _ => None,
            };
            let before = names::before(conn, owner, claim.as_ref())?;
            let cools = names::gave_up(conn, owner)?;
            Ok((clash, before, cools, names::shown_to(conn, owner)?))
        });
        let cooling_max = self.hall.config.limits.names_cooling_max;
        ctx.run(seen, move |this, seen, ctx| {
            let refusal = match seen {
                Ok((None, before, cools, shown_to)) => {
                    (doing.before, doing.shown_to) = (before, shown_to);
                    let one_more = !overrule && doing.cools_one_more();
                    match cooling::refusal(&cools, cooling_max).filter(|_| one_more) {
                        None => return this.write(doing, asked, ctx),
                        Some(refusal) => refusal,
                    }
                }
                Ok((Some(clash), ..)) => clash_refusal(&clash),
                Err(refusal) => refusal,
            };
            asked.reply.send(Err(refusal));
            this.give_up(doing, ctx);
        });
    }

    /// Not for an asker who has given up: a guild that was to end with the write would go on beside it.
    fn write(&mut self, doing: Doing, asked: Asked, ctx: &mut Ctx<Self>) {
        if self.hall.now() >= asked.until {
            asked.reply.send(Err(taken_back()));
            return self.give_up(doing, ctx);
        }
        self.under_way(&doing);
        let decided = self.hall.submit(Write::Change(asked.change, doing.by));
        ctx.run(decided, move |this, decided, ctx| {
            let answer = this.decided(doing, decided, ctx);
            asked.reply.send(answer);
        });
    }

    /// What this claim may change is no difference between index and database until it is settled.
    fn under_way(&mut self, doing: &Doing) {
        let hashes = doing.hashes();
        self.touch(&hashes);
        self.busy.entry(doing.owner).or_default().hashes = hashes;
    }

    fn refuse(
        &mut self,
        owner: NameOwner,
        reply: ReplyTo<Result<u32, Refusal>>,
        refusal: Refusal,
        ctx: &mut Ctx<Self>,
    ) {
        reply.send(Err(refusal));
        self.next_of(owner, ctx);
    }

    /// An owner's claim is settled: the next that waits may begin.
    fn next_of(&mut self, owner: NameOwner, ctx: &mut Ctx<Self>) {
        let next = self
            .busy
            .get_mut(&owner)
            .and_then(|busy| busy.waiting.pop_front());
        match next {
            Some(claim) => self.begin(claim, ctx),
            None => drop(self.busy.remove(&owner)),
        }
    }
}

fn clash_refusal(clash: &NameClash) -> Refusal {
    match clash {
        NameClash::Taken { .. } => Refusal::new(Code::NameTaken, "The name is taken."),
        NameClash::Cooling { until_us, .. } => {
            let sentence = format!(
                "The name was given up and is kept until {} for who had it.",
                cooling::day(*until_us)
            );
            Refusal::new(Code::NameTaken, sentence).rule("name.cooling")
        }
        NameClash::LooksLike { .. } => {
            let sentence = "The name looks like one that is taken; an operator can allow it.";
            Refusal::new(Code::NameConfusable, sentence)
        }
    }
}

impl Names {
    /// The write came back: it becomes the truth, is given up, or is checked against the database when the
    /// database contradicts the index or nobody knows what became of the write.
    fn decided(
        &mut self,
        doing: Doing,
        decided: Result<Decided, Refusal>,
        ctx: &mut Ctx<Self>,
    ) -> Result<u32, Refusal> {
        match decided {
            Ok(Ok(Outcome::Durable { version })) => {
                self.done(doing, ctx);
                Ok(version)
            }
            Ok(Ok(Outcome::Refused(refused))) if refused.cause == Cause::Unique => {
                self.alarms += 1;
                log::error!(owner:? = doing.owner; "the database holds a name that the index did not: it is read back");
                self.read_back(doing, ctx);
                let refusal = Refusal::new(Code::NameTaken, "The name is taken.");
                Err(refusal.rule("name.unique_in_database"))
            }
            Ok(Ok(Outcome::Refused(refused))) => {
                self.give_up(doing, ctx);
                Err(refusal_of(&refused))
            }
            Ok(Err(reason)) => {
                self.give_up(doing, ctx);
                Err(rejection_of(reason))
            }
            Err(refusal) => {
                self.read_back(doing, ctx);
                Err(refusal)
            }
        }
    }

    /// The database did it.
    fn done(&mut self, doing: Doing, ctx: &mut Ctx<Self>) {
        self.touch(&doing.hashes());
        let owner = doing.owner;
        self.announce(&doing);
        match doing.step {
            Step::Take(reservation) => self.index.confirm(reservation, &doing.before),
            Step::GiveUp => {
                for known in &doing.before {
                    self.index.cool(&known.hashes, owner);
                }
            }
            Step::Free => {
                for known in &doing.before {
                    self.index.remove(&known.hashes, owner);
                }
            }
        }
        self.next_of(owner, ctx);
    }

    /// The database did not do it.
    fn give_up(&mut self, doing: Doing, ctx: &mut Ctx<Self>) {
        if let Step::Take(reservation) = doing.step {
            self.index.abandon(reservation);
        }
        self.next_of(doing.owner, ctx);
    }

    /// Sets the index to what the database says about these names. A write of unknown outcome may still be
    /// under way, so everything taken up is decided first.
    fn read_back(&mut self, doing: Doing, ctx: &mut Ctx<Self>) {
        let hashes = doing.hashes();
        let entry = doing.reservation().map(|taken| taken.entry().clone());
        let rows = self.hall.read_settled(move |conn| {
            let mut rows = names::by_hashes(conn, &hashes)?;
            // By its text too: a row that another program wrote has no hash.
            if let Some(entry) = entry
                && let Some(row) =
                    names::holder(conn, entry.realm, &entry.key)?.map(|row| row.known())
                && !rows.contains(&row)
            {
                rows.push(row);
            }
            Ok(rows)
        });
        ctx.run(rows, move |this, rows, ctx| match rows {
            Ok(rows) => this.settle(doing, &rows, ctx),
            // Still reserved, so that nobody can take it meanwhile.
            Err(_) => drop(ctx.send_after(READ_BACK_RETRY, ReadBack(doing))),
        });
    }

    fn settle(&mut self, mut doing: Doing, rows: &[Known], ctx: &mut Ctx<Self>) {
        let hashes = doing.hashes();
        self.touch(&hashes);
        for hash in hashes {
            self.index.set_right(hash, rows);
        }
        let taken = doing.reservation().map(|taken| taken.hashes().key);
        let bears = |row: &Known| row.owner == doing.owner && row.cooling_until_us.is_none();
        if rows
            .iter()
            .any(|row| Some(row.hashes.key) == taken && bears(row))
        {
            // It was done after all, and its asker was not told so.
            doing.by.session = None;
            self.announce(&doing);
        }
        self.give_up(doing, ctx);
    }

    /// The names of these hashes change, or may: a comparison under way leaves them out.
    fn touch(&mut self, hashes: &[u64]) {
        if let Some(pass) = &mut self.pass {
            pass.touched.extend(hashes);
        }
    }
}

impl Handle<ReadBack> for Names {
    fn handle(&mut self, ReadBack(doing): ReadBack, ctx: &mut Ctx<Self>) {
        self.read_back(doing, ctx);
    }
}

impl Handle<Figures> for Names {
    fn handle(&mut self, Figures { reply }: Figures, _: &mut Ctx<Self>) {
        reply.send(NameFigures {
            taken: self.index.len(),
            pending: self.index.pending(),
            proof: self.proof,
            compared: self.compared,
            alarms: self.alarms,
        });
    }
}

#[cfg(test)]
mod tests;
