//! Guilds with their names, members and ships.

use diesel::prelude::*;
use uuid::Uuid;

use super::LIST_ROWS_MAX;
use crate::backend::Connection;
use crate::columns::{Count32, IdText, NameText, Small16};
use crate::error::StoreError;
use crate::schema::{accounts, entity_history, guild_members, guilds, names, ship_ledger, ships};

/// A guild and its ship.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct GuildRow {
    #[diesel(deserialize_as = IdText)]
    pub id: Uuid,
    #[diesel(deserialize_as = IdText)]
    pub realm_id: Uuid,
    /// As its members write it.
    /// Empty if it has none.
    #[diesel(deserialize_as = NameText)]
    pub name: String,
    /// Microseconds since 1970.
    pub created_at: i64,
    #[diesel(deserialize_as = Small16)]
    pub ship_schema_version: u16,
    #[diesel(deserialize_as = Count32)]
    pub ship_version: u32,
    pub ship_state: Vec<u8>,
    pub ship_updated_at: i64,
}

/// A member with the rank's word (`leader`, `officer`, `member`).
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct GuildMember {
    #[diesel(deserialize_as = IdText)]
    pub account_id: Uuid,
    pub login: String,
    pub rank: String,
    pub joined_at: i64,
}

/// A guild as a list of one account shows it: without its ship.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct GuildSummaryRow {
    #[diesel(deserialize_as = IdText)]
    pub id: Uuid,
    /// As its members write it.
    /// Empty if it has none.
    #[diesel(deserialize_as = NameText)]
    pub name: String,
    /// The account's rank, its word.
    pub rank: String,
}

/// Guilds with their names; a macro since the type of such a query is a page long.
macro_rules! with_names {
    ($from:expr) => {
        $from.left_join(
            names::table.on(names::owner_id
                .eq(guilds::id)
                .and(names::owner_kind.eq("guild"))
                .and(names::cooling_until.is_null())),
        )
    };
}

/// A guild with its members; one that was disbanded is none.
pub fn guild(
    conn: &mut Connection,
    id: Uuid,
) -> Result<Option<(GuildRow, Vec<GuildMember>)>, StoreError> {
    let row: Option<GuildRow> = with_names!(guilds::table)
        .inner_join(ships::table.on(ships::guild_id.eq(guilds::id)))
        .filter(guilds::id.eq(id.to_string()))
        .filter(guilds::disbanded_at.is_null())
        .select((
            guilds::id,
            guilds::realm_id,
            names::display.nullable(),
            guilds::created_at,
            ships::schema_version,
            ships::version,
            ships::state,
            ships::updated_at,
        ))
        .first(conn)
        .optional()?;
    row.map(|row| Ok((row, members_of(conn, id)?))).transpose()
}

fn members_of(conn: &mut Connection, id: Uuid) -> Result<Vec<GuildMember>, StoreError> {
    Ok(guild_members::table
        .inner_join(accounts::table)
        .filter(guild_members::guild_id.eq(id.to_string()))
        .order(guild_members::joined_at)
        .select((
            guild_members::account_id,
            accounts::login,
            guild_members::rank,
            guild_members::joined_at,
        ))
        .load(conn)?)
}

/// The guilds of an account with its rank in each, oldest first, at most [`LIST_ROWS_MAX`].
pub fn guilds_of(conn: &mut Connection, account: Uuid) -> Result<Vec<GuildSummaryRow>, StoreError> {
    Ok(with_names!(guild_members::table.inner_join(guilds::table))
        .filter(guild_members::account_id.eq(account.to_string()))
        .order((guilds::created_at, guilds::id))
        .limit(LIST_ROWS_MAX)
        .select((guilds::id, names::display.nullable(), guild_members::rank))
        .load(conn)?)
}

/// What a guild is known to have had on its ship.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct LostShip {
    #[diesel(deserialize_as = Count32)]
    pub version: u32,
    pub schema_version: Option<i32>,
    pub state: Option<Vec<u8>>,
}

/// Where there is the guild and not its ship: the newest state that the history has of it; `None` in it
/// when there is none. The outer `None`: no guild, one that was disbanded, or its ship is there.
pub fn lost_ship(
    conn: &mut Connection,
    guild: Uuid,
) -> Result<Option<Option<LostShip>>, StoreError> {
    let guilds: i64 = guilds::table
        .find(guild.to_string())
        .filter(guilds::disbanded_at.is_null())
        .count()
        .get_result(conn)?;
    let ships: i64 = ships::table
        .find(guild.to_string())
        .count()
        .get_result(conn)?;
    if guilds == 0 || ships > 0 {
        return Ok(None);
    }
    let newest = entity_history::table
        .filter(entity_history::entity_kind.eq("ship"))
        .filter(entity_history::entity_id.eq(guild.to_string()))
        .filter(entity_history::state.is_not_null())
        .order((entity_history::version.desc(), entity_history::id.desc()))
        .select((
            entity_history::version,
            entity_history::schema_version,
            entity_history::state,
        ))
        .first(conn)
        .optional()?;
    Ok(Some(newest))
}

/// A line of a ship's ledger.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct LedgerRow {
    /// The ship's version that it is about.
    #[diesel(deserialize_as = Count32)]
    pub version: u32,
    #[diesel(deserialize_as = IdText)]
    pub account_id: Uuid,
    pub login: String,
    pub note: String,
    /// Microseconds since 1970.
    pub at: i64,
}

/// Lines of a ledger, newest first, at most `lines_max`; with `before` only those of older versions.
pub fn ledger_of(
    conn: &mut Connection,
    guild: Uuid,
    before: Option<u32>,
    lines_max: u32,
) -> Result<Vec<LedgerRow>, StoreError> {
    let before = before.map_or(i64::MAX, i64::from);
    Ok(ship_ledger::table
        .inner_join(accounts::table.on(accounts::id.eq(ship_ledger::account_id)))
        .filter(ship_ledger::guild_id.eq(guild.to_string()))
        .filter(ship_ledger::version.lt(before))
        .order((ship_ledger::version.desc(), ship_ledger::id.desc()))
        .limit(lines_max.into())
        .select((
            ship_ledger::version,
            ship_ledger::account_id,
            accounts::login,
            ship_ledger::note,
            ship_ledger::at,
        ))
        .load(conn)?)
}

/// The realm of a guild that was disbanded.
pub fn disbanded_realm(conn: &mut Connection, guild: Uuid) -> Result<Option<Uuid>, StoreError> {
    let realm: Option<IdText> = guilds::table
        .find(guild.to_string())
        .filter(guilds::disbanded_at.is_not_null())
        .select(guilds::realm_id)
        .first(conn)
        .optional()?;
    Ok(realm.map(Uuid::from))
}
