//! Rights in a guild, asked once more where the rows are: who was allowed to do something may have lost the
//! rank for it before it is written.

use diesel::prelude::*;
use guildhall_rules::rights::{self, Denied, GuildAct, Rank};
use uuid::Uuid;

use super::Failed;
use crate::backend::Connection;
use crate::schema::guild_members;
use crate::write_behind::WriteRefusal;

/// Refused with `Denied` when the account may not do `act` in the guild.
pub(super) fn expect_right(
    conn: &mut Connection,
    guild: Uuid,
    account: Uuid,
    act: GuildAct,
) -> Result<(), Failed> {
    let rank = rank_of(conn, guild, account)?;
    rights::may_in_guild(rank, act).map_err(denied)
}

/// Refused with `Denied` when the account may not put out a member of rank `target`.
pub(super) fn expect_may_kick(
    conn: &mut Connection,
    guild: Uuid,
    account: Uuid,
    target: Rank,
) -> Result<(), Failed> {
    let rank = rank_of(conn, guild, account)?;
    rights::may_kick(rank, target).map_err(denied)
}

/// A rank that this program does not know is no rank.
fn rank_of(conn: &mut Connection, guild: Uuid, account: Uuid) -> QueryResult<Option<Rank>> {
    let word: Option<String> = guild_members::table
        .find((guild.to_string(), account.to_string()))
        .select(guild_members::rank)
        .first(conn)
        .optional()?;
    Ok(word.and_then(|word| word.parse().ok()))
}

fn denied(denied: Denied) -> Failed {
    Failed::Refused(WriteRefusal::denied(denied))
}
