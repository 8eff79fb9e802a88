//! How others reach the persistence process: submit a save or a change and wait for its answer, or wait until
//! what was taken up is decided.

use std::time::Duration;

use guildhall_process::{CallError, SendError};
use guildhall_protocol::{Receipt, Refusal};
use guildhall_store::write_behind::{Author, Member, Outcome, RejectReason, Save, Write};
use tokio::sync::oneshot;

use super::refusals::{outcome_unknown, refusal_of, rejection_of};
use super::{Answered, Change, Drain, Pending, Saving, Submit};
use crate::hall::{CALL_TIMEOUT, Hall, HallRef};
use crate::refusal;

/// What became of a change: decided by the database, or not taken up at all, or taken back.
pub type Decided = Result<Outcome, RejectReason>;

/// What became of a save by the time of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The version that the save makes.
    pub version: u32,
    /// How far it came: only `durable` is a promise that the database has it.
    pub receipt: Receipt,
}

impl Hall {
    /// How saving goes.
    #[must_use]
    pub fn saving(&self) -> Saving {
        self.dirty.saving(self.now())
    }

    /// Submits a change, before it returns; what became of it when it resolves, within `answer_deadline_ms`.
    ///
    /// # Errors
    /// `unavailable` when no outcome can be known: the change may or may not be done yet.
    pub fn submit(&self, write: Write) -> impl Future<Output = Result<Decided, Refusal>> + use<> {
        let answered = self.ask(write, Receipt::Durable);
        async move {
            match answered.await? {
                Answered::Decided(outcome) => Ok(Ok(outcome)),
                Answered::Rejected(reason) => Ok(Err(reason)),
                Answered::OutcomeUnknown | Answered::Promised { .. } => Err(outcome_unknown()),
            }
        }
    }

    /// Submits a save, before it returns. Resolves when the receipt is reached that is waited for, at the
    /// latest after `answer_deadline_ms` with the one that is; then events of the author's session tell the
    /// rest. [`Receipt::Safe`] means the first promise there is: durable, where there is no journal.
    ///
    /// # Errors
    /// The refusal for its owner.
    pub fn save(
        &self,
        save: Save,
        until: Receipt,
    ) -> impl Future<Output = Result<Saved, Refusal>> + use<> {
        let answered = self.ask(Write::Save(save), until);
        async move { saved(answered.await?) }
    }

    /// Like [`Self::save`], of what must happen together or not at all. A save alone is no group.
    ///
    /// # Errors
    /// The refusal for its owner.
    pub fn save_group(
        &self,
        members: Vec<Member>,
        by: Author,
        until: Receipt,
    ) -> impl Future<Output = Result<Saved, Refusal>> + use<> {
        let write = match <[Member; 1]>::try_from(members) {
            Ok([Member::Save(save)]) => Write::Save(save),
            Ok([change]) => Write::Group(vec![change], by),
            Err(members) => Write::Group(members, by),
        };
        let answered = self.ask(write, until);
        async move { saved(answered.await?) }
    }

    /// Submits a change that is never coalesced, before it returns; its version, or the refusal.
    pub fn change(
        &self,
        change: Change,
        by: Author,
    ) -> impl Future<Output = Result<u32, Refusal>> + use<> {
        let decided = self.submit(Write::Change(change, by));
        async move {
            match decided.await? {
                Ok(Outcome::Durable { version }) => Ok(version),
                Ok(Outcome::Refused(refused)) => Err(refusal_of(&refused)),
                Err(reason) => Err(rejection_of(reason)),
            }
        }
    }

    fn ask(
        &self,
        write: Write,
        until: Receipt,
    ) -> impl Future<Output = Result<Answered, Refusal>> + use<> {
        let (answer, answered) = oneshot::channel();
        let taken_up = self.persistence.tell(Submit {
            write,
            until,
            answer,
        });
        async move {
            match taken_up {
                Ok(()) => answered
                    .await
                    .map_err(|_| refusal::call(&CallError::NoReply)),
                Err(SendError::Full(_)) => Err(refusal::call(&CallError::Full)),
                Err(SendError::Dead(_)) => Err(refusal::call(&CallError::NoProc)),
            }
        }
    }
}

fn saved(answered: Answered) -> Result<Saved, Refusal> {
    match answered {
        Answered::Promised { receipt, version } => Ok(Saved { version, receipt }),
        Answered::Decided(Outcome::Durable { version }) => Ok(Saved {
            version,
            receipt: Receipt::Durable,
        }),
        Answered::Decided(Outcome::Refused(refused)) => Err(refusal_of(&refused)),
        Answered::Rejected(reason) => Err(rejection_of(reason)),
        Answered::OutcomeUnknown => Err(outcome_unknown()),
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
