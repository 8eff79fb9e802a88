//! Accounts and their tokens.

use diesel::prelude::*;
use uuid::Uuid;

use super::LIST_ROWS_MAX;
use crate::backend::Connection;
use crate::columns::{Hash32, IdText, ServiceKind};
use crate::error::StoreError;
use crate::schema::{accounts, realms, tokens};

/// An account. Without `Debug` on purpose: it carries the password's hash.
#[derive(Clone, PartialEq, Eq, Queryable)]
pub struct AccountRow {
    #[diesel(deserialize_as = IdText)]
    pub id: Uuid,
    #[diesel(deserialize_as = IdText)]
    pub realm_id: Uuid,
    pub realm_name: String,
    pub login: String,
    pub password_hash: String,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Whether it is a game server, which has no password and acts for the characters of its realm.
    #[diesel(deserialize_as = ServiceKind)]
    pub is_service: bool,
}

/// Accounts with the names of their realms; a macro since the type of such a query is a page long.
macro_rules! with_realms {
    () => {
        accounts::table.inner_join(realms::table).select((
            accounts::id,
            accounts::realm_id,
            realms::name,
            accounts::login,
            accounts::password_hash,
            accounts::created_at,
            accounts::kind,
        ))
    };
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
    Ok(with_realms!()
        .filter(accounts::realm_id.eq(realm.to_string()))
        .filter(accounts::login_key.eq(login_key))
        .first(conn)
        .optional()?)
}

/// The services of a realm.
pub fn services_of(conn: &mut Connection, realm: Uuid) -> Result<Vec<Uuid>, StoreError> {
    let ids: Vec<IdText> = accounts::table
        .filter(accounts::realm_id.eq(realm.to_string()))
        .filter(accounts::kind.eq("service"))
        .limit(LIST_ROWS_MAX)
        .select(accounts::id)
        .load(conn)?;
    Ok(ids.into_iter().map(Uuid::from).collect())
}

/// The account of this id.
pub fn account_by_id(conn: &mut Connection, id: Uuid) -> Result<Option<AccountRow>, StoreError> {
    Ok(with_realms!()
        .filter(accounts::id.eq(id.to_string()))
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

/// The token of this hash, good or not, and when it was revoked.
pub fn token(
    conn: &mut Connection,
    hash: &[u8; 32],
) -> Result<Option<(LiveToken, Option<i64>)>, StoreError> {
    Ok(tokens::table
        .find(hash.as_slice())
        .select((LiveToken::as_select(), tokens::revoked_at))
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
