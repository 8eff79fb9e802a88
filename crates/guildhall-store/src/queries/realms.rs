//! Realms.

use diesel::prelude::*;
use uuid::Uuid;

use crate::backend::Connection;
use crate::columns::IdText;
use crate::error::StoreError;
use crate::schema::realms;

/// A realm.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = realms)]
pub struct RealmRow {
    #[diesel(deserialize_as = IdText)]
    pub id: Uuid,
    pub name: String,
}

/// All realms, by name.
pub fn all_realms(conn: &mut Connection) -> Result<Vec<RealmRow>, StoreError> {
    Ok(realms::table
        .select(RealmRow::as_select())
        .order(realms::name)
        .load(conn)?)
}

/// The realm of this id.
pub fn realm_by_id(conn: &mut Connection, id: Uuid) -> Result<Option<RealmRow>, StoreError> {
    Ok(realms::table
        .find(id.to_string())
        .select(RealmRow::as_select())
        .first(conn)
        .optional()?)
}

/// The realm of this name.
pub fn realm_by_name(conn: &mut Connection, name: &str) -> Result<Option<RealmRow>, StoreError> {
    Ok(realms::table
        .filter(realms::name.eq(name))
        .select(RealmRow::as_select())
        .first(conn)
        .optional()?)
}
