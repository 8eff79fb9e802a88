//! A character or a guild takes another name.

use serde::Serialize;

use super::name_row::{cool, nameless};
use super::{Applied, Failed, NameOwner, NameRow, done};
use crate::backend::Connection;

/// Refused with `Unique` when the name is another's, with `Gone` when the owner has no name to give up,
/// unless it gets back one that it gave up. The name that it gives up cools.
#[derive(Clone, Debug, Serialize)]
pub struct Rename {
    pub owner: NameOwner,
    pub name: NameRow,
    /// How long the former name is kept for its owner, in microseconds.
    pub cooling_us: i64,
    /// Whether an owner that bears no name may take one.
    pub nameless: bool,
}

impl Rename {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let respelt = self.name.drop_own(conn, self.owner)?;
        let until_us = at_us.saturating_add(self.cooling_us);
        let gave_up = cool(conn, self.name.realm, self.owner, until_us)?;
        if !respelt && !gave_up && !self.nameless {
            return Err(nameless(self.owner));
        }
        self.name.claim(conn, self.owner, at_us)?;
        done()
    }
}
