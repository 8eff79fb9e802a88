//! One name, read from the database: what a claim that was refused there is answered with.

use diesel::prelude::*;
use uuid::Uuid;

use super::NameEntry;
use super::load::owner;
use crate::backend::Connection;
use crate::error::StoreError;
use crate::schema::names;

/// The row of one name, if it is taken.
///
/// # Errors
/// The database, or a row that cannot be understood.
pub fn entry(
    conn: &mut Connection,
    realm: Uuid,
    key: &str,
) -> Result<Option<NameEntry>, StoreError> {
    let row = names::table
        .filter(names::realm_id.eq(realm.to_string()))
        .filter(names::name_key.eq(key))
        .select((
            names::owner_kind,
            names::owner_id,
            names::display,
            names::skeleton,
        ))
        .first::<(String, String, String, String)>(conn)
        .optional()?;
    let entry = |(kind, id, display, skeleton): (String, String, String, String)| {
        Ok(NameEntry {
            realm,
            owner: owner(&kind, &id)?,
            key: key.to_owned(),
            display,
            skeleton,
        })
    };
    row.map(entry).transpose()
}
