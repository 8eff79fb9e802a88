//! Sign-out: a token is worth nothing from now on.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::tokens;
use crate::write_behind::WriteRefusal;

/// Refused with `Gone` when the account has no such token. A second sign-out changes nothing and is no refusal.
#[derive(Clone, Debug, Serialize)]
pub struct RevokeToken {
    #[serde(skip)]
    pub hash: [u8; 32],
    pub account: Uuid,
}

impl RevokeToken {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let theirs = tokens::table
            .filter(tokens::hash.eq(self.hash.as_slice()))
            .filter(tokens::account_id.eq(self.account.to_string()));
        let known: i64 = theirs.clone().count().get_result(conn)?;
        if known == 0 {
            return Err(Failed::Refused(WriteRefusal::gone(
                "There is no such token.",
            )));
        }
        diesel::update(theirs.filter(tokens::revoked_at.is_null()))
            .set(tokens::revoked_at.eq(Some(at_us)))
            .execute(conn)?;
        done()
    }
}
