//! A batch on its way to the database, and the report that comes back. A batch holds no
//! receipts: it may be copied to another thread, given again, or outlive who sent it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::outcome::Outcome;
use super::write::{Author, EntityKey, Lane};
use crate::changes::Change;

/// The units of one transaction: changes in the order of their submission (one may rest on
/// another), then saves sorted by entity, those of one entity in the order of their submission.
/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Names the batch in the watermark; the same at every attempt.
    pub id: Uuid,
    /// How often it failed as a whole so far.
    pub attempts: u32,
    pub units: Arc<[Unit]>,
}

/// What is written or refused as one.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "at most 256 at a time, and short-lived"
)]
pub enum Unit {
    Change(ChangeUnit),
    Save(SaveUnit),
}

/// A change with its place in the order of submission.
#[derive(Clone, Debug)]
pub struct ChangeUnit {
    pub seq: u64,
    pub change: Change,
    pub by: Author,
}

/// The saves of one entity by one author in one window. The newest is written; the earlier ones
/// are what is fallen back on when it is refused.
#[derive(Clone, Debug)]
pub struct SaveUnit {
    pub key: EntityKey,
    /// The version that the first link builds on.
    pub base_version: u32,
    /// The save that the first link builds on was refused: the unit is only recorded, whatever
    /// version the row has reached meanwhile by somebody else's saves.
    pub builds_on_refused: bool,
    /// Oldest first, never empty; versions never fall.
    pub links: Vec<Link>,
}

/// One save of a chain.
#[derive(Clone, Debug)]
pub struct Link {
    pub seq: u64,
    /// The version that this save makes.
    pub version: u32,
    pub schema_version: u16,
    pub state: Bytes,
    pub by: Author,
}

/// What became of a batch; made only after its commit.
#[derive(Clone, Debug)]
pub struct BatchReport {
    pub batch: Uuid,
    /// One outcome per submitted write, in the order of their sequence numbers.
    pub outcomes: Vec<(u64, Outcome)>,
    /// Units that were written.
    pub rows: usize,
    /// From the begin of the transaction to the end of its commit.
    pub took: Duration,
}

impl Batch {
    /// Submitted writes in it; at least as many as units.
    pub fn writes(&self) -> usize {
        self.units.iter().map(Unit::writes).sum()
    }

    /// The newest save of each lane in it.
    pub(super) fn newest_saves(&self) -> HashMap<Lane, Link> {
        let newest = |unit: &Unit| {
            let Unit::Save(save) = unit else { return None };
            let (key, link) = (save.key, save.links.last()?.clone());
            Some((Lane { key, by: link.by }, link))
        };
        self.units.iter().filter_map(newest).collect()
    }
}

impl Unit {
    fn writes(&self) -> usize {
        match self {
            Self::Change(_) => 1,
            Self::Save(unit) => unit.links.len(),
        }
    }
}
