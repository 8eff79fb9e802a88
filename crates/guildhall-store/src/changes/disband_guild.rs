//! A guild ends: its people, its codes and its name. What it had stays, out of reach.

use diesel::prelude::*;
use guildhall_rules::rights::GuildAct;
use serde::Serialize;
use uuid::Uuid;

use super::guild_rights::expect_right;
use super::leave_guild::end_invites;
use super::name_row::cool;
use super::{Applied, Failed, NameOwner, OwnerKind, done};
use crate::backend::Connection;
use crate::schema::{escrows, guild_members, guilds};
use crate::write_behind::EntityKind;

/// Everybody leaves, codes end, the name cools. What lay in escrow for the ship goes back to the characters that
/// gave it; what lies there for a character stays. Ship, ledger and history stay as they are, so that
/// [`super::ReviveGuild`] can bring all of it back. Refused with `Denied` when who ordered it leads no more.
#[derive(Clone, Debug, Serialize)]
pub struct DisbandGuild {
    pub guild: Uuid,
    pub realm: Uuid,
    /// The leader who ordered it.
    pub leader: Uuid,
    /// How long the name is kept for the guild, in microseconds.
    pub cooling_us: i64,
}

/// The version with which something left that was in no state of its giver: before all versions, so that no restore
/// of the giver brings it back.
pub const NEVER_IN_A_STATE: i64 = 0;

/// An escrow that waits for the ship: its id, who gave what, and the account that did.
type Waiting = (String, (String, String), Vec<u8>, String);

impl DisbandGuild {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let guild = self.guild.to_string();
        expect_right(conn, self.guild, self.leader, GuildAct::Disband)?;
        diesel::update(guilds::table.find(&guild))
            .set(guilds::disbanded_at.eq(Some(at_us)))
            .execute(conn)?;
        self.give_back(conn, at_us)?;
        end_invites(conn, self.guild, at_us)?;
        let owner = NameOwner {
            kind: OwnerKind::Guild,
            id: self.guild,
        };
        // One that an operator left without a name has none to give up.
        cool(
            conn,
            self.realm,
            owner,
            at_us.saturating_add(self.cooling_us),
        )?;
        let members = guild_members::table.filter(guild_members::guild_id.eq(&guild));
        diesel::delete(members).execute(conn)?;
        done()
    }

    /// Each gift is taken here and put anew for its giver: a gift is taken once, whoever looks at it.
    fn give_back(&self, conn: &mut Connection, at_us: i64) -> Result<(), Failed> {
        let (ship, guild) = (EntityKind::Ship.as_str(), self.guild.to_string());
        let gifts: Vec<Waiting> = escrows::table
            .filter(escrows::to_kind.eq(ship))
            .filter(escrows::to_id.eq(&guild))
            .filter(escrows::taken_at.is_null())
            .order((escrows::given_at, escrows::id))
            .select((
                escrows::id,
                (escrows::from_kind, escrows::from_id),
                escrows::what,
                escrows::given_by,
            ))
            .load(conn)?;
        for (id, (kind, giver), what, given_by) in gifts {
            diesel::update(escrows::table.find(id))
                .set((
                    escrows::taken_by.eq(Some(self.leader.to_string())),
                    escrows::taken_at.eq(Some(at_us)),
                ))
                .execute(conn)?;
            diesel::insert_into(escrows::table)
                .values((
                    escrows::id.eq(Uuid::now_v7().to_string()),
                    escrows::from_kind.eq(ship),
                    escrows::from_id.eq(&guild),
                    escrows::from_version.eq(NEVER_IN_A_STATE),
                    escrows::to_kind.eq(kind),
                    escrows::to_id.eq(giver),
                    escrows::what.eq(what),
                    escrows::given_by.eq(given_by),
                    escrows::given_at.eq(at_us),
                ))
                .execute(conn)?;
        }
        Ok(())
    }
}
