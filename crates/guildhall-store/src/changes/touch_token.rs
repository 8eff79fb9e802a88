//! A token was used: its idle lifetime starts anew.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::tokens;
use crate::write_behind::WriteRefusal;

/// Refused with `Gone` when the token is unknown or revoked.
#[derive(Clone, Debug, Serialize)]
pub struct TouchToken {
    #[serde(skip)]
    pub hash: [u8; 32],
    pub account: Uuid,
}

impl TouchToken {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let live = tokens::table
            .filter(tokens::hash.eq(self.hash.as_slice()))
            .filter(tokens::account_id.eq(self.account.to_string()))
            .filter(tokens::revoked_at.is_null());
        let rows = diesel::update(live)
            .set(tokens::last_used_at.eq(at_us))
            .execute(conn)?;
        if rows == 0 {
            return Err(Failed::Refused(WriteRefusal::gone(
                "There is no such live token.",
            )));
        }
        done()
    }
}
