//! A new password: whoever came in with the old one has to come in anew, but for who changed it.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::{accounts, tokens};
use crate::write_behind::{Cause, WriteRefusal};

/// Revokes every other token of the account. Refused with `Stale` when the password is another by now.
#[derive(Clone, Serialize)]
pub struct SetPassword {
    pub account: Uuid,
    /// The hash that the old password was compared with.
    #[serde(skip)]
    pub from_hash: String,
    #[serde(skip)]
    pub to_hash: String,
    /// The token that stays good.
    #[serde(skip)]
    pub keep_token: [u8; 32],
}

impl SetPassword {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let account = self.account.to_string();
        let row = accounts::table
            .filter(accounts::id.eq(&account))
            .filter(accounts::password_hash.eq(&self.from_hash));
        let changed = diesel::update(row).set(accounts::password_hash.eq(&self.to_hash));
        if changed.execute(conn)? == 0 {
            let sentence = "The password is another by now.";
            return Err(Failed::Refused(WriteRefusal::new(Cause::Stale, sentence)));
        }
        let others = tokens::table
            .filter(tokens::account_id.eq(&account))
            .filter(tokens::hash.ne(self.keep_token.as_slice()))
            .filter(tokens::revoked_at.is_null());
        diesel::update(others)
            .set(tokens::revoked_at.eq(Some(at_us)))
            .execute(conn)?;
        done()
    }
}

/// Without the hashes: whatever is debugged may be logged.
impl std::fmt::Debug for SetPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetPassword")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}
