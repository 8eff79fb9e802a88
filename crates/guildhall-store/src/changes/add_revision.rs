//! New content for a board. The head moves by compare-and-set; who comes second keeps his
//! content as a side revision and hears which head there is.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed};
use crate::backend::Connection;
use crate::columns::{Count32, MaybeCount32, signed};
use crate::schema::{board_revisions, boards};
use crate::write_behind::{Cause, Present, WriteRefusal};

/// Durable with the revision's number, or refused with `Stale`: then `present.version` is the
/// head (0 without one) and `kept_as` the side revision. `Gone` when there is no such board.
/// The content must be published in the blob store before this is submitted.
#[derive(Clone, Debug, Serialize)]
pub struct AddRevision {
    pub board: Uuid,
    /// The head that the content is based on.
    pub expected_head: Option<u32>,
    /// The number that the content gets as head. Its successor in line if it is taken already.
    pub revision: u32,
    pub hash: [u8; 32],
    pub size_bytes: u64,
    pub format: String,
    pub by: Uuid,
}

impl AddRevision {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let newest = self.newest_revision(conn)?;
        let revision = self.revision.max(newest.saturating_add(1));
        if self.move_head(conn, revision)? {
            self.insert(conn, revision, false, at_us)?;
            return Ok(Applied::Done { version: revision });
        }
        let Some(head) = self.present_head(conn)? else {
            return Err(Failed::Refused(WriteRefusal::gone(
                "There is no such board.",
            )));
        };
        let side = newest.saturating_add(1);
        self.insert(conn, side, true, at_us)?;
        Ok(Applied::Kept(WriteRefusal {
            present: Some(Present::version_only(head)),
            kept_as: Some(side),
            ..WriteRefusal::new(
                Cause::Stale,
                format!(
                    "The board's head is revision {head}; yours was kept as side revision {side}."
                ),
            )
        }))
    }

    /// An empty head is no value to compare with, hence the two conditions.
    fn move_head(&self, conn: &mut Connection, revision: u32) -> QueryResult<bool> {
        let board = boards::table.filter(boards::id.eq(self.board.to_string()));
        let moved = boards::head_revision.eq(Some(i64::from(revision)));
        let rows = match self.expected_head {
            Some(head) => diesel::update(board.filter(boards::head_revision.eq(i64::from(head))))
                .set(moved)
                .execute(conn)?,
            None => diesel::update(board.filter(boards::head_revision.is_null()))
                .set(moved)
                .execute(conn)?,
        };
        Ok(rows == 1)
    }

    /// The head, 0 without one; `None` without a board.
    fn present_head(&self, conn: &mut Connection) -> QueryResult<Option<u32>> {
        let head = boards::table
            .find(self.board.to_string())
            .select(boards::head_revision)
            .get_result::<MaybeCount32>(conn)
            .optional()?;
        Ok(head.map(|head| Option::<u32>::from(head).unwrap_or(0)))
    }

    fn newest_revision(&self, conn: &mut Connection) -> QueryResult<u32> {
        let newest = board_revisions::table
            .filter(board_revisions::board_id.eq(self.board.to_string()))
            .select(board_revisions::revision)
            .order(board_revisions::revision.desc())
            .first::<Count32>(conn)
            .optional()?;
        Ok(newest.map_or(0, u32::from))
    }

    fn insert(
        &self,
        conn: &mut Connection,
        revision: u32,
        is_side: bool,
        at_us: i64,
    ) -> QueryResult<()> {
        diesel::insert_into(board_revisions::table)
            .values((
                board_revisions::board_id.eq(self.board.to_string()),
                board_revisions::revision.eq(i64::from(revision)),
                board_revisions::base_revision.eq(self.expected_head.map(i64::from)),
                board_revisions::hash.eq(self.hash.as_slice()),
                board_revisions::size_bytes.eq(signed(self.size_bytes)),
                board_revisions::format.eq(&self.format),
                board_revisions::created_by.eq(self.by.to_string()),
                board_revisions::created_at.eq(at_us),
                board_revisions::is_side.eq(is_side),
            ))
            .execute(conn)
            .map(drop)
    }
}
