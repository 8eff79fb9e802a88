//! A guild that was disbanded is there again, at an operator's order.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, NameOwner, NameRow, OwnerKind, done};
use crate::backend::Connection;
use crate::schema::{accounts, guild_members, guilds};
use crate::write_behind::WriteRefusal;

/// With its ship, its ledger and what lies in escrow for its characters; of its people, one who leads. Refused
/// with `Gone` when there is no such disbanded guild or no such player in its realm, with `Unique` when the name
/// is another's.
#[derive(Clone, Debug, Serialize)]
pub struct ReviveGuild {
    pub guild: Uuid,
    pub leader: Uuid,
    pub name: NameRow,
}

impl ReviveGuild {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let (guild, realm) = (self.guild.to_string(), self.name.realm.to_string());
        let there: i64 = accounts::table
            .find(self.leader.to_string())
            .filter(accounts::realm_id.eq(&realm))
            .count()
            .get_result(conn)?;
        let ended = guilds::table
            .find(&guild)
            .filter(guilds::realm_id.eq(&realm))
            .filter(guilds::disbanded_at.is_not_null());
        let revived = diesel::update(ended)
            .set(guilds::disbanded_at.eq(None::<i64>))
            .execute(conn)?;
        if there == 0 || revived == 0 {
            let sentence = "There is no such disbanded guild, or no such account in its realm.";
            return Err(Failed::Refused(WriteRefusal::gone(sentence)));
        }
        let owner = NameOwner {
            kind: OwnerKind::Guild,
            id: self.guild,
        };
        self.name.drop_own(conn, owner)?;
        self.name.claim(conn, owner, at_us)?;
        diesel::insert_into(guild_members::table)
            .values((
                guild_members::guild_id.eq(&guild),
                guild_members::account_id.eq(self.leader.to_string()),
                guild_members::rank.eq("leader"),
                guild_members::joined_at.eq(at_us),
            ))
            .execute(conn)?;
        done()
    }
}
