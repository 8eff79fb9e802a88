//! What can be submitted to the buffer.

use bytes::Bytes;
use uuid::Uuid;

use crate::changes::Change;

/// The kinds of entity whose state is saved again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

/// A new state for an entity, based on a version of it; makes version `base_version + 1`.
#[derive(Clone, Debug)]
pub struct Save {
    pub key: EntityKey,
    pub base_version: u32,
    pub schema_version: u16,
    /// At most [`crate::STATE_BYTES_MAX`] bytes.
    pub state: Bytes,
    pub by: Author,
}

/// The saves of one author of one entity: only these may form a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lane {
    pub key: EntityKey,
    pub by: Author,
}

impl Save {
    pub(super) fn lane(&self) -> Lane {
        Lane {
            key: self.key,
            by: self.by,
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
        }
    }
}
