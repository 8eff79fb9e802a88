//! An account may not come in any more, for a time or for ever.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::bans;

/// Takes the place of an earlier ban of the account. Refused with `ForeignKey` when there is no such account.
#[derive(Clone, Debug, Serialize)]
pub struct AddBan {
    pub account: Uuid,
    /// The operator's words, told to whoever is banned.
    pub reason: String,
    /// Microseconds since 1970; `None` is for ever.
    pub ends_at: Option<i64>,
}

impl AddBan {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let account = self.account.to_string();
        let ban = (
            bans::reason.eq(&self.reason),
            bans::made_at.eq(at_us),
            bans::ends_at.eq(self.ends_at),
        );
        let changed = diesel::update(bans::table.find(&account)).set(ban);
        if changed.execute(conn)? == 0 {
            diesel::insert_into(bans::table)
                .values((bans::account_id.eq(&account), ban))
                .execute(conn)?;
        }
        done()
    }
}
