//! A name as the ledger keeps it, and the statements that claim and move one.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use crate::backend::Connection;
use crate::schema::names;

/// What kinds of thing bear a name from the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerKind {
    Character,
    Guild,
}

impl OwnerKind {
    /// The word for it in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Character => "character",
            Self::Guild => "guild",
        }
    }

    /// The kind behind a word of the database.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Character, Self::Guild]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// The bearer of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct NameOwner {
    pub kind: OwnerKind,
    pub id: Uuid,
}

/// A name, already folded by the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NameRow {
    pub realm: Uuid,
    /// Canonical key: what must be unique in the realm.
    pub key: String,
    /// As its bearer writes it.
    pub display: String,
    /// What it looks like: equal skeletons are look-alikes.
    pub skeleton: String,
    /// The version of the rules that made `key` and `skeleton`.
    pub key_version: u16,
}

impl NameRow {
    /// Claims the name for an owner that has none.
    pub(super) fn claim(
        &self,
        conn: &mut Connection,
        owner: NameOwner,
        at_us: i64,
    ) -> QueryResult<()> {
        diesel::insert_into(names::table)
            .values((
                names::id.eq(Uuid::now_v7().to_string()),
                names::realm_id.eq(self.realm.to_string()),
                names::owner_kind.eq(owner.kind.as_str()),
                names::owner_id.eq(owner.id.to_string()),
                names::name_key.eq(&self.key),
                names::display.eq(&self.display),
                names::skeleton.eq(&self.skeleton),
                names::key_version.eq(i32::from(self.key_version)),
                names::claimed_at.eq(at_us),
            ))
            .execute(conn)
            .map(drop)
    }

    /// Puts the name in the place of the owner's present one; false when it has none.
    pub(super) fn replace(
        &self,
        conn: &mut Connection,
        owner: NameOwner,
        at_us: i64,
    ) -> QueryResult<bool> {
        let theirs = names::table
            .filter(names::realm_id.eq(self.realm.to_string()))
            .filter(names::owner_kind.eq(owner.kind.as_str()))
            .filter(names::owner_id.eq(owner.id.to_string()));
        let rows = diesel::update(theirs)
            .set((
                names::name_key.eq(&self.key),
                names::display.eq(&self.display),
                names::skeleton.eq(&self.skeleton),
                names::key_version.eq(i32::from(self.key_version)),
                names::claimed_at.eq(at_us),
            ))
            .execute(conn)?;
        Ok(rows == 1)
    }
}
