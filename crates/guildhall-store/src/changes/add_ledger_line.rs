//! The line that a change of a ship leaves in the guild's ledger.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::ship_ledger;
use crate::write_behind::Author;

/// In one group with the save of the ship.
#[derive(Clone, Debug, Serialize)]
pub struct AddLedgerLine {
    pub guild: Uuid,
    /// The version of the ship that the line is about.
    pub version: u32,
    /// At most 1,024 characters.
    pub note: String,
    #[serde(skip)]
    pub by: Author,
}

impl AddLedgerLine {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        diesel::insert_into(ship_ledger::table)
            .values((
                ship_ledger::guild_id.eq(self.guild.to_string()),
                ship_ledger::version.eq(i64::from(self.version)),
                ship_ledger::account_id.eq(self.by.account.to_string()),
                ship_ledger::session_id.eq(self.by.session.map(|id| id.to_string())),
                ship_ledger::note.eq(&self.note),
                ship_ledger::at.eq(at_us),
            ))
            .execute(conn)?;
        done()
    }

    /// Whether this account wrote this line: two people who make an equal ship at once each do something of
    /// their own.
    pub(super) fn is_done(&self, conn: &mut Connection) -> QueryResult<bool> {
        let lines: i64 = ship_ledger::table
            .filter(ship_ledger::guild_id.eq(self.guild.to_string()))
            .filter(ship_ledger::version.eq(i64::from(self.version)))
            .filter(ship_ledger::account_id.eq(self.by.account.to_string()))
            .filter(ship_ledger::note.eq(&self.note))
            .count()
            .get_result(conn)?;
        Ok(lines > 0)
    }
}
