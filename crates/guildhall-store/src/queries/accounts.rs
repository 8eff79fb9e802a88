//! Accounts and their tokens.

use diesel::prelude::*;
use uuid::Uuid;

use crate::backend::Connection;
use crate::columns::{Hash32, IdText};
use crate::error::StoreError;
use crate::schema::{accounts, tokens};

/// An account. Without `Debug` on purpose: it carries the password's hash.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub struct AccountRow {
    #[diesel(deserialize_as = IdText)]
    pub id: Uuid,
    #[diesel(deserialize_as = IdText)]
    pub realm_id: Uuid,
    pub login: String,
    pub password_hash: String,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// A token that lets its bearer in.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = tokens)]
pub struct LiveToken {
    #[diesel(deserialize_as = Hash32)]
    pub hash: [u8; 32],
    #[diesel(deserialize_as = IdText)]
    pub account_id: Uuid,
    pub device: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub last_used_at: i64,
}

/// The account behind a folded login.
pub fn account_by_login(
    conn: &mut Connection,
    realm: Uuid,
    login_key: &str,
) -> Result<Option<AccountRow>, StoreError> {
    Ok(accounts::table
        .filter(accounts::realm_id.eq(realm.to_string()))
        .filter(accounts::login_key.eq(login_key))
        .select(AccountRow::as_select())
        .first(conn)
        .optional()?)
}

/// The account of this id.
pub fn account_by_id(conn: &mut Connection, id: Uuid) -> Result<Option<AccountRow>, StoreError> {
    Ok(accounts::table
        .find(id.to_string())
        .select(AccountRow::as_select())
        .first(conn)
        .optional()?)
}

/// The token of this hash, unless it is revoked or has expired at `now_us`.
pub fn token_account(
    conn: &mut Connection,
    hash: &[u8; 32],
    now_us: i64,
) -> Result<Option<LiveToken>, StoreError> {
    Ok(tokens::table
        .find(hash.as_slice())
        .filter(tokens::revoked_at.is_null())
        .filter(tokens::expires_at.gt(now_us))
        .select(LiveToken::as_select())
        .first(conn)
        .optional()?)
}

/// The account behind a valid token; `None` for one that is unknown, expired or revoked.
///
/// # Errors
/// The database.
pub fn account_by_token(
    conn: &mut Connection,
    hash: &[u8; 32],
    now_us: i64,
) -> Result<Option<AccountRow>, StoreError> {
    match token_account(conn, hash, now_us)? {
        Some(token) => account_by_id(conn, token.account_id),
        None => Ok(None),
    }
}
