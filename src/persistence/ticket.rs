//! What is owed to whoever submitted a write: an answer in time, and, for a save that was answered before
//! its commit, the news of what became of it, to the session that saved.

use std::collections::BTreeMap;

use guildhall_protocol::{Event, Receipt};
use guildhall_store::write_behind::{
    EntityKey, EntityKind, Member, Outcome, RejectReason, Save, Write, WriteRefusal,
};
use serde_json::Value;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::refusals;

/// How a submitted write is answered. Exactly one of these, within `answer_deadline_ms`.
#[derive(Debug)]
pub enum Answered {
    /// A save, before its outcome: `queued` (nothing is promised) or `safe`.
    Promised {
        /// How far it came.
        receipt: Receipt,
        /// The version that it makes.
        version: u32,
    },
    /// The database decided.
    Decided(Outcome),
    /// Not taken up, or taken back.
    Rejected(RejectReason),
    /// A change that the database has and has not answered for.
    OutcomeUnknown,
}

/// See the file's head.
pub(super) struct Ticket {
    /// `None` once answered.
    waits: Option<oneshot::Sender<Answered>>,
    /// The receipt that is waited for.
    pub until: Receipt,
    /// The receipt that is reached.
    reached: Receipt,
    /// The session that saves.
    session: Option<Uuid>,
    /// What is saved to which version; empty for a change.
    saves: Vec<(EntityKey, u32)>,
}

impl Ticket {
    pub fn new(write: &Write, until: Receipt, waits: oneshot::Sender<Answered>) -> Self {
        let saved = |save: &Save| (save.key, save.version());
        let (by, saves) = match write {
            Write::Save(save) => (save.by, vec![saved(save)]),
            Write::Change(_, by) => (*by, Vec::new()),
            Write::Group(members, by) => {
                let saves = members.iter().filter_map(Member::as_save);
                (*by, saves.map(saved).collect())
            }
        };
        Self {
            waits: Some(waits),
            until,
            reached: Receipt::Queued,
            session: by.session,
            saves,
        }
    }

    pub fn is_change(&self) -> bool {
        self.saves.is_empty()
    }

    /// Answers who waits; the answer comes back when nobody does, or nobody any more.
    pub fn answer(&mut self, answered: Answered) -> Result<(), Answered> {
        match self.waits.take() {
            Some(waits) => waits.send(answered),
            None => Err(answered),
        }
    }

    /// Answers with what is reached, whether or not it is what was waited for.
    pub fn answer_so_far(&mut self) {
        let version = self.saves.first().map_or(0, |(_, version)| *version);
        let receipt = self.reached;
        // Who no longer waits hears of the outcome, if there is a session to tell.
        let _ = self.answer(Answered::Promised { receipt, version });
    }

    /// The deliberate defect behind [`crate::hall::Faults::receipts_before_write`].
    pub fn answer_too_early(&mut self) {
        if let Some((_, version)) = self.saves.first() {
            let version = *version;
            let _ = self.answer(Answered::Decided(Outcome::Durable { version }));
            self.session = None;
        }
    }

    /// In the journal: an answer for those who wait for no more.
    pub fn safe(&mut self) {
        self.reached = Receipt::Safe;
        if self.until <= Receipt::Safe {
            self.answer_so_far();
        }
    }

    /// Whether it was called safe, or may have been.
    pub fn is_safe(&self) -> bool {
        self.reached == Receipt::Safe
    }

    /// What was reached is worth nothing any more.
    pub fn promise_nothing(&mut self) {
        self.reached = Receipt::Queued;
    }

    /// Answers with the outcome; news for the session where the answer was given before.
    pub fn decided(mut self, outcome: Outcome, news: &mut News) {
        if let Err(Answered::Decided(outcome)) = self.answer(Answered::Decided(outcome)) {
            news.add(&self, outcome);
        }
    }
}

/// Outcomes of saves that were answered before, by session and entity: of several versions the newest.
#[derive(Default)]
pub(super) struct News(BTreeMap<(Uuid, EntityKey), Told>);

#[derive(Default)]
struct Told {
    durable: Option<u32>,
    refused: Option<WriteRefusal>,
}

impl News {
    fn add(&mut self, ticket: &Ticket, outcome: Outcome) {
        let Some(session) = ticket.session else {
            return;
        };
        for (at, (key, version)) in ticket.saves.iter().enumerate() {
            let told = self.0.entry((session, *key)).or_default();
            match &outcome {
                Outcome::Durable { .. } => told.durable = told.durable.max(Some(*version)),
                Outcome::Refused(refusal) => told.refused = Some(refusal.of_save(at)),
            }
        }
    }

    /// What to tell to which session, the good news first.
    pub fn events(self) -> impl Iterator<Item = (Uuid, Event)> {
        self.0.into_iter().flat_map(|((session, key), told)| {
            let durable = told.durable.map(|version| durable(key, version));
            let reloaded = told.refused.map(|refusal| reloaded(key, &refusal));
            let events = [durable, reloaded].into_iter().flatten();
            events.map(move |event| (session, event))
        })
    }
}

fn durable(EntityKey { kind, id }: EntityKey, version: u32) -> Event {
    match kind {
        EntityKind::Character => Event::CharacterDurable {
            character: id,
            version,
        },
        EntityKind::Ship => Event::ShipDurable { guild: id, version },
    }
}

/// Version 0 and no state where there is nothing left to reload.
fn reloaded(EntityKey { kind, id }: EntityKey, refused: &WriteRefusal) -> Event {
    let reason = refusals::refusal_of(refused).rule;
    let (version, state) = match &refused.present {
        Some(present) => (present.version, refusals::state_json(present)),
        None => (0, Value::Null),
    };
    match kind {
        EntityKind::Character => Event::CharacterReloaded {
            character: id,
            reason,
            version,
            state,
        },
        EntityKind::Ship => Event::ShipReloaded {
            guild: id,
            reason,
            version,
            state,
        },
    }
}
