//! A member leaves a guild, by own will or another's.

use diesel::prelude::*;
use guildhall_rules::rights::Rank;
use serde::Serialize;
use uuid::Uuid;

use super::guild_rights::expect_may_kick;
use super::set_rank::expect_a_leader;
use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::{guild_members, invites};
use crate::write_behind::{Cause, WriteRefusal};

/// Refused with `Denied` when who puts the member out may do so no more, with `Stale` when the member has another
/// rank than `rank` by now or is none, with `Check` when no leader would be left.
#[derive(Clone, Debug, Serialize)]
pub struct LeaveGuild {
    pub guild: Uuid,
    pub account: Uuid,
    /// The rank that whoever decided this has seen.
    pub rank: Rank,
    /// Who puts the member out, if another does: every code of the guild that is good ends, since nobody knows which of them the
    /// member has.
    pub put_out_by: Option<Uuid>,
}

impl LeaveGuild {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        if let Some(by) = self.put_out_by {
            expect_may_kick(conn, self.guild, by, self.rank)?;
        }
        let theirs = guild_members::table
            .find((self.guild.to_string(), self.account.to_string()))
            .filter(guild_members::rank.eq(self.rank.as_str()));
        if diesel::delete(theirs).execute(conn)? == 0 {
            return Err(Failed::Refused(WriteRefusal::new(
                Cause::Stale,
                format!("The member is no {} any more.", self.rank),
            )));
        }
        expect_a_leader(conn, self.guild)?;
        if self.put_out_by.is_some() {
            end_invites(conn, self.guild, at_us)?;
        }
        done()
    }
}

/// Codes that are worth nothing from now on.
pub(super) fn end_invites(conn: &mut Connection, guild: Uuid, at_us: i64) -> QueryResult<usize> {
    let good = invites::table
        .filter(invites::target_id.eq(guild.to_string()))
        .filter(invites::revoked_at.is_null());
    diesel::update(good)
        .set(invites::revoked_at.eq(Some(at_us)))
        .execute(conn)
}
