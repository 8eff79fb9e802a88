//! Who may not come in.

use diesel::prelude::*;
use uuid::Uuid;

use super::LIST_ROWS_MAX;
use crate::backend::Connection;
use crate::columns::IdText;
use crate::error::StoreError;
use crate::schema::bans;

/// A ban that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = bans)]
pub struct BanRow {
    #[diesel(deserialize_as = IdText)]
    pub account_id: Uuid,
    /// The operator's words.
    pub reason: String,
    /// Microseconds since 1970.
    pub made_at: i64,
    /// Microseconds since 1970; `None` is for ever.
    pub ends_at: Option<i64>,
}

/// The ban of an account at `now_us`.
pub fn ban_of(
    conn: &mut Connection,
    account: Uuid,
    now_us: i64,
) -> Result<Option<BanRow>, StoreError> {
    Ok(bans::table
        .find(account.to_string())
        .filter(bans::ends_at.is_null().or(bans::ends_at.gt(now_us)))
        .select(BanRow::as_select())
        .first(conn)
        .optional()?)
}

/// The bans that hold at `now_us`, the newest first.
pub fn bans(conn: &mut Connection, now_us: i64) -> Result<Vec<BanRow>, StoreError> {
    Ok(bans::table
        .filter(bans::ends_at.is_null().or(bans::ends_at.gt(now_us)))
        .order((bans::made_at.desc(), bans::account_id))
        .limit(LIST_ROWS_MAX)
        .select(BanRow::as_select())
        .load(conn)?)
}
