//! What lies in escrow arrives at its target, once.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::escrows;
use crate::write_behind::{Cause, EntityKey, WriteRefusal};

/// In one group with the save of the taker. Refused with `Taken` when it has arrived before, with
/// `Gone` when nothing of this id is meant for the taker.
#[derive(Clone, Debug, Serialize)]
pub struct TakeEscrow {
    pub escrow: Uuid,
    pub to: EntityKey,
    /// The version of the taker that holds it.
    pub to_version: u32,
    pub taken_by: Uuid,
}

impl TakeEscrow {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let mine = escrows::table
            .find(self.escrow.to_string())
            .filter(escrows::to_kind.eq(self.to.kind.as_str()))
            .filter(escrows::to_id.eq(self.to.id.to_string()));
        let taken = diesel::update(mine.clone().filter(escrows::taken_at.is_null()))
            .set((
                escrows::taken_by.eq(Some(self.taken_by.to_string())),
                escrows::taken_at.eq(Some(at_us)),
                escrows::to_version.eq(Some(i64::from(self.to_version))),
            ))
            .execute(conn)?;
        if taken == 1 {
            return done();
        }
        let there: i64 = mine.count().get_result(conn)?;
        Err(Failed::Refused(match there {
            0 => WriteRefusal::gone("Nothing of this id lies in escrow for the taker."),
            _ => WriteRefusal::new(Cause::Taken, "What lay in escrow was taken before."),
        }))
    }

    /// Whether it was this save that took it.
    pub(super) fn is_done(&self, conn: &mut Connection) -> QueryResult<bool> {
        let found: i64 = escrows::table
            .find(self.escrow.to_string())
            .filter(escrows::to_id.eq(self.to.id.to_string()))
            .filter(escrows::to_version.eq(Some(i64::from(self.to_version))))
            .count()
            .get_result(conn)?;
        Ok(found == 1)
    }
}
