//! A character with its name and its first state, in one.

use bytes::Bytes;
use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Document, Failed, NameOwner, NameRow, OwnerKind, is_full, payload};
use crate::backend::Connection;
use crate::schema::characters;
use crate::write_behind::{EntityKey, EntityKind, WriteRefusal};

/// Starts at version 1. Refused with `Unique` when the name is taken, with `Limit` when the account has as
/// many characters as it may have.
#[derive(Clone, Debug, Serialize)]
pub struct CreateCharacter {
    pub id: Uuid,
    pub realm: Uuid,
    pub account: Uuid,
    pub name: NameRow,
    pub schema_version: u16,
    #[serde(serialize_with = "payload::document")]
    pub state: Bytes,
    /// Characters of one account; none for a service, which makes them for its realm.
    pub of_account_max: Option<usize>,
}

impl CreateCharacter {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let owner = NameOwner {
            kind: OwnerKind::Character,
            id: self.id,
        };
        self.expect_few(conn)?;
        self.name.claim(conn, owner, at_us)?;
        diesel::insert_into(characters::table)
            .values((
                characters::id.eq(self.id.to_string()),
                characters::realm_id.eq(self.realm.to_string()),
                characters::account_id.eq(self.account.to_string()),
                characters::schema_version.eq(i32::from(self.schema_version)),
                characters::version.eq(1_i64),
                characters::state.eq(self.state.as_ref()),
                characters::updated_at.eq(at_us),
            ))
            .execute(conn)?;
        Ok(Applied::Made {
            version: 1,
            documents: vec![Document {
                entity: EntityKey {
                    kind: EntityKind::Character,
                    id: self.id,
                },
                version: 1,
                word: "created",
                schema_version: self.schema_version,
                state: self.state.clone(),
            }],
        })
    }
    fn expect_few(&self, conn: &mut Connection) -> Result<(), Failed> {
        let Some(max) = self.of_account_max else {
            return Ok(());
        };
        let theirs: i64 = characters::table
            .filter(characters::account_id.eq(self.account.to_string()))
            .count()
            .get_result(conn)?;
        if is_full(theirs, max) {
            let sentence = format!("{theirs} characters are as many as one account may have.");
            let limit = WriteRefusal::limit("characters_per_account_max", sentence);
            return Err(Failed::Refused(limit));
        }
        Ok(())
    }
}
