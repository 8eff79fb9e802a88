//! What can be asked of the name authority, for characters and guilds alike. Each asks before it returns
//! and resolves after the commit.

use std::time::Duration;

use futures_util::Future;
use guildhall_protocol::{Code, Refusal};
use guildhall_rules::names::NameKey;
use guildhall_store::names::{self, NameEntry, StoredName};
use uuid::Uuid;

use super::{Claim, Deed, cooling};
use crate::hall::{Hall, HallRef};
use crate::persistence::{Author, Change, NameOwner, OwnerKind, changes};
use crate::refusal;

/// Why and for whom an operator orders something.
#[derive(Clone, Debug)]
pub struct Order {
    /// On whose behalf.
    pub by: Author,
    /// Told to whoever shows the name.
    pub reason: String,
}

/// The row of a checked name.
#[must_use]
pub fn row(realm: Uuid, name: &NameKey) -> changes::NameRow {
    changes::NameRow {
        realm,
        key: name.key.clone(),
        display: name.display.clone(),
        skeleton: name.skeleton.clone(),
        key_version: name.key_version,
    }
}

fn entry(realm: Uuid, owner: NameOwner, name: NameKey) -> NameEntry {
    NameEntry {
        realm,
        owner,
        key: name.key,
        display: name.display,
        skeleton: name.skeleton,
    }
}

fn claim(
    hall: &HallRef,
    deed: Deed,
    change: Change,
    by: Author,
    reason: Option<String>,
) -> impl Future<Output = Result<u32, Refusal>> + use<> {
    let until = until(hall);
    let claim = hall.names.call(move |reply| Claim {
        deed,
        change,
        by,
        reason,
        until,
        reply,
    });
    async move { claim.await.map_err(|e| refusal::call(&e))? }
}

/// When who asks now is answered, on the hall's clock.
pub(super) fn until(hall: &Hall) -> Duration {
    let patience = Duration::from_millis(hall.config.limits.answer_deadline_ms);
    hall.now().saturating_add(patience)
}

/// How long a name that is given up cools, in microseconds.
fn cooling_us(hall: &HallRef) -> i64 {
    let ms = i64::try_from(hall.config.limits.name_cooling_ms).unwrap_or(i64::MAX);
    ms.saturating_mul(1000)
}

/// A name for something new, which `change` makes with it.
///
/// # Errors
/// `name_taken`, `name_confusable`, `overloaded`, `unavailable`.
pub fn take(
    hall: &HallRef,
    owner: NameOwner,
    realm: Uuid,
    name: NameKey,
    change: Change,
    by: Author,
) -> impl Future<Output = Result<u32, Refusal>> + use<> {
    claim(
        hall,
        Deed::Take(entry(realm, owner, name)),
        change,
        by,
        None,
    )
}

/// Another name; the present one cools. Other sessions that show it are told.
///
/// # Errors
/// As [`take`]; `not_found` for an owner without a name, `limit_reached` where `names_cooling_max` former names
/// are kept for it.
pub fn rename(
    hall: &HallRef,
    owner: NameOwner,
    realm: Uuid,
    name: NameKey,
    by: Author,
) -> impl Future<Output = Result<u32, Refusal>> + use<> {
    renamed(hall, owner, realm, name, None, by)
}

/// Another name by an operator, look-alike or not; an owner without a name gets one. Everyone who shows it
/// is told the reason.
///
/// # Errors
/// As [`take`].
pub fn force_rename(
    hall: &HallRef,
    owner: NameOwner,
    realm: Uuid,
    name: NameKey,
    order: Order,
) -> impl Future<Output = Result<u32, Refusal>> + use<> {
    renamed(hall, owner, realm, name, Some(order.reason), order.by)
}

fn renamed(
    hall: &HallRef,
    owner: NameOwner,
    realm: Uuid,
    name: NameKey,
    reason: Option<String>,
    by: Author,
) -> impl Future<Output = Result<u32, Refusal>> + use<> {
    let ordered = reason.is_some();
    let change = Change::Rename(changes::Rename {
        owner,
        name: row(realm, &name),
        cooling_us: cooling_us(hall),
        nameless: ordered,
    });
    let deed = Deed::Rename {
        to: entry(realm, owner, name),
        overrule: ordered,
    };
    claim(hall, deed, change, by, reason)
}

/// Gives something back the name that it gave up last, or, if `wish` is given, this one; free or cooling
/// for it. The name that it has now cools.
///
/// # Errors
/// As [`force_rename`]; `not_found` when nothing is kept for it.
pub async fn restore(
    hall: HallRef,
    owner: NameOwner,
    realm: Uuid,
    wish: Option<NameKey>,
    order: Order,
) -> Result<String, Refusal> {
    let name = match wish {
        Some(name) => name,
        None => last_given_up(&hall, owner, realm).await?,
    };
    let display = name.display.clone();
    force_rename(&hall, owner, realm, name, order).await?;
    Ok(display)
}

