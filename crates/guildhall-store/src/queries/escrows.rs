//! What lies in escrow between characters and ships.

use diesel::prelude::*;
use uuid::Uuid;

use super::LIST_ROWS_MAX;
use crate::backend::Connection;
use crate::columns::IdText;
use crate::error::StoreError;
use crate::schema::escrows;
use crate::write_behind::EntityKey;

/// Something that has left one side and not arrived at the other.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct EscrowRow {
    #[diesel(deserialize_as = IdText)]
    pub id: Uuid,
    /// The giver: a character, or the guild of a ship.
    #[diesel(deserialize_as = IdText)]
    pub from: Uuid,
    /// The taker: a guild for its ship, or a character.
    #[diesel(deserialize_as = IdText)]
    pub to: Uuid,
    pub what: Vec<u8>,
    /// The account that gave.
    #[diesel(deserialize_as = IdText)]
    pub given_by: Uuid,
    /// Microseconds since 1970.
    pub given_at: i64,
}

/// What is open for or from a character or a ship, oldest first, at most [`LIST_ROWS_MAX`].
pub fn open_escrows(conn: &mut Connection, side: EntityKey) -> Result<Vec<EscrowRow>, StoreError> {
    let (kind, id) = (side.kind.as_str(), side.id.to_string());
    let to = escrows::to_kind.eq(kind).and(escrows::to_id.eq(id.clone()));
    let from = escrows::from_kind.eq(kind).and(escrows::from_id.eq(id));
    Ok(escrows::table
        .filter(escrows::taken_at.is_null())
        .filter(to.or(from))
        .order((escrows::given_at, escrows::id))
        .limit(LIST_ROWS_MAX)
        .select((
            escrows::id,
            escrows::from_id,
            escrows::to_id,
            escrows::what,
            escrows::given_by,
            escrows::given_at,
        ))
        .load(conn)?)
}
