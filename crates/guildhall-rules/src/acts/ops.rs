//! Which acts were done already: the memory by which an act that is sent again is answered again and not done twice.
//!
//! It mirrors the ids in the board's log: all are put in at the start, each act as it is done, and what the log
//! forgets is forgotten here. While it has seen them all, an unknown id is new; if it could not hold them all, the log
//! must be asked.

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

use super::apply::ActRecord;
use super::codec::CodecFault;
use super::deed::Deed;
use crate::dice::{Dice, Rolled, Seed};

/// Tells one request from another: 16 bytes.
pub type RequestHash = [u8; 16];

/// What was answered to an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub seq: u64,
    /// How far the open sequence was with it.
    pub open_seq: u64,
    pub at_us: i64,
    /// Of a roll.
    pub seed: Option<Seed>,
}

/// What is known of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recall {
    /// Never used.
    New,
    /// The same request was done: answer as then.
    Repeat(Outcome),
    /// The id stands for something else.
    Reused,
    /// Not here, and not all are here: look into the log, then ask [`Recall::of_row`].
    Unsure,
}

/// The ids of a board's acts, and what was answered to them. Bounded.
#[derive(Clone, Debug)]
pub struct OpMemory {
    ops_max: usize,
    by_op: HashMap<Uuid, (RequestHash, Outcome)>,
    in_order: VecDeque<(u64, Uuid)>,
    /// The highest number that was forgotten for want of room and may still be in the log.
    overflowed_through: Option<u64>,
}

/// What makes a request the same as another: who asks, and for what.
pub fn request_hash(account: Uuid, deed: &Deed) -> Result<RequestHash, CodecFault> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(account.as_bytes());
    hasher.update(&serde_json::to_vec(deed)?);
    let mut hash = RequestHash::default();
    hasher.finalize_xof().fill(&mut hash);
    Ok(hash)
}

impl Outcome {
    pub fn of(record: &ActRecord) -> Self {
        Self {
            seq: record.seq,
            open_seq: record.open_seq,
            at_us: record.at_us,
            seed: record.seed,
        }
    }

    /// The same faces again, if the deed is the roll that this was the outcome of.
    pub fn rolled(&self, deed: &Deed) -> Option<Rolled> {
        let Deed::Roll { dice, .. } = deed else {
            return None;
        };
        let dice: Dice = dice.parse().ok()?;
        Some(dice.roll(&self.seed?))
    }
}

impl Recall {
    /// What a look into the log told: the row of that id, if there is one.
    pub fn of_row(row: Option<(RequestHash, Outcome)>, request: &RequestHash) -> Self {
        match row {
            None => Recall::New,
            Some((hash, outcome)) if hash == *request => Recall::Repeat(outcome),
            Some(_) => Recall::Reused,
        }
    }
}

impl OpMemory {
    /// Room for so many.
    pub fn new(ops_max: usize) -> Self {
        Self {
            ops_max,
            by_op: HashMap::new(),
            in_order: VecDeque::new(),
            overflowed_through: None,
        }
    }

    /// Was this done already?
    pub fn recall(&self, op: Uuid, request: &RequestHash) -> Recall {
        match self.by_op.get(&op) {
            None if self.overflowed_through.is_some() => Recall::Unsure,
            found => Recall::of_row(found.copied(), request),
        }
    }

    /// An act was done, or was found in the log at the start, in the order of their numbers.
    pub fn remember(&mut self, op: Uuid, request: RequestHash, outcome: Outcome) {
        if self.by_op.insert(op, (request, outcome)).is_none() {
            self.in_order.push_back((outcome.seq, op));
        }
        while self.in_order.len() > self.ops_max {
            self.overflowed_through = self.forget_oldest().or(self.overflowed_through);
        }
    }

    /// The log has forgotten the acts through this number.
    pub fn forget_through(&mut self, seq: u64) {
        while self
            .in_order
            .front()
            .is_some_and(|(oldest, _)| *oldest <= seq)
        {
            self.forget_oldest();
        }
        self.overflowed_through = self.overflowed_through.filter(|through| *through > seq);
    }

    fn forget_oldest(&mut self) -> Option<u64> {
        let (seq, op) = self.in_order.pop_front()?;
        self.by_op.remove(&op);
        Some(seq)
    }
}
