//! An account becomes a member of a guild.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done, is_full};
use crate::backend::Connection;
use crate::schema::{guild_members, invites};
use crate::write_behind::WriteRefusal;

/// Refused with `Unique` when already a member, with `ForeignKey` when there is no such guild, with `Gone`
/// when the invite was withdrawn meanwhile, with `Limit` when the guild is full.
#[derive(Clone, Debug, Serialize)]
pub struct JoinGuild {
    pub guild: Uuid,
    pub account: Uuid,
    /// `leader`, `officer` or `member`.
    pub rank: &'static str,
    /// The hash of the code that they came with.
    #[serde(skip)]
    pub invite: Option<[u8; 32]>,
    /// Members of one guild.
    pub members_max: usize,
}

impl JoinGuild {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        self.expect_invited(conn)?;
        let members: i64 = guild_members::table
            .filter(guild_members::guild_id.eq(self.guild.to_string()))
            .count()
            .get_result(conn)?;
        if is_full(members, self.members_max) {
            let sentence = format!("The guild has {members} members, as many as may be.");
            let limit = WriteRefusal::limit("guild_members_max", sentence);
            return Err(Failed::Refused(limit));
        }
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

    /// Where somebody is put out, the codes that he knows end in the same write.
    fn expect_invited(&self, conn: &mut Connection) -> Result<(), Failed> {
        let Some(invite) = &self.invite else {
            return Ok(());
        };
        let good: i64 = invites::table
            .find(invite.as_slice())
            .filter(invites::target_id.eq(self.guild.to_string()))
            .filter(invites::revoked_at.is_null())
            .count()
            .get_result(conn)?;
        match good {
            0 => Err(Failed::Refused(WriteRefusal::gone(
                "The invite was withdrawn.",
            ))),
            _ => Ok(()),
        }
    }
}
