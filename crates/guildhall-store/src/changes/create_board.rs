//! A board without content: its head is empty until the first revision.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::boards;

/// Refused with `ForeignKey` when there is no such campaign.
#[derive(Clone, Debug, Serialize)]
pub struct CreateBoard {
    pub id: Uuid,
    pub campaign: Uuid,
    pub name: String,
    pub format: String,
}

impl CreateBoard {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        diesel::insert_into(boards::table)
            .values((
                boards::id.eq(self.id.to_string()),
                boards::campaign_id.eq(self.campaign.to_string()),
                boards::name.eq(&self.name),
                boards::format.eq(&self.format),
                boards::created_at.eq(at_us),
            ))
            .execute(conn)?;
        done()
    }
}
