//! Every token of an account is worth nothing from now on.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::tokens;

/// Of an account without tokens nothing is revoked, and that is no refusal.
#[derive(Clone, Debug, Serialize)]
pub struct RevokeTokens {
    pub account: Uuid,
}

impl RevokeTokens {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let theirs = tokens::table
            .filter(tokens::account_id.eq(self.account.to_string()))
            .filter(tokens::revoked_at.is_null());
        diesel::update(theirs)
            .set(tokens::revoked_at.eq(Some(at_us)))
            .execute(conn)?;
        done()
    }
}
