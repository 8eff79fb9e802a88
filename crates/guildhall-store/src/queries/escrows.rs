//! What lies in escrow between characters and ships.

use diesel::prelude::*;
use uuid::Uuid;

use super::LIST_ROWS_MAX;
use crate::backend::Connection;
use crate::columns::{Count32, IdText, MaybeCount32};
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

/// Rows that are read at once: few enough that the largest documents are no burden.
const ROWS_AT_ONCE: i64 = 16;
/// What a row needs beside its document.
const ROW_BYTES: usize = 512;

/// What is open for or from a character or a ship behind `after`, in the order of the ids: as many as have
/// `bytes_max` together, at least one, at most [`LIST_ROWS_MAX`].
pub fn open_escrows(
    conn: &mut Connection,
    side: EntityKey,
    after: Option<Uuid>,
    bytes_max: usize,
) -> Result<Vec<EscrowRow>, StoreError> {
    let (mut after, mut bytes, mut shown) = (after, 0_usize, Vec::new());
    for _ in 0..LIST_ROWS_MAX / ROWS_AT_ONCE {
        let rows = open_behind(conn, side, after)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            bytes = bytes
                .saturating_add(row.what.len())
                .saturating_add(ROW_BYTES);
            if bytes > bytes_max && !shown.is_empty() {
                return Ok(shown);
            }
            after = Some(row.id);
            shown.push(row);
        }
    }
    Ok(shown)
}

/// Whether this giver gave it, with this version.
pub fn was_given(
    conn: &mut Connection,
    escrow: Uuid,
    giver: EntityKey,
    version: u32,
) -> Result<bool, StoreError> {
    let found: i64 = escrows::table
        .find(escrow.to_string())
        .filter(escrows::from_kind.eq(giver.kind.as_str()))
        .filter(escrows::from_id.eq(giver.id.to_string()))
        .filter(escrows::from_version.eq(i64::from(version)))
        .count()
        .get_result(conn)?;
    Ok(found == 1)
}

fn open_behind(
    conn: &mut Connection,
    side: EntityKey,
    after: Option<Uuid>,
) -> Result<Vec<EscrowRow>, StoreError> {
    let (kind, id) = (side.kind.as_str(), side.id.to_string());
    let to = escrows::to_kind.eq(kind).and(escrows::to_id.eq(id.clone()));
    let from = escrows::from_kind.eq(kind).and(escrows::from_id.eq(id));
    // An empty text is before every id.
    let after = after.map_or_else(String::new, |id| id.to_string());
    Ok(escrows::table
        .filter(escrows::taken_at.is_null())
        .filter(to.or(from))
        .filter(escrows::id.gt(after))
        .order(escrows::id)
        .limit(ROWS_AT_ONCE)
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

/// What moved with a version of a side that is later than the one it is put back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossedEscrow {
    pub escrow: Uuid,
    /// Whether the side gave it; else it took it.
    pub gave: bool,
    /// The version of the side with which it left or arrived.
    pub version: u32,
    /// Kind and id of the other side.
    pub other: (String, Uuid),
    pub fate: EscrowFate,
}

/// What became of something in escrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscrowFate {
    Waits,
    /// The other side has it.
    Taken,
    /// The guild was disbanded before its ship took it: it went back by an escrow of its own.
    GivenBack,
}

impl EscrowFate {
    /// The stable word on the wire of operators.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Taken => "taken",
            Self::GivenBack => "given_back",
        }
    }
}

/// What the state of `version` does not know of: what this side gave with a later one, and what it took, in the
/// order in which it was given.
pub fn crossed_escrows(
    conn: &mut Connection,
    side: EntityKey,
    version: u32,
) -> Result<Vec<CrossedEscrow>, StoreError> {
    type Row = (
        (IdText, String, IdText, Count32),
        (String, IdText, MaybeCount32, Option<i64>),
    );
    let (kind, id) = (side.kind.as_str(), side.id.to_string());
    let later = i64::from(version);
    let gave = escrows::from_kind
        .eq(kind)
        .and(escrows::from_id.eq(id.clone()))
        .and(escrows::from_version.gt(later));
    let took = escrows::to_kind
        .eq(kind)
        .and(escrows::to_id.eq(id))
        .and(escrows::to_version.is_not_null())
        .and(escrows::to_version.assume_not_null().gt(later));
    let rows: Vec<Row> = escrows::table
        .filter(gave.or(took))
        .order((escrows::given_at, escrows::id))
        .select((
            (
                escrows::id,
                escrows::from_kind,
                escrows::from_id,
                escrows::from_version,
            ),
            (
                escrows::to_kind,
                escrows::to_id,
                escrows::to_version,
                escrows::taken_at,
            ),
        ))
        .load(conn)?;
    let crossed = |row: Row| {
        let ((escrow, from_kind, from, from_version), (to_kind, to, to_version, taken_at)) = row;
        let (from, to) = (Uuid::from(from), Uuid::from(to));
        let gave = from == side.id && from_kind == kind;
        let to_version: Option<u32> = to_version.into();
        CrossedEscrow {
            escrow: escrow.into(),
            gave,
            version: to_version.filter(|_| !gave).unwrap_or(from_version.into()),
            other: match gave {
                true => (to_kind, to),
                false => (from_kind, from),
            },
            fate: match (taken_at, to_version) {
                (None, _) => EscrowFate::Waits,
                (Some(_), Some(_)) => EscrowFate::Taken,
                (Some(_), None) => EscrowFate::GivenBack,
            },
        }
    };
    Ok(rows.into_iter().map(crossed).collect())
}
