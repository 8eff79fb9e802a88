//! A member of a guild gets another rank.

use diesel::prelude::*;
use guildhall_rules::rights::{GuildAct, Rank};
use serde::Serialize;
use uuid::Uuid;

use super::guild_rights::expect_right;
use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::guild_members;
use crate::write_behind::{Cause, WriteRefusal};

/// Refused with `Denied` when who sets it may do so no more, with `Stale` when the member has another rank than
/// `from` by now or is none, with `Check` when no leader would be left. The member who has the rank already keeps it.
#[derive(Clone, Debug, Serialize)]
pub struct SetRank {
    pub guild: Uuid,
    pub account: Uuid,
    pub from: Rank,
    pub to: Rank,
    /// Who sets it.
    pub set_by: Uuid,
}

impl SetRank {
    pub(super) fn apply(&self, conn: &mut Connection) -> Result<Applied, Failed> {
        expect_right(conn, self.guild, self.set_by, GuildAct::SetRank)?;
        let theirs = guild_members::table
            .find((self.guild.to_string(), self.account.to_string()))
            .filter(guild_members::rank.eq(self.from.as_str()));
        let moved = diesel::update(theirs)
            .set(guild_members::rank.eq(self.to.as_str()))
            .execute(conn)?;
        if moved == 0 {
            return Err(Failed::Refused(WriteRefusal::new(
                Cause::Stale,
                format!("The member is no {} any more.", self.from),
            )));
        }
        expect_a_leader(conn, self.guild)?;
        done()
    }
}

/// A guild that people are in has somebody who can take others in.
pub(super) fn expect_a_leader(conn: &mut Connection, guild: Uuid) -> Result<(), Failed> {
    let leaders: i64 = guild_members::table
        .filter(guild_members::guild_id.eq(guild.to_string()))
        .filter(guild_members::rank.eq("leader"))
        .count()
        .get_result(conn)?;
    match leaders {
        0 => Err(Failed::Refused(WriteRefusal {
            constraint: Some("guild_members.last_leader".to_owned()),
            ..WriteRefusal::new(Cause::Check, "The guild would have no leader any more.")
        })),
        _ => Ok(()),
    }
}
