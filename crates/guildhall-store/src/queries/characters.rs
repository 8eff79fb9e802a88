//! Characters with their names.

use diesel::prelude::*;
use uuid::Uuid;

use super::LIST_ROWS_MAX;
use crate::backend::Connection;
use crate::columns::{Count32, IdText, NameText, Small16};
use crate::error::StoreError;
use crate::schema::{characters, names};

/// A character.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct CharacterRow {
    #[diesel(deserialize_as = IdText)]
    pub id: Uuid,
    #[diesel(deserialize_as = IdText)]
    pub realm_id: Uuid,
    #[diesel(deserialize_as = IdText)]
    pub account_id: Uuid,
    /// As its owner writes it.
    /// Empty if it has none.
    #[diesel(deserialize_as = NameText)]
    pub name: String,
    #[diesel(deserialize_as = Small16)]
    pub schema_version: u16,
    #[diesel(deserialize_as = Count32)]
    pub version: u32,
    pub state: Vec<u8>,
    /// Microseconds since 1970.
    pub updated_at: i64,
    /// Rises whenever somebody begins to play the character; 0 while only its creator has.
    #[diesel(deserialize_as = Count32)]
    pub play_epoch: u32,
}

/// A character as a list shows it: without its state.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct CharacterSummaryRow {
    #[diesel(deserialize_as = IdText)]
    pub id: Uuid,
    /// As its owner writes it.
    /// Empty if it has none.
    #[diesel(deserialize_as = NameText)]
    pub name: String,
    #[diesel(deserialize_as = Count32)]
    pub version: u32,
}

/// Characters with their names; a macro since the type of such a query is a page long.
macro_rules! with_names {
    () => {
        characters::table.left_join(
            names::table.on(names::owner_id
                .eq(characters::id)
                .and(names::owner_kind.eq("character"))
                .and(names::cooling_until.is_null())),
        )
    };
}

/// The character of this id.
pub fn character(conn: &mut Connection, id: Uuid) -> Result<Option<CharacterRow>, StoreError> {
    Ok(with_names!()
        .filter(characters::id.eq(id.to_string()))
        .select((
            characters::id,
            characters::realm_id,
            characters::account_id,
            names::display.nullable(),
            characters::schema_version,
            characters::version,
            characters::state,
            characters::updated_at,
            characters::play_epoch,
        ))
        .first(conn)
        .optional()?)
}

/// The characters of an account, oldest first (ids are made in the order of time), at most
/// [`LIST_ROWS_MAX`].
pub fn characters_of(
    conn: &mut Connection,
    account: Uuid,
) -> Result<Vec<CharacterSummaryRow>, StoreError> {
    Ok(with_names!()
        .filter(characters::account_id.eq(account.to_string()))
        .order(characters::id)
        .limit(LIST_ROWS_MAX)
        .select((
            characters::id,
            names::display.nullable(),
            characters::version,
        ))
        .load(conn)?)
}

/// The characters of a realm behind `after` in the order of their ids, at most [`LIST_ROWS_MAX`].
pub fn characters_of_realm(
    conn: &mut Connection,
    realm: Uuid,
    after: Option<Uuid>,
) -> Result<Vec<CharacterSummaryRow>, StoreError> {
    // An empty text is before every id.
    let after = after.map_or_else(String::new, |id| id.to_string());
    Ok(with_names!()
        .filter(characters::realm_id.eq(realm.to_string()))
        .filter(characters::id.gt(after))
        .order(characters::id)
        .limit(LIST_ROWS_MAX)
        .select((
            characters::id,
            names::display.nullable(),
            characters::version,
        ))
        .load(conn)?)
}
