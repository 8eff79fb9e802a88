//! An invite code, of which only the hash is kept.

use diesel::prelude::*;
use guildhall_rules::rights::GuildAct;
use serde::Serialize;
use uuid::Uuid;

use super::guild_rights::expect_right;
use super::{Applied, Failed, done, is_full};
use crate::backend::Connection;
use crate::explain::time;
use crate::schema::invites;
use crate::write_behind::WriteRefusal;

/// What an invite lets one into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InviteKind {
    Campaign,
    Guild,
}

impl InviteKind {
    /// The word for it in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Guild => "guild",
        }
    }
}

/// Refused with `Unique` when the code exists, with `Limit` when as many codes of its maker are good as may be,
/// with `Denied` when who makes one into a guild may invite there no more.
#[derive(Clone, Debug, Serialize)]
pub struct AddInvite {
    #[serde(skip)]
    pub code_hash: [u8; 32],
    pub kind: InviteKind,
    /// The campaign or the guild.
    pub target: Uuid,
    /// The role or rank that who comes with it gets.
    pub role: &'static str,
    pub created_by: Uuid,
    /// Codes of one account that are good.
    pub open_max: usize,
    /// How long a code is good, in microseconds.
    pub ttl_us: i64,
}

impl AddInvite {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        // A kick ends the codes that are there; one that was ordered before it was told must not come after it.
        if self.kind == InviteKind::Guild {
            expect_right(conn, self.target, self.created_by, GuildAct::Invite)?;
        }
        self.expect_few(conn, at_us)?;
        diesel::insert_into(invites::table)
            .values((
                invites::code_hash.eq(self.code_hash.as_slice()),
                invites::kind.eq(self.kind.as_str()),
                invites::target_id.eq(self.target.to_string()),
                invites::role.eq(self.role),
                invites::created_by.eq(self.created_by.to_string()),
                invites::created_at.eq(at_us),
            ))
            .execute(conn)?;
        done()
    }

    fn expect_few(&self, conn: &mut Connection, at_us: i64) -> Result<(), Failed> {
        let good = invites::table
            .filter(invites::created_by.eq(self.created_by.to_string()))
            .filter(invites::created_at.gt(at_us.saturating_sub(self.ttl_us)))
            .filter(invites::revoked_at.is_null());
        let open: i64 = good.clone().count().get_result(conn)?;
        if is_full(open, self.open_max) {
            let oldest: i64 = good
                .order(invites::created_at)
                .select(invites::created_at)
                .first(conn)?;
            let ends = time(oldest.saturating_add(self.ttl_us));
            let sentence =
                format!("{open} invite codes of yours are good; the oldest ends {ends}.");
            let limit = WriteRefusal::limit("invites_open_max", sentence);
            return Err(Failed::Refused(limit));
        }
        Ok(())
    }
}
