//! Realms and services at an operator's order. A service's token is shown once, in the answer that it was
//! made with.

use actix_web::{HttpResponse, web};
use guildhall_store::queries;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::accounts;
use crate::hall::Hall;
use crate::routes::HttpRefusal;

type Answered = Result<HttpResponse, HttpRefusal>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RealmBody {
    name: String,
}

/// A service in a realm, the first one where none is said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceBody {
    realm: Option<String>,
    login: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountBody {
    account: Uuid,
}

/// `POST /admin/realms`
pub(super) async fn create_realm(hall: web::Data<Hall>, body: web::Json<RealmBody>) -> Answered {
    let name = body.into_inner().name;
    let realm = accounts::create_realm(&hall.into_inner(), name).await?;
    Ok(HttpResponse::Created().json(json!({ "realm": realm })))
}

/// `GET /admin/realms`
pub(super) async fn realms(hall: web::Data<Hall>) -> Answered {
    let realms = accounts::realms(&hall.into_inner()).await?;
    let realm = |row: &queries::RealmRow| json!({ "realm": row.id, "name": row.name });
    let realms: Vec<_> = realms.iter().map(realm).collect();
    Ok(HttpResponse::Ok().json(json!({ "realms": realms })))
}

/// `POST /admin/services`
pub(super) async fn create_service(
    hall: web::Data<Hall>,
    body: web::Json<ServiceBody>,
) -> Answered {
    let ServiceBody { realm, login } = body.into_inner();
    let made = accounts::create_service(&hall.into_inner(), realm, &login).await?;
    let made = json!({ "account": made.account, "token": made.token });
    Ok(HttpResponse::Created().json(made))
}

/// `POST /admin/services/renew`: another token; the old ones stay good until they are revoked.
pub(super) async fn renew_service(hall: web::Data<Hall>, body: web::Json<AccountBody>) -> Answered {
    let token = accounts::renew_service(&hall.into_inner(), body.account).await?;
    Ok(HttpResponse::Created().json(json!({ "token": token })))
}

/// `POST /admin/tokens/revoke`: all tokens of an account, a player's too.
pub(super) async fn revoke_tokens(hall: web::Data<Hall>, body: web::Json<AccountBody>) -> Answered {
    let account = body.account;
    accounts::revoke_tokens(&hall.into_inner(), account).await?;
    Ok(HttpResponse::Ok().json(json!({ "account": account })))
}
