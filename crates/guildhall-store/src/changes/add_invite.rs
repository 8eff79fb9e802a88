//! An invite code, of which only the hash is kept.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::invites;

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

/// Refused with `Unique` when the code exists.
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
}

impl AddInvite {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
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
}
