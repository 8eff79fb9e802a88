//! Who is it: passwords, tokens, tickets, Origin. Everything here happens before a process exists; the
//! socket and the routes call it, nobody else decides who somebody is.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header;
use guildhall_protocol::{Code, Refusal, TICKET_PREFIX};
use guildhall_rules::login::login_key;
use guildhall_store::{Connection, StoreError, queries};
use uuid::Uuid;

use crate::hall::HallRef;
use crate::presence;
use address::Address;
use bans::Ban;
use doors::{Attempt, Knock, LoginTried};
use remembered::Memory;
use secrets::SecretHash;

pub mod address;
pub mod bans;
pub mod doors;
pub mod passwords;
pub mod remembered;
pub mod secrets;
pub mod tickets;

/// An account that has proven itself, and the token it did so with.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The account.
    pub account: Uuid,
    /// Its login, for people to read.
    pub login: String,
    /// Its realm.
    pub realm: Uuid,
    /// The realm's name, for people to read.
    pub realm_name: String,
    /// Whether it is a game server, which acts for the characters of its realm.
    pub is_service: bool,
    /// Hash of the token; the token itself is nowhere.
    pub token: SecretHash,
    /// The device that the token was made for, as whoever signed in named it.
    pub device: String,
    /// When the token ends, in microseconds since 1970.
    pub expires_us: i64,
}

fn unauthenticated(sentence: &str) -> Refusal {
    Refusal::new(Code::Unauthenticated, sentence)
}

/// A database that says nothing for this long counts as away for a token that is remembered: whoever
/// reconnects is asked for the token more than once within the time of the handshake.
const DATABASE_PATIENCE: Duration = Duration::from_secs(1);

/// What there is behind a token's hash.
enum Found {
    Good(Identity),
    Banned(Ban),
    /// It was signed out, revoked, or has expired.
    Ended,
    /// The database has no such row.
    Nothing,
}

/// The identity behind a token's hash, if the token is valid now: by the database, and by what is remembered
/// while that is away.
///
/// # Errors
/// `unauthenticated`, `banned`, `unavailable`.
pub async fn identify(hall: &HallRef, token: SecretHash) -> Result<Identity, Refusal> {
    let found = look_up(hall, token).await?;
    accepted(hall, found)
}

/// Who sends a request with a bearer token. A live session vouches for its token: what the database lost of a token
/// takes nothing from somebody who is in.
///
/// # Errors
/// `unauthenticated`, `banned`, `unavailable`.
pub async fn identify_request(hall: &HallRef, request: &HttpRequest) -> Result<Identity, Refusal> {
    let token = bearer(request)?;
    let found = match look_up(hall, token).await? {
        Found::Nothing => vouched_for(hall, token).await,
        found => found,
    };
    accepted(hall, found)
}

fn accepted(hall: &HallRef, found: Found) -> Result<Identity, Refusal> {
    match found {
        Found::Good(who) => match hall.bans.of(who.account, hall.now_us()) {
            Some(ban) => Err(ban.refusal()),
            None => Ok(who),
        },
        Found::Banned(ban) => Err(ban.refusal()),
        Found::Ended | Found::Nothing => Err(not_known()),
    }
}

async fn look_up(hall: &HallRef, token: SecretHash) -> Result<Found, Refusal> {
    let now_us = hall.now_us();
    let found = move |conn: &mut _| found_by_token(conn, token, now_us);
    let found = match hall.tokens.recall(token, hall.now(), now_us) {
        Some(Memory::SignedOut) => return Ok(Found::Ended),
        Some(Memory::Good(who)) => match hall.read_within(DATABASE_PATIENCE, found).await {
            Ok(found) => found,
            Err(_) => return Ok(Found::Good(who)),
        },
        None => hall.read(found).await?,
    };
    if let Found::Good(who) = &found {
        hall.tokens.confirm(who, hall.now());
    }
    Ok(found)
}

async fn vouched_for(hall: &HallRef, token: SecretHash) -> Found {
    let vouched = presence::vouch(hall, token).await;
    // A sign-out is remembered before it ends a session, which may have been asked in between.
    let is_out = matches!(
        hall.tokens.recall(token, hall.now(), hall.now_us()),
        Some(Memory::SignedOut)
    );
    match vouched {
        Some(who) if !is_out => Found::Good(who),
        _ => Found::Nothing,
    }
}

