//! Somebody begins to play a character; whoever played it before saves no more.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed};
use crate::backend::Connection;
use crate::columns::Count32;
use crate::schema::characters;
use crate::write_behind::{Cause, WriteRefusal};

/// Raises the play epoch from the expected one and is durable with the new one as its version.
/// Refused with `Stale` when somebody else was first, with `Gone` without such a character.
/// Waits its turn among the saves of the character, so that none that was taken up before is fenced.
#[derive(Clone, Debug, Serialize)]
pub struct EnterPlay {
    pub character: Uuid,
    pub expected_epoch: u32,
}

impl EnterPlay {
    pub(super) fn apply(&self, conn: &mut Connection) -> Result<Applied, Failed> {
        let epoch = self.expected_epoch.saturating_add(1);
        let raised = diesel::update(characters::table)
            .filter(characters::id.eq(self.character.to_string()))
            .filter(characters::play_epoch.eq(i64::from(self.expected_epoch)))
            .set(characters::play_epoch.eq(i64::from(epoch)))
            .execute(conn)?;
        if raised == 1 {
            return Ok(Applied::Done { version: epoch });
        }
        let present: Option<Count32> = characters::table
            .find(self.character.to_string())
            .select(characters::play_epoch)
            .get_result(conn)
            .optional()?;
        Err(Failed::Refused(match present.map(u32::from) {
            None => WriteRefusal::gone("There is no such character."),
            Some(epoch) => WriteRefusal::new(
                Cause::Stale,
                format!("Somebody else entered play first: the play epoch is {epoch}."),
            ),
        }))
    }
}
