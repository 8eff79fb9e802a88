//! Invite codes.

use diesel::prelude::*;
use uuid::Uuid;

use crate::backend::Connection;
use crate::columns::IdText;
use crate::error::StoreError;
use crate::schema::invites;

/// An invite that was not revoked; how long it is good is for its reader to know.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = invites)]
pub struct InviteRow {
    /// `campaign` or `guild`.
    pub kind: String,
    #[diesel(deserialize_as = IdText)]
    pub target_id: Uuid,
    /// The role or rank that it gives.
    pub role: String,
    #[diesel(deserialize_as = IdText)]
    pub created_by: Uuid,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// The invite behind the hash of a code, unless it was revoked.
pub fn invite_by_hash(
    conn: &mut Connection,
    code_hash: &[u8; 32],
) -> Result<Option<InviteRow>, StoreError> {
    Ok(invites::table
        .find(code_hash.as_slice())
        .filter(invites::revoked_at.is_null())
        .select(InviteRow::as_select())
        .first(conn)
        .optional()?)
}
