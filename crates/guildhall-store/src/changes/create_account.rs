//! Sign-up.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::accounts;

/// Refused with `Unique` when the login is taken in the realm.
#[derive(Clone, Serialize)]
pub struct CreateAccount {
    pub id: Uuid,
    pub realm: Uuid,
    /// Canonical fold of the login.
    pub login_key: String,
    pub login: String,
    /// As the password hasher prints it.
    #[serde(skip)]
    pub password_hash: String,
}

impl CreateAccount {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        diesel::insert_into(accounts::table)
            .values((
                accounts::id.eq(self.id.to_string()),
                accounts::realm_id.eq(self.realm.to_string()),
                accounts::login_key.eq(&self.login_key),
                accounts::login.eq(&self.login),
                accounts::password_hash.eq(&self.password_hash),
                accounts::created_at.eq(at_us),
            ))
            .execute(conn)?;
        done()
    }
}

/// Without the password's hash: whatever is debugged may be logged.
impl std::fmt::Debug for CreateAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreateAccount")
            .field("id", &self.id)
            .field("login_key", &self.login_key)
            .finish_non_exhaustive()
    }
}
