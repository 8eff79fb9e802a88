//! A name as the ledger keeps it, and the statements that claim one and give one up.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::Failed;
use crate::backend::Connection;
use crate::names::NameHashes;
use crate::schema::names;
use crate::write_behind::WriteRefusal;

/// What kinds of thing bear a name from the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerKind {
    Character,
    Guild,
    /// Nobody: an operator keeps the name from being taken.
    Reserved,
}

impl OwnerKind {
    /// The word for it in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Character => "character",
            Self::Guild => "guild",
            Self::Reserved => "reserved",
        }
    }

    /// The kind behind a word of the database.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Character, Self::Guild, Self::Reserved]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// A word of the database that is no kind of owner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of owner")]
pub struct UnknownOwner(pub String);

impl std::str::FromStr for OwnerKind {
    type Err = UnknownOwner;

    fn from_str(word: &str) -> Result<Self, UnknownOwner> {
        Self::from_word(word).ok_or_else(|| UnknownOwner(word.to_owned()))
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
        let hashes = NameHashes::of(self.realm, &self.key, &self.skeleton, &self.display);
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
                names::key_hash.eq(hashes.key.cast_signed()),
                names::skeleton_hash.eq(hashes.folded.cast_signed()),
                names::written_hash.eq(hashes.written.cast_signed()),
            ))
            .execute(conn)
            .map(drop)
    }

    /// Takes away what this owner has of the name itself: its present spelling, or the row that cools for
    /// it. True when it bore the name until now.
    pub(super) fn drop_own(&self, conn: &mut Connection, owner: NameOwner) -> QueryResult<bool> {
        let own = names::table
            .filter(names::realm_id.eq(self.realm.to_string()))
            .filter(names::name_key.eq(&self.key))
            .filter(names::owner_kind.eq(owner.kind.as_str()))
            .filter(names::owner_id.eq(owner.id.to_string()));
        let bore = own
            .clone()
            .filter(names::cooling_until.is_null())
            .count()
            .get_result::<i64>(conn)?;
        diesel::delete(own).execute(conn)?;
        Ok(bore == 1)
    }
}

/// Has the name that an owner bears cool until then; false when it bears none.
pub(super) fn cool(
    conn: &mut Connection,
    realm: Uuid,
    owner: NameOwner,
    until_us: i64,
) -> QueryResult<bool> {
    let present = names::table
        .filter(names::realm_id.eq(realm.to_string()))
        .filter(names::owner_kind.eq(owner.kind.as_str()))
        .filter(names::owner_id.eq(owner.id.to_string()))
        .filter(names::cooling_until.is_null());
    let rows = diesel::update(present)
        .set(names::cooling_until.eq(until_us))
        .execute(conn)?;
    Ok(rows == 1)
}

/// The refusal for an owner that bears no name.
pub(super) fn nameless(owner: NameOwner) -> Failed {
    Failed::Refused(WriteRefusal::gone(format!(
        "There is no {} {} with a name in this realm.",
        owner.kind.as_str(),
        owner.id
    )))
}
