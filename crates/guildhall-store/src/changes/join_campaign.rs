//! An account becomes a member of a campaign; the rights epoch rises with it.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed};
use crate::backend::Connection;
use crate::columns::Count32;
use crate::schema::{campaign_members, campaigns};
use crate::write_behind::{Cause, Present, WriteRefusal};

/// Refused with `Unique` when already a member, with `Stale` when the present epoch
/// (`present.version`) is not below the new one, with `Gone` when there is no campaign. Epochs
/// may leave gaps, so that a join that was refused does not refuse the next one.
#[derive(Clone, Debug, Serialize)]
pub struct JoinCampaign {
    pub campaign: Uuid,
    pub account: Uuid,
    /// `gm`, `player` or `spectator`.
    pub role: &'static str,
    /// The epoch after this change.
    pub rights_epoch: u32,
}

impl JoinCampaign {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        let epoch = i64::from(self.rights_epoch);
        let moved = diesel::update(campaigns::table)
            .filter(campaigns::id.eq(self.campaign.to_string()))
            .filter(campaigns::rights_epoch.lt(epoch))
            .set(campaigns::rights_epoch.eq(epoch))
            .execute(conn)?;
        if moved == 0 {
            return Err(self.epoch_refused(conn)?);
        }
        diesel::insert_into(campaign_members::table)
            .values((
                campaign_members::campaign_id.eq(self.campaign.to_string()),
                campaign_members::account_id.eq(self.account.to_string()),
                campaign_members::role.eq(self.role),
                campaign_members::joined_at.eq(at_us),
            ))
            .execute(conn)?;
        Ok(Applied::Done {
            version: self.rights_epoch,
        })
    }

    fn epoch_refused(&self, conn: &mut Connection) -> QueryResult<Failed> {
        let epoch = campaigns::table
            .find(self.campaign.to_string())
            .select(campaigns::rights_epoch)
            .get_result::<Count32>(conn)
            .optional()?;
        Ok(Failed::Refused(match epoch.map(u32::from) {
            None => WriteRefusal::gone("There is no such campaign."),
            Some(epoch) => WriteRefusal {
                present: Some(Present::version_only(epoch)),
                ..WriteRefusal::new(
                    Cause::Stale,
                    format!("The rights changed meanwhile: their epoch is {epoch}."),
                )
            },
        }))
    }
}