async fn last_given_up(hall: &HallRef, owner: NameOwner, realm: Uuid) -> Result<NameKey, Refusal> {
    let gave_up = hall.read(move |conn| names::gave_up(conn, owner)).await?;
    let last = gave_up.into_iter().find(|name| name.entry.realm == realm);
    let sentence = "No name is kept for it.";
    let last = last.ok_or_else(|| Refusal::new(Code::NotFound, sentence))?;
    Ok(guildhall_rules::names::rekeyed(&last.entry.display))
}

/// Gives the owner's name up: it cools, and until then only the owner can have it back. For things that
/// end; a character without a name is still there, and shown without one.
///
/// # Errors
/// `not_found` for an owner without a name, `overloaded`, `unavailable`.
pub fn release(
    hall: &HallRef,
    owner: NameOwner,
    realm: Uuid,
    by: Author,
) -> impl Future<Output = Result<u32, Refusal>> + use<> {
    let change = Change::ReleaseName(changes::ReleaseName {
        owner,
        realm,
        cooling_us: cooling_us(hall),
    });
    claim(hall, Deed::GiveUp(owner), change, by, None)
}

/// Ends a guild: its name cools with the same write.
///
/// # Errors
/// `rank_forbidden` for who leads it no more, `overloaded`, `unavailable`.
pub fn disband(
    hall: &HallRef,
    guild: Uuid,
    realm: Uuid,
    by: Author,
) -> impl Future<Output = Result<u32, Refusal>> + use<> {
    let change = Change::DisbandGuild(changes::DisbandGuild {
        guild,
        realm,
        leader: by.account,
        cooling_us: cooling_us(hall),
    });
    claim(hall, Deed::GiveUp(of_guild(guild)), change, by, None)
}

/// Brings a guild back that was disbanded, under its former name or, if `wish` is given, this one; its name.
///
/// # Errors
/// As [`force_rename`]; `not_found` when no name is kept for it, or there is no such guild or leader.
pub async fn revive(
    hall: HallRef,
    guild: Uuid,
    realm: Uuid,
    wish: Option<NameKey>,
    leader: Uuid,
    by: Author,
) -> Result<String, Refusal> {
    let owner = of_guild(guild);
    let name = match wish {
        Some(name) => name,
        None => last_given_up(&hall, owner, realm).await?,
    };
    let display = name.display.clone();
    let change = Change::ReviveGuild(changes::ReviveGuild {
        guild,
        leader,
        name: row(realm, &name),
    });
    let deed = Deed::Rename {
        to: entry(realm, owner, name),
        overrule: true,
    };
    claim(&hall, deed, change, by, None).await?;
    Ok(display)
}

fn of_guild(id: Uuid) -> NameOwner {
    let kind = OwnerKind::Guild;
    NameOwner { kind, id }
}

/// Keeps a name from being taken, until [`unreserve`].
///
/// # Errors
/// As [`take`].
pub fn reserve(
    hall: &HallRef,
    realm: Uuid,
    name: NameKey,
    by: Author,
) -> impl Future<Output = Result<u32, Refusal>> + use<> {
    let reserve = changes::ReserveName {
        id: Uuid::now_v7(),
        name: row(realm, &name),
    };
    let owner = reserve.owner();
    take(hall, owner, realm, name, Change::ReserveName(reserve), by)
}

/// Ends a reservation: the name is free at once.
///
/// # Errors
/// `not_found` when the name is not reserved; `overloaded`, `unavailable`.
pub async fn unreserve(
    hall: HallRef,
    realm: Uuid,
    name: NameKey,
    by: Author,
) -> Result<u32, Refusal> {
    let reserved = holder(&hall, realm, name).await?;
    let reserved = reserved.filter(|name| name.entry.owner.kind == OwnerKind::Reserved);
    let sentence = "The name is not reserved.";
    let name = reserved.ok_or_else(|| Refusal::new(Code::NotFound, sentence))?;
    let until = until(&hall);
    let freed = hall.names.call(move |reply| Claim {
        by,
        ..cooling::free(name, until, reply)
    });
    freed.await.map_err(|e| refusal::call(&e))?
}

/// Who has this name, given up or not, as the database says.
///
/// # Errors
/// `unavailable`.
pub async fn holder(
    hall: &HallRef,
    realm: Uuid,
    name: NameKey,
) -> Result<Option<StoredName>, Refusal> {
    hall.read(move |conn| names::holder(conn, realm, &name.key))
        .await
}
