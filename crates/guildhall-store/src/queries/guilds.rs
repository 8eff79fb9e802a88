//! Guilds with their names, members and ships.

use diesel::prelude::*;
use uuid::Uuid;

use super::LIST_ROWS_MAX;
use crate::backend::Connection;
use crate::columns::{Count32, IdText, Small16};
use crate::error::StoreError;
use crate::schema::{accounts, guild_members, guilds, names, ships};

/// A guild and its ship.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct GuildRow {
    #[diesel(deserialize_as = IdText)]
    pub id: Uuid,
    #[diesel(deserialize_as = IdText)]
    pub realm_id: Uuid,
    /// As its members write it.
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
    pub name: String,
    /// The account's rank, its word.
    pub rank: String,
}

/// Guilds with their names; a macro since the type of such a query is a page long.
macro_rules! with_names {
    ($from:expr) => {
        $from.inner_join(
            names::table.on(names::owner_id
                .eq(guilds::id)
                .and(names::owner_kind.eq("guild"))),
        )
    };
}

/// A guild with its members.
pub fn guild(
    conn: &mut Connection,
    id: Uuid,
) -> Result<Option<(GuildRow, Vec<GuildMember>)>, StoreError> {
    let row: Option<GuildRow> = with_names!(guilds::table)
        .inner_join(ships::table.on(ships::guild_id.eq(guilds::id)))
        .filter(guilds::id.eq(id.to_string()))
        .select((
            guilds::id,
            guilds::realm_id,
            names::display,
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
        .select((guilds::id, names::display, guild_members::rank))
        .load(conn)?)
}
