//! What can be submitted to the buffer.

use std::collections::HashSet;

use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use crate::changes::Change;

/// The members of one group, at most: a larger one would be too much to refuse as one.
pub const GROUP_MEMBERS_MAX: usize = 16;

/// The kinds of entity whose state is saved again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    Character,
    Ship,
}

impl EntityKind {
    /// The word for it in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Character => "character",
            Self::Ship => "ship",
        }
    }
}

/// One entity. A ship's id is the id of its guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct EntityKey {
    pub kind: EntityKind,
    pub id: Uuid,
}

/// On whose behalf something is written; goes into history and refusals. Saves build on each
/// other before their commit only within one author: nobody else can know of them yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Author {
    pub account: Uuid,
    pub session: Option<Uuid>,
}

impl Author {
    /// The server itself: retention, names that are free again, what an operator orders.
    pub const SERVER: Self = Self {
        account: Uuid::nil(),
        session: None,
    };
}

/// A new state for an entity, based on a version of it; makes version `base_version + 1`.
#[derive(Clone, Debug)]
pub struct Save {
    pub key: EntityKey,
    pub base_version: u32,
    pub schema_version: u16,
    /// At most [`crate::STATE_BYTES_MAX`] bytes.
    pub state: Bytes,
    /// The play epoch under which the character is saved: with another one in the database the
    /// save is refused as [`super::Cause::Fenced`]. `None`: unfenced.
    pub fence: Option<u32>,
    pub by: Author,
}

/// The saves of one entity under one play epoch, or by one author where there is none: only these may form a
/// chain. An epoch is given to one player at a time, so whoever saves under it knows what was saved under it
/// before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    pub key: EntityKey,
    pub fence: Option<u32>,
    by: Option<Author>,
}

impl Lane {
    pub fn new(key: EntityKey, fence: Option<u32>, by: Author) -> Self {
        let by = fence.is_none().then_some(by);
        Self { key, fence, by }
    }
}

impl Save {
    /// The version that this save makes.
    pub fn version(&self) -> u32 {
        self.base_version.saturating_add(1)
    }

    pub(crate) fn lane(&self) -> Lane {
        Lane::new(self.key, self.fence, self.by)
    }
}

/// One of several writes that happen together or not at all.
#[derive(Clone, Debug)]
pub enum Member {
    Save(Save),
    Change(Change),
}

impl Member {
    /// The save, if it is one.
    pub fn as_save(&self) -> Option<&Save> {
        match self {
            Self::Save(save) => Some(save),
            Self::Change(_) => None,
        }
    }

    /// The change, if it is one.
    pub(super) fn as_change(&self) -> Option<&Change> {
        match self {
            Self::Save(_) => None,
            Self::Change(change) => Some(change),
        }
    }

    /// The entity that it must come in turn with: what is put into escrow is there for its target's next save.
    pub(super) fn entity(&self) -> Option<EntityKey> {
        match self {
            Self::Save(save) => Some(save.key),
            Self::Change(Change::PutEscrow(put)) => Some(put.to),
            Self::Change(change) => change.among_saves_of(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Save(save) => save.state.len(),
            Self::Change(change) => change.state_bytes().unwrap_or(0),
        }
    }
}

/// Anything that is written.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "passed on at once, never kept in numbers"
)]
pub enum Write {
    /// Coalesced: of several saves of one entity by one author in a window only the newest is
    /// written.
    Save(Save),
    /// Never coalesced, a unit of its own.
    Change(Change, Author),
    /// Written or refused as one, with one outcome: 1 to [`GROUP_MEMBERS_MAX`] members, all of one
    /// author, of each entity one save at most, and never a ship and a character together. Never
    /// coalesced; a save of one of its entities that comes later builds on it.
    Group(Vec<Member>, Author),
}

impl From<Save> for Write {
    fn from(save: Save) -> Self {
        Self::Save(save)
    }
}

impl Write {
    /// Length of the state or document it carries, in bytes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Save(save) => save.state.len(),
            Self::Change(change, _) => change.state_bytes().unwrap_or(0),
            Self::Group(members, _) => members.iter().map(Member::bytes).sum(),
        }
    }

    /// Whether it closes the window at once.
    pub(super) fn is_urgent(&self) -> bool {
        match self {
            Self::Save(_) => false,
            Self::Change(change, _) => change.is_urgent(),
            Self::Group(members, _) => members
                .iter()
                .any(|member| matches!(member, Member::Change(change) if change.is_urgent())),
        }
    }

    /// The saves in it.
    pub(super) fn saves(&self) -> impl Iterator<Item = &Save> {
        let (one, members) = match self {
            Self::Save(save) => (Some(save), [].as_slice()),
            Self::Change(..) => (None, [].as_slice()),
            Self::Group(members, _) => (None, members.as_slice()),
        };
        one.into_iter()
            .chain(members.iter().filter_map(Member::as_save))
    }

    /// The changes in it.
    pub(super) fn changes(&self) -> impl Iterator<Item = &Change> {
        let (one, members) = match self {
            Self::Save(_) => (None, [].as_slice()),
            Self::Change(change, _) => (Some(change), [].as_slice()),
            Self::Group(members, _) => (None, members.as_slice()),
        };
        one.into_iter()
            .chain(members.iter().filter_map(Member::as_change))
    }

    /// What keeps it from being taken up at all, as a sentence.
    pub(super) fn malformed(&self) -> Option<&'static str> {
        match self {
            Self::Group(members, by) => malformed(members, *by),
            Self::Save(_) | Self::Change(..) => None,
        }
    }
}

fn malformed(members: &[Member], by: Author) -> Option<&'static str> {
    if !(1..=GROUP_MEMBERS_MAX).contains(&members.len()) {
        return Some("A group has 1 to 16 members.");
    }
    let saves = || members.iter().filter_map(Member::as_save);
    if saves().any(|save| save.by != by) {
        return Some("A group has one author.");
    }
    let kinds: HashSet<_> = saves().map(|save| save.key.kind).collect();
    if kinds.len() > 1 {
        return Some("A ship and a character are never in one group.");
    }
    let keys: HashSet<_> = saves().map(|save| save.key).collect();
    (keys.len() < saves().count()).then_some("A group has one save of each entity.")
}
