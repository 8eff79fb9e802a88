//! Names, read from the database one by one: what settles a doubt of the index, and what operators ask.

use diesel::prelude::*;
use guildhall_rules::names::written_skeleton;
use uuid::Uuid;

use super::hash::NameHashes;
use super::index::NameClash;
use super::rows::{self, COLUMNS, Row};
use super::{Known, NameEntry, StoredName};
use crate::backend::Connection;
use crate::changes::{NameOwner, OwnerKind};
use crate::error::StoreError;
use crate::schema::{characters, guild_members, names};

/// What is in the way of this claim, about which the index has a doubt. With `overrule` a look-alike is not.
///
/// # Errors
/// The database, or a row that cannot be understood.
pub fn clash(
    conn: &mut Connection,
    claim: &NameEntry,
    overrule: bool,
) -> Result<Option<NameClash>, StoreError> {
    let same = holder(conn, claim.realm, &claim.key)?;
    match same.filter(|same| same.entry.owner != claim.owner) {
        Some(same) => Ok(Some(clash_of(&same))),
        None if overrule => Ok(None),
        None => look_alike(conn, claim),
    }
}

/// What this owner has already and a claim of it changes: its present name, and the claimed one if that
/// cools for it.
///
/// # Errors
/// As [`clash`].
pub fn before(
    conn: &mut Connection,
    owner: NameOwner,
    claim: Option<&NameEntry>,
) -> Result<Vec<Known>, StoreError> {
    let present = present(conn, owner)?;
    let same = match claim {
        Some(claim) => holder(conn, claim.realm, &claim.key)?,
        None => None,
    };
    let cools = |name: &StoredName| name.entry.owner == owner && name.cooling_until_us.is_some();
    let both = present.into_iter().chain(same.filter(cools));
    Ok(both.map(|name| name.known()).collect())
}

/// The accounts that see this owner's name all the time: whose character it is, or the guild's members.
///
/// # Errors
/// As [`clash`].
pub fn shown_to(conn: &mut Connection, owner: NameOwner) -> Result<Vec<Uuid>, StoreError> {
    let id = owner.id.to_string();
    let accounts: Vec<String> = match owner.kind {
        OwnerKind::Character => characters::table
            .filter(characters::id.eq(id))
            .select(characters::account_id)
            .load(conn)?,
        OwnerKind::Guild => guild_members::table
            .filter(guild_members::guild_id.eq(id))
            .select(guild_members::account_id)
            .load(conn)?,
        OwnerKind::Reserved => Vec::new(),
    };
    accounts.iter().map(|account| rows::uuid(account)).collect()
}

fn clash_of(name: &StoredName) -> NameClash {
    let by = name.entry.owner;
    match name.cooling_until_us {
        None => NameClash::Taken { by },
        Some(until_us) => NameClash::Cooling { by, until_us },
    }
}

/// Both looks are compared, each with its own kind; the hashes find them and the texts decide.
fn look_alike(conn: &mut Connection, claim: &NameEntry) -> Result<Option<NameClash>, StoreError> {
    let hashes = NameHashes::from(claim);
    let alike: Vec<Row> = names::table
        .filter(names::skeleton_hash.eq(hashes.folded.cast_signed()))
        .select(COLUMNS)
        .load(conn)?;
    let written: Vec<Row> = names::table
        .filter(names::written_hash.eq(hashes.written.cast_signed()))
        .select(COLUMNS)
        .load(conn)?;
    let look = written_skeleton(&claim.display);
    let alike = rows::stored(alike)?
        .into_iter()
        .filter(|name| name.entry.skeleton == claim.skeleton);
    let written = rows::stored(written)?
        .into_iter()
        .filter(|name| written_skeleton(&name.entry.display) == look);
    let by = alike
        .chain(written)
        .map(|name| name.entry)
        .find(|name| name.realm == claim.realm && name.owner != claim.owner)
        .map(|name| name.owner);
    Ok(by.map(|by| NameClash::LooksLike { by }))
}

/// Who has this name in this realm, given up or not.
///
/// # Errors
/// As [`clash`].
pub fn holder(
    conn: &mut Connection,
    realm: Uuid,
    key: &str,
) -> Result<Option<StoredName>, StoreError> {
    let row: Option<Row> = names::table
        .filter(names::realm_id.eq(realm.to_string()))
        .filter(names::name_key.eq(key))
        .select(COLUMNS)
        .first(conn)
        .optional()?;
    row.map(StoredName::try_from).transpose()
}

/// The name that this owner bears.
///
/// # Errors
/// As [`clash`].
pub fn present(conn: &mut Connection, owner: NameOwner) -> Result<Option<StoredName>, StoreError> {
    let row: Option<Row> = names::table
        .filter(names::owner_kind.eq(owner.kind.as_str()))
        .filter(names::owner_id.eq(owner.id.to_string()))
        .filter(names::cooling_until.is_null())
        .select(COLUMNS)
        .first(conn)
        .optional()?;
    row.map(StoredName::try_from).transpose()
}

/// The names that this owner gave up and could take back, the last one first.
///
/// # Errors
/// As [`clash`].
pub fn gave_up(conn: &mut Connection, owner: NameOwner) -> Result<Vec<StoredName>, StoreError> {
    let rows: Vec<Row> = names::table
        .filter(names::cooling_until.is_not_null())
        .filter(names::owner_kind.eq(owner.kind.as_str()))
        .filter(names::owner_id.eq(owner.id.to_string()))
        .order(names::cooling_until.desc())
        .select(COLUMNS)
        .load(conn)?;
    rows::stored(rows)
}

/// At most so many names whose time of cooling is over, the longest first. For the authority's timer,
/// which frees them: no other query knows whether a time is over.
///
/// # Errors
/// As [`clash`].
pub fn due(conn: &mut Connection, now_us: i64, max: i64) -> Result<Vec<StoredName>, StoreError> {
    let rows: Vec<Row> = names::table
        .filter(names::cooling_until.le(now_us))
        .order(names::cooling_until)
        .limit(max)
        .select(COLUMNS)
        .load(conn)?;
    rows::stored(rows)
}

/// The names whose stored hash is one of these.
///
/// # Errors
/// As [`clash`].
pub fn by_hashes(conn: &mut Connection, hashes: &[u64]) -> Result<Vec<Known>, StoreError> {
    let mut known = Vec::new();
    for hash in hashes {
        let rows: Vec<Row> = names::table
            .filter(names::key_hash.eq(hash.cast_signed()))
            .select(COLUMNS)
            .load(conn)?;
        known.extend(rows::stored(rows)?.iter().map(StoredName::known));
    }
    Ok(known)
}