/// The refusal of a token that lets nobody in.
pub fn not_known() -> Refusal {
    unauthenticated("This token is not known, has expired, or was signed out.")
}

/// Who a token belongs to.
fn found_by_token(
    conn: &mut Connection,
    token: SecretHash,
    now_us: i64,
) -> Result<Found, StoreError> {
    let Some((row, revoked)) = queries::token(conn, &token.0)? else {
        return Ok(Found::Nothing);
    };
    if revoked.is_some() || row.expires_at <= now_us {
        return Ok(Found::Ended);
    }
    if let Some(ban) = queries::ban_of(conn, row.account_id, now_us)? {
        return Ok(Found::Banned(ban.into()));
    }
    let account = queries::account_by_id(conn, row.account_id)?;
    Ok(account.map_or(Found::Nothing, |account| {
        Found::Good(Identity {
            account: account.id,
            login: account.login,
            realm: account.realm_id,
            realm_name: account.realm_name,
            is_service: account.is_service,
            token,
            device: row.device,
            expires_us: row.expires_at,
        })
    }))
}

/// Whether the token is valid still.
///
/// # Errors
/// `unauthenticated`, `banned`, `unavailable`.
pub async fn still_valid(hall: &HallRef, token: SecretHash) -> Result<(), Refusal> {
    identify(hall, token).await.map(drop)
}

/// The bearer token of a request.
///
/// # Errors
/// `unauthenticated` when there is none; a token in a URL is never looked at.
pub fn bearer(request: &HttpRequest) -> Result<SecretHash, Refusal> {
    request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| secrets::hash_of(token.trim()))
        .ok_or_else(|| unauthenticated("Send the token as `Authorization: Bearer …`."))
}

/// Identifies a request for a socket: by bearer token, or by a ticket among the offered sub-protocols,
/// which is how a browser can send one.
///
/// # Errors
/// `unauthenticated`, `unavailable`.
pub async fn identify_socket(hall: &HallRef, request: &HttpRequest) -> Result<Identity, Refusal> {
    let token = match offered(request).find_map(|p| p.strip_prefix(TICKET_PREFIX)) {
        Some(ticket) => hall
            .tickets
            .spend(secrets::hash_of(ticket), hall.now())
            .ok_or_else(|| {
                unauthenticated("This ticket is not known, was used, or has expired.")
            })?,
        None => bearer(request)?,
    };
    identify(hall, token).await
}

/// Counts what somebody knocks for against his address.
///
/// # Errors
/// `rate_limited`.
pub fn knock(hall: &HallRef, request: &HttpRequest, knock: Knock) -> Result<(), Refusal> {
    let from = address_of(hall, request);
    hall.doors.knock(knock, from, hall.now())
}

/// A password is about to be tried for this login of a realm, whether there is such an account or not.
///
/// # Errors
/// `too_many_attempts`, whatever the password.
pub fn attempt<'a>(
    hall: &'a HallRef,
    request: &HttpRequest,
    realm: Uuid,
    login: &str,
) -> Result<Attempt<'a>, Refusal> {
    let tried = match login_key(login) {
        Ok(login) => LoginTried::new(realm, &login.key),
        Err(_) => LoginTried::new(realm, login),
    };
    Attempt::begin(hall, tried, address_of(hall, request))
}

fn address_of(hall: &HallRef, request: &HttpRequest) -> Address {
    let peer = request.peer_addr().map(|peer| peer.ip());
    address::of(peer, request.headers(), &hall.config.trusted_proxies)
}

/// The sub-protocols that the client offers.
pub fn offered(request: &HttpRequest) -> impl Iterator<Item = &str> {
    request
        .headers()
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// Refuses a page of another origin. Programs that are no browsers send no Origin and pass.
///
/// # Errors
/// `origin_forbidden`.
pub fn check_origin(hall: &HallRef, request: &HttpRequest) -> Result<(), Refusal> {
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return Ok(());
    };
    let listening = hall
        .public_address
        .get()
        .copied()
        .unwrap_or(hall.config.listen);
    let allowed = origin
        .to_str()
        .is_ok_and(|origin| hall.config.allows_origin(origin, listening));
    if allowed {
        return Ok(());
    }
    let sentence = format!("Pages of the origin {origin:?} may not connect here.");
    Err(Refusal::new(Code::OriginForbidden, sentence))
}
