//! Sign-in: an account gets a token, of which only the hash is kept.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::tokens;

/// Refused with `ForeignKey` when there is no such account.
#[derive(Clone, Debug, Serialize)]
pub struct AddToken {
    #[serde(skip)]
    pub hash: [u8; 32],
    pub account: Uuid,
    /// The device's own name for itself.
    pub device: String,
    /// Microseconds since 1970.
    pub expires_at: i64,
}

impl AddToken {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        diesel::insert_into(tokens::table)
            .values((
                tokens::hash.eq(self.hash.as_slice()),
                tokens::account_id.eq(self.account.to_string()),
                tokens::device.eq(&self.device),
                tokens::created_at.eq(at_us),
                tokens::expires_at.eq(self.expires_at),
                tokens::last_used_at.eq(at_us),
            ))
            .execute(conn)?;
        done()
    }
}
