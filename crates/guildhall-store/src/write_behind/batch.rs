//! A batch on its way to the database, and the report that comes back. A batch holds no
//! receipts: it may be copied to another thread, given again, or outlive who sent it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::outcome::Outcome;
use super::write::{Author, EntityKey, Lane, Member, Save};
use crate::changes::Change;

/// So often a batch fails as a whole before it may be written in parts, and before an unclear error counts
/// against the write that met it.
const FAILURES_BEFORE_PARTS: u32 = 3;

/// The units of one transaction: changes in the order of their submission (one may rest on
/// another), then layers of saves sorted by entity, each followed by groups. Whatever touches one
/// entity comes in the order of its submission. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Names the batch in the watermark; the same at every attempt.
    pub id: Uuid,
    /// How often it failed as a whole so far.
    pub attempts: u32,
    /// The journal that cannot tell by this batch's id what was committed of it, since it has no room to
    /// record it or the batch may be written in parts: each transaction notes what it carries.
    pub noted_for: Option<Uuid>,
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
    Group(GroupUnit),
}

/// A change with its place in the order of submission.
#[derive(Clone, Debug)]
pub struct ChangeUnit {
    pub seq: u64,
    pub change: Change,
    pub by: Author,
}

/// Members that are written or refused as one.
#[derive(Clone, Debug)]
pub struct GroupUnit {
    pub seq: u64,
    /// Like [`SaveUnit::builds_on_refused`].
    pub builds_on_refused: bool,
    pub members: Vec<Member>,
    pub by: Author,
}

/// The saves of one entity in one lane and one window. The newest is written; the earlier ones
/// are what is fallen back on when it is refused.
#[derive(Clone, Debug)]
pub struct SaveUnit {
    pub key: EntityKey,
    /// See [`Save::fence`].
    pub fence: Option<u32>,
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
    /// Whether it failed so often that it may be committed in parts, each with an id of its own.
    pub fn may_part(&self) -> bool {
        self.attempts >= FAILURES_BEFORE_PARTS
    }

    /// Submitted writes in it; at least as many as units.
    pub fn writes(&self) -> usize {
        self.units.iter().map(Unit::writes).sum()
    }

    /// The sequence numbers of its writes.
    pub fn seqs(&self) -> impl Iterator<Item = u64> {
        self.units.iter().flat_map(Unit::seqs)
    }

    /// Where the newest save of each lane stands in it.
    pub(super) fn newest_saves(&self) -> HashMap<Lane, usize> {
        let lanes = |(at, unit)| Unit::lanes(unit).map(move |lane| (lane, at));
        self.units.iter().enumerate().flat_map(lanes).collect()
    }
}

/// What a save is judged by that builds on one without an outcome.
pub(super) struct Newest<'a> {
    pub version: u32,
    pub schema_version: u16,
    pub state: &'a Bytes,
}

impl Unit {
    fn writes(&self) -> usize {
        match self {
            Self::Change(_) | Self::Group(_) => 1,
            Self::Save(unit) => unit.links.len(),
        }
    }

    /// The lanes that it has saves of.
    pub(super) fn lanes(&self) -> impl Iterator<Item = Lane> {
        let (chain, group) = match self {
            Self::Change(_) => (None, None),
            Self::Save(unit) => (unit.lane(), None),
            Self::Group(unit) => (None, Some(unit.lanes())),
        };
        chain.into_iter().chain(group.into_iter().flatten())
    }

    /// The entities that it must come in turn with.
    pub(crate) fn entities(&self) -> impl Iterator<Item = EntityKey> {
        let (one, members) = match self {
            Self::Change(_) => (None, [].as_slice()),
            Self::Save(unit) => (Some(unit.key), [].as_slice()),
            Self::Group(unit) => (None, unit.members.as_slice()),
        };
        one.into_iter()
            .chain(members.iter().filter_map(Member::entity))
    }

    /// The newest save of a lane that it has.
    pub(super) fn newest(&self, lane: Lane) -> Option<Newest<'_>> {
        match self {
            Self::Change(_) => None,
            Self::Save(unit) => unit.links.last().map(|link| Newest {
                version: link.version,
                schema_version: link.schema_version,
                state: &link.state,
            }),
            Self::Group(unit) => unit.save_of(lane).map(|save| Newest {
                version: save.version(),
                schema_version: save.schema_version,
                state: &save.state,
            }),
        }
    }

    /// The sequence numbers of its writes.
    pub(crate) fn seqs(&self) -> impl Iterator<Item = u64> {
        let (one, links) = match self {
            Self::Change(unit) => (Some(unit.seq), [].as_slice()),
            Self::Save(unit) => (None, unit.links.as_slice()),
            Self::Group(unit) => (Some(unit.seq), [].as_slice()),
        };
        one.into_iter().chain(links.iter().map(|link| link.seq))
    }

    /// The sequence number of its last write.
    pub(super) fn last_seq(&self) -> Option<u64> {
        match self {
            Self::Change(unit) => Some(unit.seq),
            Self::Save(unit) => unit.links.last().map(|link| link.seq),
            Self::Group(unit) => Some(unit.seq),
        }
    }

    pub(super) fn builds_on_refused(&self) -> bool {
        match self {
            Self::Change(_) => false,
            Self::Save(unit) => unit.builds_on_refused,
            Self::Group(unit) => unit.builds_on_refused,
        }
    }

    /// It builds on a refused save.
    pub(super) fn ban(&mut self) {
        match self {
            Self::Change(_) => {}
            Self::Save(unit) => unit.builds_on_refused = true,
            Self::Group(unit) => unit.builds_on_refused = true,
        }
    }
}

impl SaveUnit {
    pub(crate) fn lane(&self) -> Option<Lane> {
        let first = self.links.first()?;
        Some(Lane::new(self.key, self.fence, first.by))
    }
}

impl GroupUnit {
    /// Its saves.
    pub fn saves(&self) -> impl Iterator<Item = &Save> {
        self.members.iter().filter_map(Member::as_save)
    }

    /// Its changes.
    pub(super) fn changes(&self) -> impl Iterator<Item = &Change> {
        self.members.iter().filter_map(Member::as_change)
    }

    pub(super) fn lanes(&self) -> impl Iterator<Item = Lane> {
        self.saves().map(Save::lane)
    }

    fn save_of(&self, lane: Lane) -> Option<&Save> {
        self.saves().find(|save| save.lane() == lane)
    }
}
