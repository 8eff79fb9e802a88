//! A ship that should exist and does not is put back.

use bytes::Bytes;
use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Document, Failed, payload};
use crate::backend::Connection;
use crate::columns::Count32;
use crate::schema::ships;
use crate::write_behind::{EntityKey, EntityKind};

/// Puts the newest known state back under its own version. A ship that is there is left alone: then the
/// version is the present one. Refused with `ForeignKey` when there is no such guild.
#[derive(Clone, Debug, Serialize)]
pub struct RestoreShip {
    pub guild: Uuid,
    pub version: u32,
    pub schema_version: u16,
    #[serde(serialize_with = "payload::document")]
    pub state: Bytes,
}

impl RestoreShip {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let present: Option<Count32> = ships::table
            .find(self.guild.to_string())
            .select(ships::version)
            .get_result(conn)
            .optional()?;
        if let Some(version) = present {
            return Ok(Applied::Done {
                version: version.into(),
            });
        }
        diesel::insert_into(ships::table)
            .values((
                ships::guild_id.eq(self.guild.to_string()),
                ships::schema_version.eq(i32::from(self.schema_version)),
                ships::version.eq(i64::from(self.version)),
                ships::state.eq(self.state.as_ref()),
                ships::updated_at.eq(at_us),
            ))
            .execute(conn)?;
        // The line that tells of it holds the state, so that the ship can be put back again from there.
        Ok(Applied::Made {
            version: self.version,
            documents: vec![Document {
                entity: EntityKey {
                    kind: EntityKind::Ship,
                    id: self.guild,
                },
                version: self.version,
                word: "restored",
                schema_version: self.schema_version,
                state: self.state.clone(),
            }],
        })
    }
}
