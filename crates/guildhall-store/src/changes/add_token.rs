//! Sign-in: an account gets a token, of which only the hash is kept.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::{accounts, tokens};
use crate::write_behind::{Cause, WriteRefusal};

/// Refused with `ForeignKey` when there is no such account, and with `Stale` when its password is another by now.
#[derive(Clone, Serialize)]
pub struct AddToken {
    #[serde(skip)]
    pub hash: [u8; 32],
    pub account: Uuid,
    /// The device's own name for itself.
    pub device: String,
    /// Microseconds since 1970.
    pub expires_at: i64,
    /// The hash that the password was compared with, where one was: whoever has changed the password since has
    /// put out everybody who knew the old one.
    #[serde(skip)]
    pub password_hash: Option<String>,
}

impl AddToken {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        self.expect_password(conn)?;
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

    fn expect_password(&self, conn: &mut Connection) -> Result<(), Failed> {
        let Some(compared) = &self.password_hash else {
            return Ok(());
        };
        let present: Option<String> = accounts::table
            .find(self.account.to_string())
            .select(accounts::password_hash)
            .first(conn)
            .optional()?;
        match present {
            Some(present) if present != *compared => {
                let sentence = "The password is another by now.";
                Err(Failed::Refused(WriteRefusal::new(Cause::Stale, sentence)))
            }
            _ => Ok(()),
        }
    }
}

/// Without the hashes: whatever is debugged may be logged.
impl std::fmt::Debug for AddToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddToken")
            .field("account", &self.account)
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}
