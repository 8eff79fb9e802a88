//! A guild with its name, its leader, its ship and its first invite, in one.

use bytes::Bytes;
use diesel::dsl::exists;
use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{
    AddInvite, Applied, Document, Failed, NameOwner, NameRow, OwnerKind, is_full, payload,
};
use crate::backend::Connection;
use crate::schema::{guild_members, guilds, names, ships};
use crate::write_behind::{EntityKey, EntityKind, WriteRefusal};

/// The founder becomes leader; the ship starts at version 1. Refused with `Unique` when the
/// name is taken, with `Limit` when the founder has founded as many as may be.
#[derive(Clone, Debug, Serialize)]
pub struct CreateGuild {
    pub id: Uuid,
    pub realm: Uuid,
    pub founder: Uuid,
    pub name: NameRow,
    pub ship_schema_version: u16,
    #[serde(serialize_with = "payload::document")]
    pub ship_state: Bytes,
    pub invite: Option<AddInvite>,
    /// Guilds of one founder that are there, or whose name cools.
    pub founded_max: usize,
}

impl CreateGuild {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let owner = NameOwner {
            kind: OwnerKind::Guild,
            id: self.id,
        };
        self.expect_few(conn)?;
        self.name.claim(conn, owner, at_us)?;
        diesel::insert_into(guilds::table)
            .values((
                guilds::id.eq(self.id.to_string()),
                guilds::realm_id.eq(self.realm.to_string()),
                guilds::created_at.eq(at_us),
                guilds::founded_by.eq(self.founder.to_string()),
            ))
            .execute(conn)?;
        self.insert_leader(conn, at_us)?;
        self.insert_ship(conn, at_us)?;
        if let Some(invite) = &self.invite {
            invite.apply(conn, at_us)?;
        }
        Ok(Applied::Made {
            version: 1,
            documents: vec![self.ship()],
        })
    }

    /// One that was disbanded counts as long as its name is kept from everybody else.
    fn expect_few(&self, conn: &mut Connection) -> Result<(), Failed> {
        let kept = names::table
            .filter(names::owner_kind.eq(OwnerKind::Guild.as_str()))
            .filter(names::owner_id.eq(guilds::id));
        let founded: i64 = guilds::table
            .filter(guilds::founded_by.eq(self.founder.to_string()))
            .filter(guilds::disbanded_at.is_null().or(exists(kept)))
            .count()
            .get_result(conn)?;
        if is_full(founded, self.founded_max) {
            let sentence = format!("{founded} guilds are as many as one account may found.");
            let limit = WriteRefusal::limit("guilds_founded_max", sentence);
            return Err(Failed::Refused(limit));
        }
        Ok(())
    }

    fn ship(&self) -> Document {
        Document {
            entity: EntityKey {
                kind: EntityKind::Ship,
                id: self.id,
            },
            version: 1,
            word: "created",
            schema_version: self.ship_schema_version,
            state: self.ship_state.clone(),
        }
    }

    fn insert_leader(&self, conn: &mut Connection, at_us: i64) -> QueryResult<()> {
        diesel::insert_into(guild_members::table)
            .values((
                guild_members::guild_id.eq(self.id.to_string()),
                guild_members::account_id.eq(self.founder.to_string()),
                guild_members::rank.eq("leader"),
                guild_members::joined_at.eq(at_us),
            ))
            .execute(conn)
            .map(drop)
    }

    fn insert_ship(&self, conn: &mut Connection, at_us: i64) -> QueryResult<()> {
        diesel::insert_into(ships::table)
            .values((
                ships::guild_id.eq(self.id.to_string()),
                ships::schema_version.eq(i32::from(self.ship_schema_version)),
                ships::version.eq(1_i64),
                ships::state.eq(self.ship_state.as_ref()),
                ships::updated_at.eq(at_us),
            ))
            .execute(conn)
            .map(drop)
    }
}
