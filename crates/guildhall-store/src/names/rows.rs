//! Rows of the ledger as the database gives them.

use diesel::prelude::*;
use uuid::Uuid;

use super::{NameEntry, StoredName};
use crate::changes::{NameOwner, OwnerKind};
use crate::error::StoreError;
use crate::schema::names;

/// Columns of a [`Row`].
pub(super) type Columns = (
    names::realm_id,
    names::owner_kind,
    names::owner_id,
    names::name_key,
    names::display,
    names::skeleton,
    names::cooling_until,
);

/// See [`Columns`].
pub(super) const COLUMNS: Columns = (
    names::realm_id,
    names::owner_kind,
    names::owner_id,
    names::name_key,
    names::display,
    names::skeleton,
    names::cooling_until,
);

#[derive(Queryable)]
pub(super) struct Row {
    realm: String,
    kind: String,
    id: String,
    key: String,
    display: String,
    skeleton: String,
    cooling_until: Option<i64>,
}

impl TryFrom<Row> for StoredName {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            entry: NameEntry {
                realm: uuid(&row.realm)?,
                owner: owner(&row.kind, &row.id)?,
                key: row.key,
                display: row.display,
                skeleton: row.skeleton,
            },
            cooling_until_us: row.cooling_until,
        })
    }
}

pub(super) fn stored(rows: Vec<Row>) -> Result<Vec<StoredName>, StoreError> {
    rows.into_iter().map(StoredName::try_from).collect()
}

pub(super) fn uuid(text: &str) -> Result<Uuid, StoreError> {
    Uuid::try_parse(text).map_err(|error| unreadable(text, &error.to_string()))
}

pub(super) fn owner(kind: &str, id: &str) -> Result<NameOwner, StoreError> {
    let kind = OwnerKind::from_word(kind).ok_or_else(|| unreadable(kind, "no kind of owner"))?;
    let id = uuid(id)?;
    Ok(NameOwner { kind, id })
}

pub(super) fn unreadable(value: &str, why: &str) -> StoreError {
    StoreError::Database {
        detail: format!("a row of the names cannot be read: {value:?}: {why}"),
    }
}
