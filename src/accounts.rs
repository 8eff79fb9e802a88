//! Realms and the accounts in them, beyond what people do for themselves over HTTP: the realm that somebody
//! names, and what an administrator makes: realms, and services, which are game servers with a token and no
//! password. Called by the routes and by whoever administers the server.

use guildhall_protocol::{CloseCode, Code, Refusal};
use guildhall_rules::login::login_key;
use guildhall_rules::realm::realm_name_ok;
use guildhall_store::queries;
use uuid::Uuid;

use crate::auth::Identity;
use crate::auth::secrets::{self, Secret, SecretHash};
use crate::hall::{HallRef, REALM_NAME};
use crate::persistence::{Author, Change, changes};
use crate::session::{self, End, Whom};

/// The device of a service's token.
const SERVICE_DEVICE: &str = "service";

/// A service as it was made. Without `Debug` on purpose: it carries the token, which is shown this once.
pub struct Service {
    /// Its account.
    pub account: Uuid,
    /// Its bearer token.
    pub token: String,
}

/// The id of the realm of this name; of the one that every world has, without a name.
///
/// # Errors
/// `realm_unknown`, `unavailable`.
pub async fn realm_id(hall: &HallRef, name: Option<String>) -> Result<Uuid, Refusal> {
    let name = match name {
        None => return Ok(guildhall_store::DEFAULT_REALM),
        Some(name) if name == REALM_NAME => return Ok(guildhall_store::DEFAULT_REALM),
        Some(name) => name,
    };
    let unknown = Refusal::new(Code::RealmUnknown, format!("There is no realm {name:?}."));
    // What cannot be one is not asked for: a NUL would be the database's fault.
    if !realm_name_ok(&name) {
        return Err(unknown);
    }
    let found = hall
        .read(move |conn| queries::realm_by_name(conn, &name))
        .await?;
    found.map(|row| row.id).ok_or(unknown)
}

/// Makes a realm; its id.
///
/// # Errors
/// `name_invalid` (rule `realm.name`), `name_taken`, `unavailable`.
pub async fn create_realm(hall: &HallRef, name: String) -> Result<Uuid, Refusal> {
    if !realm_name_ok(&name) {
        let sentence =
            "A realm's name has 1 to 32 of a to z, 0 to 9 and -, and begins with none of the last.";
        return Err(Refusal::new(Code::NameInvalid, sentence).rule("realm.name"));
    }
    let id = Uuid::now_v7();
    let taken = format!("The realm {name:?} exists.");
    let change = Change::CreateRealm(changes::CreateRealm { id, name });
    match hall.change(change, Author::SERVER).await {
        Ok(_) => Ok(id),
        Err(refusal) if is_taken(&refusal) => Err(Refusal::new(Code::NameTaken, taken)),
        Err(refusal) => Err(refusal),
    }
}

/// Makes a service in a realm and its token, good for `service_token_ttl_ms`.
///
/// # Errors
/// `realm_unknown`, `login_invalid`, `login_taken`, `unavailable`.
pub async fn create_service(
    hall: &HallRef,
    realm: Option<String>,
    login: &str,
) -> Result<Service, Refusal> {
    let login =
        login_key(login).map_err(|e| Refusal::new(Code::LoginInvalid, e.sentence).rule(e.rule))?;
    let realm = realm_id(hall, realm).await?;
    let account = Uuid::now_v7();
    let taken = format!("The login {:?} is taken.", login.login);
    let change = Change::CreateService(changes::CreateService {
        id: account,
        realm,
        login_key: login.key,
        login: login.login,
    });
    match hall.change(change, Author::SERVER).await {
        Ok(_) => {}
        Err(refusal) if is_taken(&refusal) => return Err(Refusal::new(Code::LoginTaken, taken)),
        Err(refusal) => return Err(refusal),
    }
    let token = add_service_token(hall, account).await?;
    log::info!(account = account.to_string(); "a service was made");
    Ok(Service { account, token })
}

