//! Stored hashes of names are made anew from their texts: what the reconciler orders when one rotted.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::names::NameHashes;
use crate::schema::names;
use crate::write_behind::WriteRefusal;

/// Rows that are gone meanwhile are no matter.
#[derive(Clone, Debug, Serialize)]
pub struct RehashNames {
    /// Ids of rows of the ledger.
    pub rows: Vec<String>,
}

impl RehashNames {
    pub(super) fn apply(&self, conn: &mut Connection) -> Result<Applied, Failed> {
        for id in &self.rows {
            let texts = names::table
                .find(id)
                .select((
                    names::realm_id,
                    names::name_key,
                    names::skeleton,
                    names::display,
                ))
                .first::<(String, String, String, String)>(conn)
                .optional()?;
            let Some((realm, key, skeleton, display)) = texts else {
                continue;
            };
            let realm = Uuid::try_parse(&realm).map_err(|error| {
                Failed::Refused(WriteRefusal::gone(format!("The realm {realm:?}: {error}.")))
            })?;
            let hashes = NameHashes::of(realm, &key, &skeleton, &display);
            diesel::update(names::table.find(id))
                .set((
                    names::key_hash.eq(hashes.key.cast_signed()),
                    names::skeleton_hash.eq(hashes.folded.cast_signed()),
                    names::written_hash.eq(hashes.written.cast_signed()),
                ))
                .execute(conn)?;
        }
        done()
    }
}
