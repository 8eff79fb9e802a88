//! The name authority: the complete index of taken names, and the only way to take one. Child of `core`,
//! permanent, named; ready before any socket is accepted. Write-through: reserve in the index, write, then
//! answer. A refusal by the database means index ≠ database: alarm, and that name is read back.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use guildhall_process::{Ctx, ExitReason, Handle, Init, Process, ReplyTo};
use guildhall_protocol::{Code, Refusal};
use guildhall_store::names::{
    self, LoadProof, NameClash, NameDiff, NameEntry, NameIndex, NameRef, Reservation,
};

use crate::hall::{self, HallRef};
use crate::persistence::{
    Author, Cause, Change, Decided, NameOwner, Outcome, Write, drain_changes, refusal_of,
    rejection_of,
};
use crate::refusal;

/// How often index and database are compared while the server runs.
const COMPARE_EVERY: Duration = Duration::from_secs(60);
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
    /// Owners with a claim under way, and the claims of theirs that wait for it.
    busy: HashMap<NameOwner, VecDeque<Claim>>,
}

/// Take a name by writing `change`, which must hold the name's row.
pub struct Claim {
    /// Who shall have which name in which realm.
    pub entry: NameEntry,
    /// What is written when the index allows it.
    pub change: Change,
    /// On whose behalf.
    pub by: Author,
    /// The version by this write, after the commit; or the refusal.
    pub reply: ReplyTo<Result<u32, Refusal>>,
}

/// Figures for the status page.
pub struct Figures {
    /// Who asks.
    pub reply: ReplyTo<NameFigures>,
}

/// What the index holds and how far it agrees with the database.
#[derive(Clone, Debug)]
pub struct NameFigures {
    /// Names in the index, pending ones apart.
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

/// A comparison of index and database; both counts must be 0.
#[derive(Clone, Copy, Debug)]
pub struct Compared {
    /// Names that only the index has.
    pub index_minus_database: usize,
    /// Names that only the database has.
    pub database_minus_index: usize,
    /// When, in microseconds since the epoch.
    pub at_us: i64,
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
        }
    }
}

struct CompareNow;
struct ReadBack(Reservation);

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
                    this.compared = Some(compared(&NameDiff::default()));
                    ctx.send_after(COMPARE_EVERY, CompareNow);
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
    let job = hall.readers.run(move || NameIndex::load(&database));
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
        match self.busy.get_mut(&claim.entry.owner) {
            None => self.begin(claim, ctx),
            Some(waiting) if waiting.len() < CLAIMS_WAITING_MAX => waiting.push_back(claim),
            Some(_) => {
                let sentence = "Too many names are being changed for this one.";
                claim
                    .reply
                    .send(Err(Refusal::new(Code::Overloaded, sentence)));
            }
        }
    }
}

impl Names {
    fn begin(&mut self, claim: Claim, ctx: &mut Ctx<Self>) {
        let Claim {
            entry,
            change,
            by,
            reply,
        } = claim;
        let (owner, display) = (entry.owner, entry.display.clone());
        let reservation = match self.index.reserve(entry) {
            Ok(reservation) => reservation,
            Err(clash) => {
                reply.send(Err(clash_refusal(&clash, &display)));
                return self.next_of(owner, ctx);
            }
        };
        self.busy.entry(owner).or_default();
        let decided = self.hall.submit(Write::Change(change, by));
        ctx.run(decided, move |this, decided, ctx| {
            let answer = this.decided(reservation, decided, ctx);
            reply.send(answer);
        });
    }

    /// An owner's claim is settled: the next that waits may begin.
    fn next_of(&mut self, owner: NameOwner, ctx: &mut Ctx<Self>) {
        let next = self.busy.get_mut(&owner).and_then(VecDeque::pop_front);
        match next {
            Some(claim) => self.begin(claim, ctx),
            None => drop(self.busy.remove(&owner)),
        }
    }
}

fn clash_refusal(clash: &NameClash, display: &str) -> Refusal {
    match clash {
        NameClash::Taken { .. } => {
            Refusal::new(Code::NameTaken, format!("The name {display:?} is taken."))
        }
        NameClash::LooksLike { .. } => {
            let sentence = format!("The name {display:?} looks like one that is taken.");
            Refusal::new(Code::NameConfusable, sentence)
        }
    }
}

