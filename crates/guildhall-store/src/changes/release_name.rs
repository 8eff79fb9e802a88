//! A character or a guild gives its name up.

use serde::Serialize;
use uuid::Uuid;

use super::name_row::{cool, nameless};
use super::{Applied, Failed, NameOwner, done};
use crate::backend::Connection;

/// The name cools: until then only its owner can have it back. Refused with `Gone` when it bears none.
#[derive(Clone, Debug, Serialize)]
pub struct ReleaseName {
    pub owner: NameOwner,
    pub realm: Uuid,
    /// How long the name is kept for its owner, in microseconds.
    pub cooling_us: i64,
}

impl ReleaseName {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let until_us = at_us.saturating_add(self.cooling_us);
        match cool(conn, self.realm, self.owner, until_us)? {
            true => done(),
            false => Err(nameless(self.owner)),
        }
    }
}
