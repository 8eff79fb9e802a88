//! People at an operator's order: who of an account is here, kick, ban, and lift.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use guildhall_protocol::{Code, Refusal};
use guildhall_store::queries::BanRow;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::auth::bans::Ban;
use crate::hall::Hall;
use crate::people;
use crate::presence::Arrival;
use crate::routes::HttpRefusal;

type Answered = Result<HttpResponse, HttpRefusal>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfAccount {
    account: Uuid,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Here {
    account: Option<Uuid>,
}

/// One of the two, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KickBody {
    session: Option<Uuid>,
    account: Option<Uuid>,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BanBody {
    account: Uuid,
    reason: String,
    /// Seconds; without it the ban is for ever.
    for_s: Option<u64>,
}

/// `GET /admin/sessions`, and `?account=` of one account
pub(super) async fn sessions(hall: web::Data<Hall>, of: web::Query<Here>) -> Answered {
    let hall = hall.into_inner();
    let here = people::who_is_here(&hall, of.account).await?;
    let shown = |it: &Arrival| {
        let age = hall.now().saturating_sub(it.since);
        json!({
            "session": it.id,
            "account": it.who.account,
            "login": it.who.login,
            "device": it.who.device,
            "pid": it.session.pid().to_string(),
            "age_ms": u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
            "token_expires_us": it.who.expires_us,
        })
    };
    let sessions: Vec<Value> = here.iter().map(shown).collect();
    Ok(HttpResponse::Ok().json(json!({ "sessions": sessions })))
}

/// `POST /admin/sessions/kick`
pub(super) async fn kick(hall: web::Data<Hall>, body: web::Json<KickBody>) -> Answered {
    let hall = hall.into_inner();
    let KickBody {
        session,
        account,
        reason,
    } = body.into_inner();
    let ended = match (session, account) {
        (Some(session), None) => people::kick_session(&hall, session, &reason).map(|()| 1)?,
        (None, Some(account)) => people::kick_account(&hall, account, &reason).await?,
        _ => {
            let sentence = "Name a session or an account, one of the two.";
            return Err(Refusal::new(Code::BadField, sentence).into());
        }
    };
    Ok(HttpResponse::Ok().json(json!({ "ended": ended })))
}

/// `GET /admin/bans`
pub(super) async fn bans(hall: web::Data<Hall>) -> Answered {
    let bans = people::bans(&hall.into_inner()).await?;
    let shown = |ban: &BanRow| {
        json!({
            "account": ban.account_id,
            "reason": ban.reason,
            "made_at_us": ban.made_at,
            "until_us": ban.ends_at,
        })
    };
    let bans: Vec<Value> = bans.iter().map(shown).collect();
    Ok(HttpResponse::Ok().json(json!({ "bans": bans })))
}

/// `POST /admin/bans`
pub(super) async fn ban(hall: web::Data<Hall>, body: web::Json<BanBody>) -> Answered {
    let BanBody {
        account,
        reason,
        for_s,
    } = body.into_inner();
    let hall = hall.into_inner();
    let until_us = for_s.map(|s| hall.after(Duration::from_secs(s)));
    let ban = Ban {
        reason,
        ends_at_us: until_us,
    };
    people::ban(&hall, account, ban).await?;
    Ok(HttpResponse::Ok().json(json!({ "account": account, "until_us": until_us })))
}

/// `POST /admin/bans/lift`
pub(super) async fn lift(hall: web::Data<Hall>, body: web::Json<OfAccount>) -> Answered {
    let account = body.account;
    people::lift(&hall.into_inner(), account).await?;
    Ok(HttpResponse::Ok().json(json!({ "account": account })))
}