/// Another token for a service, after the old ones were revoked or have expired.
///
/// # Errors
/// `not_found` when there is no such service, `unavailable`.
pub async fn renew_service(hall: &HallRef, account: Uuid) -> Result<String, Refusal> {
    let row = hall
        .read(move |conn| queries::account_by_id(conn, account))
        .await?;
    match row {
        Some(row) if row.is_service => add_service_token(hall, account).await,
        _ => Err(Refusal::new(Code::NotFound, "There is no such service.")),
    }
}

async fn add_service_token(hall: &HallRef, account: Uuid) -> Result<String, Refusal> {
    let token = secrets::new(Secret::token)?;
    let change = Change::AddToken(changes::AddToken {
        hash: token.hash().0,
        account,
        device: SERVICE_DEVICE.to_owned(),
        expires_at: expiry_us(hall, hall.config.limits.service_token_ttl_ms),
        password_hash: None,
    });
    hall.change(change, Author::SERVER).await?;
    Ok(token.reveal())
}

/// Every realm, by name.
///
/// # Errors
/// `unavailable`.
pub async fn realms(hall: &HallRef) -> Result<Vec<queries::RealmRow>, Refusal> {
    hall.read(queries::all_realms).await
}

/// Revokes every token of an account and ends its sessions, before the database is asked and whatever it answers: a
/// revocation that may be done yet must not leave a session behind. One that was not answered for may be repeated.
///
/// # Errors
/// `not_found` when there is no such account, `unavailable`.
pub async fn revoke_tokens(hall: &HallRef, account: Uuid) -> Result<(), Refusal> {
    put_out(hall, account, None, CloseCode::SIGNED_OUT);
    let row = hall
        .read(move |conn| queries::account_by_id(conn, account))
        .await?;
    if row.is_none() {
        return Err(Refusal::new(Code::NotFound, "There is no such account."));
    }
    let change = Change::RevokeTokens(changes::RevokeTokens { account });
    let revoked = hall.change(change, Author::SERVER).await;
    // Who came in meanwhile, with a token that only the database knew.
    put_out(hall, account, None, CloseCode::SIGNED_OUT);
    revoked?;
    log::info!(account = account.to_string(); "every token was revoked");
    Ok(())
}

/// Gives an account another password, after the present one was compared with `from_hash`. Every other token and
/// its sessions end, whatever the database answers: who changes a password fears for the old one.
///
/// # Errors
/// `credentials_wrong` when the password is another by now, `unavailable`.
pub async fn set_password(
    hall: &HallRef,
    who: &Identity,
    from_hash: String,
    to_hash: String,
) -> Result<(), Refusal> {
    let account = who.account;
    let others = || put_out(hall, account, Some(who.token), CloseCode::PASSWORD_CHANGED);
    others();
    let change = Change::SetPassword(changes::SetPassword {
        account,
        from_hash,
        to_hash,
        keep_token: who.token.0,
    });
    let by = Author {
        account,
        session: None,
    };
    let set = hall.change(change, by).await;
    // Who came in meanwhile.
    others();
    match set {
        Err(refusal) if refusal.code == Code::StaleVersion => {
            let sentence = "The password was changed just now.";
            return Err(Refusal::new(Code::CredentialsWrong, sentence));
        }
        set => drop(set?),
    }
    log::info!(account = account.to_string(); "the password was changed");
    Ok(())
}

/// Nobody comes in with a token of this account any more, but for one, and nobody is in.
fn put_out(hall: &HallRef, account: Uuid, but: Option<SecretHash>, cause: CloseCode) {
    hall.tokens.sign_out_account(account, but);
    session::tell_all(hall, || End::new(Whom::Account { account, but }, cause));
}

/// When a token ends that is made now, in microseconds since the epoch.
#[must_use]
pub fn expiry_us(hall: &HallRef, ttl_ms: u64) -> i64 {
    let ttl_us = i64::try_from(ttl_ms.saturating_mul(1000)).unwrap_or(i64::MAX);
    hall.now_us().saturating_add(ttl_us)
}

/// Whether the database refused because another has what was asked for.
pub fn is_taken(refusal: &Refusal) -> bool {
    refusal.rule == "database.unique"
}
