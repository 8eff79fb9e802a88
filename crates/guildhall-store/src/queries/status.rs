//! Counts for the status page.

use diesel::prelude::*;

use crate::backend::Connection;
use crate::error::StoreError;
use crate::schema::{
    accounts, batches, board_revisions, boards, campaigns, characters, guilds, names,
    refused_writes, ships,
};

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub accounts: i64,
    pub campaigns: i64,
    pub boards: i64,
    pub board_revisions: i64,
    pub characters: i64,
    pub guilds: i64,
    /// Must equal `guilds`: a ship that should exist and does not is an alarm.
    pub ships: i64,
    /// Must equal `characters` + `guilds`.
    pub names: i64,
    pub batches: i64,
    pub refused_writes: i64,
}

/// Counts everything; walks whole tables.
pub fn counts(conn: &mut Connection) -> Result<Counts, StoreError> {
    Ok(Counts {
        accounts: accounts::table.count().get_result(conn)?,
        campaigns: campaigns::table.count().get_result(conn)?,
        boards: boards::table.count().get_result(conn)?,
        board_revisions: board_revisions::table.count().get_result(conn)?,
        characters: characters::table.count().get_result(conn)?,
        guilds: guilds::table.count().get_result(conn)?,
        ships: ships::table.count().get_result(conn)?,
        names: names::table.count().get_result(conn)?,
        batches: batches::table.count().get_result(conn)?,
        refused_writes: refused_writes::table.count().get_result(conn)?,
    })
}
