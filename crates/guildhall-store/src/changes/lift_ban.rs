//! An account that was banned may come in again.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::bans;
use crate::write_behind::WriteRefusal;

/// Refused with `Gone` when the account is not banned.
#[derive(Clone, Debug, Serialize)]
pub struct LiftBan {
    pub account: Uuid,
}

impl LiftBan {
    pub(super) fn apply(&self, conn: &mut Connection) -> Result<Applied, Failed> {
        let ban = bans::table.find(self.account.to_string());
        if diesel::delete(ban).execute(conn)? == 0 {
            let sentence = "This account is not banned.";
            return Err(Failed::Refused(WriteRefusal::gone(sentence)));
        }
        done()
    }
}
