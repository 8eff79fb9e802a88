//! Something leaves a character or a ship for the other side: kept until it is taken there.

use bytes::Bytes;
use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done, payload};
use crate::backend::Connection;
use crate::columns::signed;
use crate::schema::{characters, escrows, guilds};
use crate::write_behind::{EntityKey, EntityKind, WriteRefusal};

/// In one group with the save of the giver, so that it has left exactly when it lies here.
/// Refused with `Unique` when the id is used, with `Gone` when there is no such target in the
/// realm, with `Limit` when too much waits for the target already.
#[derive(Clone, Debug, Serialize)]
pub struct PutEscrow {
    /// Made by the giver's client.
    pub escrow: Uuid,
    pub realm: Uuid,
    pub from: EntityKey,
    /// The version of the giver that this belongs to.
    pub from_version: u32,
    pub to: EntityKey,
    /// A document, at most [`crate::STATE_BYTES_MAX`] bytes.
    #[serde(serialize_with = "payload::document")]
    pub what: Bytes,
    pub given_by: Uuid,
    /// Escrows that may wait for one target.
    pub open_max: u64,
}

impl PutEscrow {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        if !self.target_exists(conn)? {
            let sentence = format!("There is no such {} in the realm.", word(self.to.kind));
            return Err(Failed::Refused(WriteRefusal::gone(sentence)));
        }
        let open: i64 = waiting_for(self.to).count().get_result(conn)?;
        if open >= signed(self.open_max) {
            let sentence = format!("{open} escrows wait for this target already.");
            let limit = WriteRefusal::limit("escrows_open_max", sentence);
            return Err(Failed::Refused(limit));
        }
        diesel::insert_into(escrows::table)
            .values((
                escrows::id.eq(self.escrow.to_string()),
                escrows::from_kind.eq(self.from.kind.as_str()),
                escrows::from_id.eq(self.from.id.to_string()),
                escrows::from_version.eq(i64::from(self.from_version)),
                escrows::to_kind.eq(self.to.kind.as_str()),
                escrows::to_id.eq(self.to.id.to_string()),
                escrows::what.eq(self.what.as_ref()),
                escrows::given_by.eq(self.given_by.to_string()),
                escrows::given_at.eq(at_us),
            ))
            .execute(conn)?;
        done()
    }

    fn target_exists(&self, conn: &mut Connection) -> QueryResult<bool> {
        let (id, realm) = (self.to.id.to_string(), self.realm.to_string());
        let found: i64 = match self.to.kind {
            EntityKind::Character => characters::table
                .find(id)
                .filter(characters::realm_id.eq(realm))
                .count()
                .get_result(conn)?,
            EntityKind::Ship => guilds::table
                .find(id)
                .filter(guilds::realm_id.eq(realm))
                .filter(guilds::disbanded_at.is_null())
                .count()
                .get_result(conn)?,
        };
        Ok(found == 1)
    }

    /// Whether this very escrow was put before.
    pub(super) fn is_done(&self, conn: &mut Connection) -> QueryResult<bool> {
        let found: i64 = escrows::table
            .find(self.escrow.to_string())
            .filter(escrows::from_kind.eq(self.from.kind.as_str()))
            .filter(escrows::from_id.eq(self.from.id.to_string()))
            .filter(escrows::from_version.eq(i64::from(self.from_version)))
            .filter(escrows::to_id.eq(self.to.id.to_string()))
            .filter(escrows::what.eq(self.what.as_ref()))
            .count()
            .get_result(conn)?;
        Ok(found == 1)
    }
}

/// What a ship belongs to is what people know it by.
fn word(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Character => "character",
        EntityKind::Ship => "guild",
    }
}

/// Escrows that wait for a target.
#[diesel::dsl::auto_type(no_type_alias)]
fn waiting_for(to: EntityKey) -> _ {
    let (kind, id): (&'static str, String) = (to.kind.as_str(), to.id.to_string());
    escrows::table
        .filter(escrows::to_id.eq(id))
        .filter(escrows::to_kind.eq(kind))
        .filter(escrows::taken_at.is_null())
}
