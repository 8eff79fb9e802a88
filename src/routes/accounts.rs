//! Sign-up, sign-in, sign-out, passwords, socket tickets. Tokens are opaque and stored as hashes; a sign-out is
//! durable before it is answered, and ends the token's live sockets.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use guildhall_protocol::http::{ChangePassword, SignIn, SignUp, SignedIn, SignedUp, SocketTicket};
use guildhall_protocol::{CloseCode, Code, Refusal};
use guildhall_rules::login::{device_ok, login_key, password_ok};
use guildhall_store::queries;
use uuid::Uuid;

use super::HttpRefusal;
use crate::auth::doors::Knock;
use crate::auth::remembered::Memory;
use crate::auth::secrets::{self, Secret};
use crate::auth::tickets::Ticket;
use crate::auth::{self, Identity, passwords};
use crate::hall::{Hall, HallRef};
use crate::persistence::{Author, Change, changes};
use crate::session::{self, End, Whom};
use crate::{accounts, people, presence};

type Answered = Result<HttpResponse, HttpRefusal>;

/// `POST /v1/accounts`
pub(super) async fn sign_up(
    hall: web::Data<Hall>,
    request: HttpRequest,
    form: web::Json<SignUp>,
) -> Answered {
    let hall = hall.into_inner();
    auth::knock(&hall, &request, Knock::SignUp)?;
    let SignUp {
        login,
        password,
        realm,
    } = form.into_inner();
    let login =
        login_key(&login).map_err(|e| Refusal::new(Code::LoginInvalid, e.sentence).rule(e.rule))?;
    password_ok(&password)
        .map_err(|e| Refusal::new(Code::PasswordTooWeak, e.sentence).rule(e.rule))?;
    let realm = accounts::realm_id(&hall, realm).await?;
    let password_hash = passwords::hash(&hall, password).await?;
    let account = Uuid::now_v7();
    let change = Change::CreateAccount(changes::CreateAccount {
        id: account,
        realm,
        login_key: login.key,
        login: login.login.clone(),
        password_hash,
    });
    let by = Author {
        account,
        session: None,
    };
    let login = login.login;
    match hall.change(change, by).await {
        Ok(_) => Ok(HttpResponse::Created().json(SignedUp { account, login })),
        Err(refusal) if accounts::is_taken(&refusal) => {
            let sentence = format!("The login {login:?} is taken.");
            Err(Refusal::new(Code::LoginTaken, sentence).into())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// `POST /v1/sign-in`
pub(super) async fn sign_in(
    hall: web::Data<Hall>,
    request: HttpRequest,
    form: web::Json<SignIn>,
) -> Answered {
    let hall = hall.into_inner();
    auth::knock(&hall, &request, Knock::SignIn)?;
    let SignIn {
        login,
        password,
        device,
        realm,
    } = form.into_inner();
    let device = device.unwrap_or_default();
    device_ok(&device).map_err(|e| Refusal::new(Code::BadField, e.sentence).rule(e.rule))?;
    let realm = accounts::realm_id(&hall, realm).await?;
    let attempt = auth::attempt(&hall, &request, realm, &login)?;
    let account = find(&hall, realm, &login).await?;
    let stored = account.as_ref().map(|row| row.password_hash.clone());
    let right = passwords::verify(&hall, password, stored).await?;
    attempt.decided(account.is_some() && right);
    let Some(account) = account.filter(|_| right) else {
        return Err(wrong("Login or password is wrong.").into());
    };
    // Told to whoever knows the password, and to nobody else.
    if let Some(ban) = people::ban_of(&hall, account.id).await? {
        return Err(ban.refusal().into());
    }
    let token = secrets::new(Secret::token)?;
    let expires_at_us = accounts::expiry_us(&hall, hall.config.limits.token_ttl_ms);
    let change = Change::AddToken(changes::AddToken {
        hash: token.hash().0,
        account: account.id,
        device,
        expires_at: expires_at_us,
        password_hash: Some(account.password_hash),
    });
    let by = Author {
        account: account.id,
        session: None,
    };
    match hall.change(change, by).await {
        Err(refusal) if refusal.code == Code::StaleVersion => {
            return Err(wrong("The password was changed just now.").into());
        }
        added => drop(added?),
    }
    Ok(HttpResponse::Ok().json(SignedIn {
        token: token.reveal(),
        account: account.id,
        expires_at_us,
    }))
}

/// A login that is no login cannot be anybody's, and answers like an unknown one; so does that of a service,
/// which has no password.
async fn find(
    hall: &HallRef,
    realm: Uuid,
    login: &str,
) -> Result<Option<queries::AccountRow>, Refusal> {
    let Ok(key) = login_key(login) else {
        return Ok(None);
    };
    let found = hall
        .read(move |db| queries::account_by_login(db, realm, &key.key))
        .await?;
    Ok(found.filter(|row| !row.is_service))
}

/// `POST /v1/sign-out`: before anything is asked, nobody comes in with this token any more, and nobody is in. Whoever
/// shows a token may end it, expired or not; only one of which nothing is known was never one.
pub(super) async fn sign_out(hall: web::Data<Hall>, request: HttpRequest) -> Answered {
    let hall = hall.into_inner();
    let token = auth::bearer(&request)?;
    // On its way before the sessions end, who would be gone from the list when it is asked.
    let here = presence::vouch(&hall, token);
    let remembered = hall.tokens.sign_out(token);
    session::tell_all(&hall, || {
        End::new(Whom::Token(token), CloseCode::SIGNED_OUT)
    });
    let was_out = matches!(remembered, Some(Memory::SignedOut));
    let account = match remembered {
        Some(Memory::Good(who)) => Some(who.account),
        _ => here.await.map(|who| who.account),
    };
    let account = match account {
        Some(account) => account,
        None => match hall.read(move |db| queries::token(db, &token.0)).await? {
            Some((row, _)) => row.account_id,
            None if was_out => return Ok(HttpResponse::NoContent().finish()),
            None => {
                hall.tokens.forget(token);
                return Err(auth::not_known().into());
            }
        },
    };
    let hash = token.0;
    let change = Change::RevokeToken(changes::RevokeToken { hash, account });
    let by = Author {
        account,
        session: None,
    };
    match hall.change(change, by).await {
        // Its row is gone: it lets nobody in.
        Err(refusal) if refusal.code == Code::NotFound => {}
        revoked => drop(revoked?),
    }
    log::info!(account = account.to_string(); "signed out");
    Ok(HttpResponse::NoContent().finish())
}

/// `POST /v1/password`. Whoever has no token learns nothing of the form.
pub(super) async fn change_password(
    hall: web::Data<Hall>,
    request: HttpRequest,
    form: Result<web::Json<ChangePassword>, actix_web::Error>,
) -> Result<HttpResponse, actix_web::Error> {
    let hall = hall.into_inner();
    let who = auth::identify_request(&hall, &request)
        .await
        .map_err(HttpRefusal)?;
    let changed = set_password(&hall, &request, &who, form?.into_inner()).await;
    changed.map_err(HttpRefusal)?;
    Ok(HttpResponse::NoContent().finish())
}

/// The old password is tried as at a sign-in, and counts as one: a stolen token is no way round the lock.
async fn set_password(
    hall: &HallRef,
    request: &HttpRequest,
    who: &Identity,
    form: ChangePassword,
) -> Result<(), Refusal> {
    auth::knock(hall, request, Knock::SignIn)?;
    let ChangePassword { old, new } = form;
    password_ok(&new).map_err(|e| Refusal::new(Code::PasswordTooWeak, e.sentence).rule(e.rule))?;
    let account = who.account;
    let row = hall
        .read(move |db| queries::account_by_id(db, account))
        .await?;
    let attempt = auth::attempt(hall, request, who.realm, &who.login)?;
    // A service has no password, so none is the right one.
    let stored = row.filter(|row| !row.is_service);
    let stored = stored.map(|row| row.password_hash);
    let right = passwords::verify(hall, old, stored.clone()).await?;
    attempt.decided(right);
    if !right {
        return Err(wrong("The old password is wrong."));
    }
    let from_hash = stored.unwrap_or_default();
    let to_hash = passwords::hash(hall, new).await?;
    accounts::set_password(hall, who, from_hash, to_hash).await
}

fn wrong(sentence: &str) -> Refusal {
    Refusal::new(Code::CredentialsWrong, sentence)
}

/// `POST /v1/socket-tickets`
pub(super) async fn ticket(hall: web::Data<Hall>, request: HttpRequest) -> Answered {
    let hall: Arc<Hall> = hall.into_inner();
    let identity = auth::identify(&hall, auth::bearer(&request)?).await?;
    let ticket = secrets::new(Secret::token)?;
    let ttl = Duration::from_millis(hall.config.limits.ticket_ttl_ms);
    let now = hall.now();
    let per_account_max = match identity.is_service {
        true => usize::MAX,
        false => hall.config.limits.doors.tickets_per_account_max,
    };
    let made = Ticket {
        token: identity.token,
        account: identity.account,
        expires: now.saturating_add(ttl),
    };
    hall.tickets
        .keep(ticket.hash(), made, now, per_account_max)?;
    let ttl_us = i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX);
    Ok(HttpResponse::Created().json(SocketTicket {
        ticket: ticket.reveal(),
        expires_at_us: hall.now_us().saturating_add(ttl_us),
    }))
}