impl Names {
    /// The write came back: the reservation becomes the truth, is given up, or is checked against the
    /// database when the database contradicts the index or nobody knows what became of the write.
    fn decided(
        &mut self,
        reservation: Reservation,
        decided: Result<Decided, Refusal>,
        ctx: &mut Ctx<Self>,
    ) -> Result<u32, Refusal> {
        match decided {
            Ok(Ok(Outcome::Durable { version })) => {
                self.confirm(reservation, ctx);
                Ok(version)
            }
            Ok(Ok(Outcome::Refused(refused))) if refused.cause == Cause::Unique => {
                self.alarms += 1;
                let entry = reservation.entry();
                log::error!(key:? = entry.key; "the database holds a name that the index did not: it is read back");
                let sentence = format!("The name {:?} is taken.", entry.display);
                self.read_back(reservation, ctx);
                Err(Refusal::new(Code::NameTaken, sentence).rule("name.unique_in_database"))
            }
            Ok(Ok(Outcome::Refused(refused))) => {
                self.abandon(reservation, ctx);
                Err(refusal_of(&refused))
            }
            Ok(Err(reason)) => {
                self.abandon(reservation, ctx);
                Err(rejection_of(reason))
            }
            Err(refusal) => {
                self.read_back(reservation, ctx);
                Err(refusal)
            }
        }
    }

    fn confirm(&mut self, reservation: Reservation, ctx: &mut Ctx<Self>) {
        let owner = reservation.entry().owner;
        self.index.confirm(reservation);
        self.next_of(owner, ctx);
    }

    fn abandon(&mut self, reservation: Reservation, ctx: &mut Ctx<Self>) {
        let owner = reservation.entry().owner;
        self.index.abandon(reservation);
        self.next_of(owner, ctx);
    }

    /// Sets the index to what the database says about this name. A write of unknown outcome may still be
    /// under way, so everything taken up is decided first.
    fn read_back(&mut self, reservation: Reservation, ctx: &mut Ctx<Self>) {
        let (realm, key) = (reservation.entry().realm, reservation.entry().key.clone());
        let row = self
            .hall
            .read_settled(move |conn| names::entry(conn, realm, &key));
        ctx.run(row, move |this, row, ctx| match row {
            Ok(row) => this.settle(reservation, row, ctx),
            // Still reserved, so that nobody can take it meanwhile.
            Err(_) => drop(ctx.send_after(READ_BACK_RETRY, ReadBack(reservation))),
        });
    }

    fn settle(&mut self, reservation: Reservation, row: Option<NameEntry>, ctx: &mut Ctx<Self>) {
        match row {
            Some(row) if row.owner == reservation.entry().owner => self.confirm(reservation, ctx),
            Some(row) => {
                self.abandon(reservation, ctx);
                self.take_in(row);
            }
            None => self.abandon(reservation, ctx),
        }
    }

    /// A name that the database has and the index had not: the database is right.
    fn take_in(&mut self, row: NameEntry) {
        self.index.release(row.owner);
        if let Err(clash) = self.index.insert(row) {
            log::error!("a name of the database cannot be taken into the index: {clash}");
        }
    }

    /// What differs now, of what differed when a copy of the index was compared: names of owners whose
    /// claim is under way are no difference, nor are those settled since.
    fn still_differs(&self, diff: NameDiff) -> NameDiff {
        let holds = |name: &NameRef| self.index.owner_of(name.realm, &name.key) == Some(name.owner);
        let settled = |name: &NameRef| !self.busy.contains_key(&name.owner);
        let (mut index_only, mut database_only) =
            (diff.index_minus_database, diff.database_minus_index);
        index_only.retain(|name| settled(name) && holds(name));
        database_only.retain(|name| settled(name) && !holds(name));
        NameDiff {
            index_minus_database: index_only,
            database_minus_index: database_only,
        }
    }

    /// Index and database differ: an alarm, and the database is right.
    fn repair(&mut self, diff: NameDiff, ctx: &mut Ctx<Self>) {
        self.alarms += 1;
        log::error!("index and database of names differ, the index is set right: {diff:?}");
        for name in diff.index_minus_database {
            self.index.release(name.owner);
        }
        for name in diff.database_minus_index {
            let row = self
                .hall
                .read_settled(move |conn| names::entry(conn, name.realm, &name.key));
            ctx.run(row, |this, row, _| {
                if let Ok(Some(row)) = row
                    && !this.busy.contains_key(&row.owner)
                {
                    this.take_in(row);
                }
            });
        }
    }
}

fn compared(diff: &NameDiff) -> Compared {
    Compared {
        index_minus_database: diff.index_minus_database.len(),
        database_minus_index: diff.database_minus_index.len(),
        at_us: hall::now_us(),
    }
}

impl Handle<CompareNow> for Names {
    fn handle(&mut self, _: CompareNow, ctx: &mut Ctx<Self>) {
        let (database, index) = (self.hall.database.clone(), self.index.clone());
        let diff = self
            .hall
            .readers
            .run(move || names::compare(&database, &index));
        ctx.run(diff, |this, diff, ctx| {
            if let Ok(Ok(diff)) = diff {
                let diff = this.still_differs(diff);
                this.compared = Some(compared(&diff));
                if !diff.is_empty() {
                    this.repair(diff, ctx);
                }
            }
            ctx.send_after(COMPARE_EVERY, CompareNow);
        });
    }
}

impl Handle<ReadBack> for Names {
    fn handle(&mut self, ReadBack(reservation): ReadBack, ctx: &mut Ctx<Self>) {
        self.read_back(reservation, ctx);
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
