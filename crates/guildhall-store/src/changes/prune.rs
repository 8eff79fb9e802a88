//! History that is past its retention is forgotten, in small steps between the batches of others.

use diesel::prelude::*;
use serde::Serialize;

use super::{Applied, Failed};
use crate::backend::Connection;
use crate::schema::{batches, entity_history, refused_writes};

/// Lines by their ids, as [`crate::retention::next_prune`] found them: what is superfluous once stays so,
/// since lines are only added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Prune {
    /// Ids in `entity_history`.
    pub history: Vec<i64>,
    /// Ids in `refused_writes`.
    pub refused: Vec<i64>,
    /// Numbers in `batches`.
    pub batches: Vec<i64>,
}

/// Ids in one statement: SQLite takes 32,766 values, PostgreSQL 65,535.
const IDS_PER_STATEMENT: usize = 500;

impl Prune {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.history.is_empty() && self.refused.is_empty() && self.batches.is_empty()
    }

    /// The version is the number of lines that are gone.
    pub(super) fn apply(&self, conn: &mut Connection) -> Result<Applied, Failed> {
        let mut gone = 0;
        for ids in self.history.chunks(IDS_PER_STATEMENT) {
            let lines = entity_history::table.filter(entity_history::id.eq_any(ids));
            gone += diesel::delete(lines).execute(conn)?;
        }
        for ids in self.refused.chunks(IDS_PER_STATEMENT) {
            let lines = refused_writes::table.filter(refused_writes::id.eq_any(ids));
            gone += diesel::delete(lines).execute(conn)?;
        }
        for ids in self.batches.chunks(IDS_PER_STATEMENT) {
            let lines = batches::table.filter(batches::seq.eq_any(ids));
            gone += diesel::delete(lines).execute(conn)?;
        }
        Ok(Applied::Done {
            version: u32::try_from(gone).unwrap_or(u32::MAX),
        })
    }
}
