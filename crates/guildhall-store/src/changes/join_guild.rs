//! An account becomes a member of a guild.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::guild_members;

/// Refused with `Unique` when already a member, with `ForeignKey` when there is no such guild.
#[derive(Clone, Debug, Serialize)]
pub struct JoinGuild {
    pub guild: Uuid,
    pub account: Uuid,
    /// `leader`, `officer` or `member`.
    pub rank: &'static str,
}

impl JoinGuild {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        diesel::insert_into(guild_members::table)
            .values((
                guild_members::guild_id.eq(self.guild.to_string()),
                guild_members::account_id.eq(self.account.to_string()),
                guild_members::rank.eq(self.rank),
                guild_members::joined_at.eq(at_us),
            ))
            .execute(conn)?;
        done()
    }
}
