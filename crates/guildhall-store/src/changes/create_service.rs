//! An account of a game server, which acts for the characters of its realm.

use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

use super::{Applied, Failed, done};
use crate::backend::Connection;
use crate::schema::accounts;

/// Stands where a password's hash would be, and is none: nothing hashes to it.
const NO_PASSWORD: &str = "!";

/// Has a token and no password. Refused with `Unique` when the login is taken in the realm, with
/// `ForeignKey` when there is no such realm.
#[derive(Clone, Debug, Serialize)]
pub struct CreateService {
    pub id: Uuid,
    pub realm: Uuid,
    /// Canonical fold of the login.
    pub login_key: String,
    pub login: String,
}

impl CreateService {
    pub(super) fn apply(&self, conn: &mut Connection, at_us: i64) -> Result<Applied, Failed> {
        diesel::insert_into(accounts::table)
            .values((
                accounts::id.eq(self.id.to_string()),
                accounts::realm_id.eq(self.realm.to_string()),
                accounts::login_key.eq(&self.login_key),
                accounts::login.eq(&self.login),
                accounts::password_hash.eq(NO_PASSWORD),
                accounts::created_at.eq(at_us),
                accounts::kind.eq("service"),
            ))
            .execute(conn)?;
        done()
    }
}
