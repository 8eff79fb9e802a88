//! Campaigns and their members.

use diesel::prelude::*;
use uuid::Uuid;

use crate::backend::Connection;
use crate::columns::{Count32, IdText};
use crate::error::StoreError;
use crate::schema::{accounts, campaign_members, campaigns};

/// A campaign.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = campaigns)]
pub struct CampaignRow {
    #[diesel(deserialize_as = IdText)]
    pub id: Uuid,
    #[diesel(deserialize_as = IdText)]
    pub realm_id: Uuid,
    pub name: String,
    #[diesel(deserialize_as = IdText)]
    pub owner_id: Uuid,
    #[diesel(deserialize_as = Count32)]
    pub rights_epoch: u32,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// A member with the role's word (`gm`, `player`, `spectator`).
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct CampaignMember {
    #[diesel(deserialize_as = IdText)]
    pub account_id: Uuid,
    pub login: String,
    pub role: String,
    pub joined_at: i64,
}

/// A campaign with its members.
pub fn campaign_by_id(
    conn: &mut Connection,
    id: Uuid,
) -> Result<Option<(CampaignRow, Vec<CampaignMember>)>, StoreError> {
    let campaign = campaigns::table
        .find(id.to_string())
        .select(CampaignRow::as_select())
        .first(conn)
        .optional()?;
    campaign
        .map(|campaign| Ok((campaign, members_of(conn, id)?)))
        .transpose()
}

/// The members of a campaign.
pub fn members_of(conn: &mut Connection, id: Uuid) -> Result<Vec<CampaignMember>, StoreError> {
    Ok(campaign_members::table
        .inner_join(accounts::table)
        .filter(campaign_members::campaign_id.eq(id.to_string()))
        .order(campaign_members::joined_at)
        .select((
            campaign_members::account_id,
            accounts::login,
            campaign_members::role,
            campaign_members::joined_at,
        ))
        .load(conn)?)
}

/// The campaigns of an account with its role in each.
pub fn campaigns_of(
    conn: &mut Connection,
    account: Uuid,
) -> Result<Vec<(CampaignRow, String)>, StoreError> {
    Ok(campaign_members::table
        .inner_join(campaigns::table)
        .filter(campaign_members::account_id.eq(account.to_string()))
        .order(campaigns::created_at)
        .select((CampaignRow::as_select(), campaign_members::role))
        .load(conn)?)
}
