//! An operator keeps a name from being taken.

use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, NameOwner, NameRow, OwnerKind, done};
use crate::backend::Connection;

/// Refused with `Unique` when the name is taken.
#[derive(Clone, Debug, Serialize)]
pub struct ReserveName {
    /// A new id: the reservation owns the name.
    pub id: Uuid,
    pub name: NameRow,
}

impl ReserveName {
    /// Who has the name from then on.
    pub fn owner(&self) -> NameOwner {
        NameOwner {
            kind: OwnerKind::Reserved,
            id: self.id,
        }
    }

    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        self.name.claim(conn, self.owner(), at_us)?;
        done()
    }
}
