//! A name is nobody's again: its time of cooling is over, or an operator gave up a reservation.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, NameOwner, done};
use crate::backend::Connection;
use crate::schema::names;
use crate::write_behind::WriteRefusal;

/// Refused with `Gone` when the row is no longer as it was seen: its owner took the name back, say.
#[derive(Clone, Debug, Serialize)]
pub struct FreeName {
    pub realm: Uuid,
    pub owner: NameOwner,
    pub key: String,
    /// Until when the name was seen to cool; `None` for one that does not.
    pub cooling_until_us: Option<i64>,
}

impl FreeName {
    pub(super) fn apply(&self, conn: &mut Connection) -> Result<Applied, Failed> {
        let seen = names::table
            .filter(names::realm_id.eq(self.realm.to_string()))
            .filter(names::name_key.eq(&self.key))
            .filter(names::owner_kind.eq(self.owner.kind.as_str()))
            .filter(names::owner_id.eq(self.owner.id.to_string()));
        let rows = match self.cooling_until_us {
            Some(until_us) => {
                diesel::delete(seen.filter(names::cooling_until.eq(until_us))).execute(conn)?
            }
            None => diesel::delete(seen.filter(names::cooling_until.is_null())).execute(conn)?,
        };
        if rows == 1 {
            return done();
        }
        let sentence = format!("The name {:?} is no longer as it was.", self.key);
        Err(Failed::Refused(WriteRefusal::gone(sentence)))
    }
}
