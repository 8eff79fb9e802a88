//! A realm: names, logins and the rights of services end at its border.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::realms;

/// Refused with `Unique` when the name is taken.
#[derive(Clone, Debug, Serialize)]
pub struct CreateRealm {
    pub id: Uuid,
    pub name: String,
}

impl CreateRealm {
    pub(super) fn apply(&self, conn: &mut Connection) -> Result<Applied, Failed> {
        diesel::insert_into(realms::table)
            .values((
                realms::id.eq(self.id.to_string()),
                realms::name.eq(&self.name),
            ))
            .execute(conn)?;
        done()
    }
}
