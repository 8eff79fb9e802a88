//! A campaign and its first GM, in one.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::{campaign_members, campaigns};

/// The owner becomes GM; the rights epoch starts at 1.
#[derive(Clone, Debug, Serialize)]
pub struct CreateCampaign {
    pub id: Uuid,
    pub realm: Uuid,
    pub name: String,
    pub owner: Uuid,
}

impl CreateCampaign {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        diesel::insert_into(campaigns::table)
            .values((
                campaigns::id.eq(self.id.to_string()),
                campaigns::realm_id.eq(self.realm.to_string()),
                campaigns::name.eq(&self.name),
                campaigns::owner_id.eq(self.owner.to_string()),
                campaigns::rights_epoch.eq(1_i64),
                campaigns::created_at.eq(at_us),
            ))
            .execute(conn)?;
        diesel::insert_into(campaign_members::table)
            .values((
                campaign_members::campaign_id.eq(self.id.to_string()),
                campaign_members::account_id.eq(self.owner.to_string()),
                campaign_members::role.eq("gm"),
                campaign_members::joined_at.eq(at_us),
            ))
            .execute(conn)?;
        done()
    }
}
