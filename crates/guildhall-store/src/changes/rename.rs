//! A character or a guild takes another name.

use serde::Serialize;

use super::{Applied, Failed, NameOwner, NameRow, done};
use crate::backend::Connection;
use crate::write_behind::WriteRefusal;

/// Refused with `Unique` when the name is taken, with `Gone` when the owner has no name to
/// replace.
#[derive(Clone, Debug, Serialize)]
pub struct Rename {
    pub owner: NameOwner,
    pub name: NameRow,
}

impl Rename {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        if self.name.replace(conn, self.owner, at_us)? {
            return done();
        }
        Err(Failed::Refused(WriteRefusal::gone(format!(
            "There is no {} {} with a name in this realm.",
            self.owner.kind.as_str(),
            self.owner.id
        ))))
    }
}
