//! One entity is put back to one version that its history holds. What is there now goes into the history
//! first, so that a restore can be taken back by another.

use bytes::Bytes;
use diesel::prelude::*;
use serde::Serialize;

use super::{Applied, Document, Failed, KEPT};
use crate::backend::Connection;
use crate::columns::{Count32, Small16};
use crate::schema::{characters, entity_history, guilds, ships};
use crate::write_behind::{EntityKey, EntityKind, WriteRefusal};

/// Makes a new version with the state of an old one. A character's play epoch rises, so that who plays it
/// cannot save over what was restored; a save that waits finds another version than its base. A ship that
/// is missing although its guild is there is made anew. Refused with `Gone` when the history holds no such
/// version, or there is nothing to restore into.
#[derive(Clone, Debug, Serialize)]
pub struct Restore {
    pub entity: EntityKey,
    /// The version whose state is wanted.
    pub version: u32,
}

/// A version with its document.
#[derive(PartialEq, Eq)]
struct Row {
    version: u32,
    schema_version: u16,
    state: Vec<u8>,
}

impl Restore {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let wanted = self.wanted(conn)?;
        let mut documents = Vec::new();
        let version = match self.present(conn)? {
            Some(present) => {
                let version = next(present.version)?;
                self.overwrite(conn, version, &wanted, at_us)?;
                if !self.is_in_history(conn, &present)? {
                    documents.push(self.document(present.version, KEPT, present));
                }
                version
            }
            None => self.launch(conn, &wanted, at_us)?,
        };
        documents.push(self.document(version, "restored", wanted));
        Ok(Applied::Made { version, documents })
    }

    fn document(&self, version: u32, word: &'static str, row: Row) -> Document {
        Document {
            entity: self.entity,
            version,
            word,
            schema_version: row.schema_version,
            state: Bytes::from(row.state),
        }
    }

    /// The newest line wins: it is what the last one who made this version has written.
    fn wanted(&self, conn: &mut Connection) -> Result<Row, Failed> {
        let row: Option<(Small16, Vec<u8>)> = entity_history::table
            .filter(entity_history::entity_id.eq(self.entity.id.to_string()))
            .filter(entity_history::entity_kind.eq(self.entity.kind.as_str()))
            .filter(entity_history::version.eq(i64::from(self.version)))
            .filter(entity_history::state.is_not_null())
            .order(entity_history::id.desc())
            .select((
                entity_history::schema_version.assume_not_null(),
                entity_history::state.assume_not_null(),
            ))
            .first(conn)
            .optional()?;
        let Some((schema_version, state)) = row else {
            return Err(refused(format!(
                "The history holds no state of version {} of this {}.",
                self.version,
                self.entity.kind.as_str()
            )));
        };
        Ok(Row {
            version: self.version,
            schema_version: schema_version.into(),
            state,
        })
    }

    fn present(&self, conn: &mut Connection) -> Result<Option<Row>, Failed> {
        let id = self.entity.id.to_string();
        let row: Option<(Count32, Small16, Vec<u8>)> = match self.entity.kind {
            EntityKind::Character => characters::table
                .find(id)
                .select((
                    characters::version,
                    characters::schema_version,
                    characters::state,
                ))
                .first(conn)
                .optional()?,
            EntityKind::Ship => ships::table
                .find(id)
                .select((ships::version, ships::schema_version, ships::state))
                .first(conn)
                .optional()?,
        };
        Ok(row.map(|(version, schema_version, state)| Row {
            version: version.into(),
            schema_version: schema_version.into(),
            state,
        }))
    }

    fn is_in_history(&self, conn: &mut Connection, present: &Row) -> Result<bool, Failed> {
        let lines: i64 = entity_history::table
            .filter(entity_history::entity_id.eq(self.entity.id.to_string()))
            .filter(entity_history::entity_kind.eq(self.entity.kind.as_str()))
            .filter(entity_history::version.eq(i64::from(present.version)))
            .filter(entity_history::state.eq(&present.state))
            .count()
            .get_result(conn)?;
        Ok(lines > 0)
    }

    fn overwrite(
        &self,
        conn: &mut Connection,
        version: u32,
        wanted: &Row,
        at_us: i64,
    ) -> Result<(), Failed> {
        let id = self.entity.id.to_string();
        match self.entity.kind {
            EntityKind::Character => diesel::update(characters::table.find(id))
                .set((
                    characters::version.eq(i64::from(version)),
                    characters::schema_version.eq(i32::from(wanted.schema_version)),
                    characters::state.eq(&wanted.state),
                    characters::updated_at.eq(at_us),
                    characters::play_epoch.eq(characters::play_epoch + 1),
                ))
                .execute(conn)?,
            EntityKind::Ship => diesel::update(ships::table.find(id))
                .set((
                    ships::version.eq(i64::from(version)),
                    ships::schema_version.eq(i32::from(wanted.schema_version)),
                    ships::state.eq(&wanted.state),
                    ships::updated_at.eq(at_us),
                ))
                .execute(conn)?,
        };
        Ok(())
    }

    /// Makes a ship that is missing, under a version that nobody has seen.
    fn launch(&self, conn: &mut Connection, wanted: &Row, at_us: i64) -> Result<u32, Failed> {
        let id = self.entity.id.to_string();
        let guilds: i64 = guilds::table.find(&id).count().get_result(conn)?;
        if self.entity.kind != EntityKind::Ship || guilds == 0 {
            let kind = self.entity.kind.as_str();
            return Err(refused(format!("There is no {kind} {id} to restore.")));
        }
        let newest: Count32 = entity_history::table
            .filter(entity_history::entity_id.eq(&id))
            .filter(entity_history::entity_kind.eq(self.entity.kind.as_str()))
            .order(entity_history::version.desc())
            .select(entity_history::version)
            .first(conn)?;
        let version = next(newest.into())?;
        diesel::insert_into(ships::table)
            .values((
                ships::guild_id.eq(id),
                ships::schema_version.eq(i32::from(wanted.schema_version)),
                ships::version.eq(i64::from(version)),
                ships::state.eq(&wanted.state),
                ships::updated_at.eq(at_us),
            ))
            .execute(conn)?;
        Ok(version)
    }
}

fn next(version: u32) -> Result<u32, Failed> {
    version
        .checked_add(1)
        .ok_or_else(|| refused("The versions of this one are used up.".to_owned()))
}

fn refused(detail: String) -> Failed {
    Failed::Refused(WriteRefusal::gone(detail))
}
