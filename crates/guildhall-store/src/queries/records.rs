//! What writes left behind: history and refusals, for the person who asks "where is my ship".

use diesel::prelude::*;
use uuid::Uuid;

use crate::backend::Connection;
use crate::columns::{Count32, IdText};
use crate::error::StoreError;
use crate::schema::{entity_history, refused_writes};

/// One committed or refused write of an entity.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = entity_history)]
pub struct HistoryRow {
    pub entity_kind: String,
    #[diesel(deserialize_as = Count32)]
    pub version: u32,
    #[diesel(deserialize_as = IdText)]
    pub account_id: Uuid,
    pub session_id: Option<String>,
    pub batch: i64,
    /// `saved`, `created`, …, or the cause of a refusal.
    pub cause: String,
    /// Microseconds since 1970.
    pub at: i64,
}

/// A refused write with what was to be written.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = refused_writes)]
pub struct RefusedRow {
    pub entity_kind: String,
    #[diesel(deserialize_as = IdText)]
    pub account_id: Uuid,
    #[diesel(deserialize_as = Count32)]
    pub version: u32,
    pub cause: String,
    pub constraint_name: Option<String>,
    pub detail: String,
    /// The state of a save, or the change as JSON.
    pub payload: Vec<u8>,
    /// Microseconds since 1970.
    pub at: i64,
}

/// The newest lines of an entity's history, newest first.
pub fn history_of(
    conn: &mut Connection,
    entity: Uuid,
    lines_max: u32,
) -> Result<Vec<HistoryRow>, StoreError> {
    Ok(entity_history::table
        .filter(entity_history::entity_id.eq(entity.to_string()))
        .order(entity_history::id.desc())
        .limit(i64::from(lines_max))
        .select(HistoryRow::as_select())
        .load(conn)?)
}

/// The newest refused writes of an entity, newest first.
pub fn refused_writes_of(
    conn: &mut Connection,
    entity: Uuid,
    rows_max: u32,
) -> Result<Vec<RefusedRow>, StoreError> {
    Ok(refused_writes::table
        .filter(refused_writes::entity_id.eq(entity.to_string()))
        .order(refused_writes::id.desc())
        .limit(i64::from(rows_max))
        .select(RefusedRow::as_select())
        .load(conn)?)
}
