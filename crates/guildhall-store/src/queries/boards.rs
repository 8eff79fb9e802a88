//! Boards and their revisions.

use diesel::prelude::*;
use uuid::Uuid;

use crate::backend::Connection;
use crate::columns::{Count32, Hash32, IdText, MaybeCount32, Size64};
use crate::error::StoreError;
use crate::schema::{board_revisions, boards};

/// A board.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = boards)]
pub struct BoardRow {
    #[diesel(deserialize_as = IdText)]
    pub id: Uuid,
    #[diesel(deserialize_as = IdText)]
    pub campaign_id: Uuid,
    pub name: String,
    pub format: String,
    /// `None` until the first revision.
    #[diesel(deserialize_as = MaybeCount32)]
    pub head_revision: Option<u32>,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// A revision; its bytes are in the blob store under `hash`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = board_revisions)]
pub struct RevisionRow {
    #[diesel(deserialize_as = IdText)]
    pub board_id: Uuid,
    #[diesel(deserialize_as = Count32)]
    pub revision: u32,
    #[diesel(deserialize_as = MaybeCount32)]
    pub base_revision: Option<u32>,
    #[diesel(deserialize_as = Hash32)]
    pub hash: [u8; 32],
    #[diesel(deserialize_as = Size64)]
    pub size_bytes: u64,
    pub format: String,
    #[diesel(deserialize_as = IdText)]
    pub created_by: Uuid,
    pub created_at: i64,
    /// Kept after a conflict; never a head.
    pub is_side: bool,
}

/// The board of this id.
pub fn board_by_id(conn: &mut Connection, id: Uuid) -> Result<Option<BoardRow>, StoreError> {
    Ok(boards::table
        .find(id.to_string())
        .select(BoardRow::as_select())
        .first(conn)
        .optional()?)
}

/// The boards of a campaign, oldest first.
pub fn boards_of(conn: &mut Connection, campaign: Uuid) -> Result<Vec<BoardRow>, StoreError> {
    Ok(boards::table
        .filter(boards::campaign_id.eq(campaign.to_string()))
        .order(boards::created_at)
        .select(BoardRow::as_select())
        .load(conn)?)
}

/// A board and the revision that is its head.
pub type BoardWithHead = (BoardRow, Option<RevisionRow>);

/// A board with its head.
///
/// # Errors
/// The database.
pub fn board_with_head(
    conn: &mut Connection,
    id: Uuid,
) -> Result<Option<BoardWithHead>, StoreError> {
    let board = board_by_id(conn, id)?;
    board.map(|board| with_head(conn, board)).transpose()
}

/// The boards of a campaign with their heads, oldest first.
///
/// # Errors
/// The database.
pub fn boards_with_heads(
    conn: &mut Connection,
    campaign: Uuid,
) -> Result<Vec<BoardWithHead>, StoreError> {
    let boards = boards_of(conn, campaign)?;
    boards
        .into_iter()
        .map(|board| with_head(conn, board))
        .collect()
}

fn with_head(conn: &mut Connection, board: BoardRow) -> Result<BoardWithHead, StoreError> {
    let head = match board.head_revision {
        Some(number) => revision(conn, board.id, number)?,
        None => None,
    };
    Ok((board, head))
}

/// One revision of a board, side revisions too.
pub fn revision(
    conn: &mut Connection,
    board: Uuid,
    revision: u32,
) -> Result<Option<RevisionRow>, StoreError> {
    Ok(board_revisions::table
        .find((board.to_string(), i64::from(revision)))
        .select(RevisionRow::as_select())
        .first(conn)
        .optional()?)
}
