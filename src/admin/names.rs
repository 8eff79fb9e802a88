//! Names at an operator's order: reserve, end a reservation, another name against its bearer's will or in
//! spite of a look-alike, back a name that was given up; and who has one.

use actix_web::{HttpResponse, web};
use guildhall_protocol::{Code, Refusal};
use guildhall_store::queries;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::accounts;
use crate::character::checked_name;
use crate::hall::{Hall, HallRef, REALM_NAME};
use crate::names::{self, Order};
use crate::persistence::{Author, NameOwner, OwnerKind};
use crate::routes::HttpRefusal;

/// A name in a realm, the first one where none is said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NameBody {
    #[serde(default = "first_realm")]
    realm: String,
    name: String,
}

fn first_realm() -> String {
    REALM_NAME.to_owned()
}

/// Who gets which name, and what they are told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RenameBody {
    kind: Bearer,
    id: Uuid,
    name: String,
    reason: String,
}

/// As [`RenameBody`]; without a name it is the one that was given up last.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GiveBackBody {
    kind: Bearer,
    id: Uuid,
    name: Option<String>,
    reason: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Bearer {
    Character,
    Guild,
}

/// `GET /admin/names/{realm}/{name}`
pub(super) async fn holder(
    hall: web::Data<Hall>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, HttpRefusal> {
    let (hall, (realm, name)) = (hall.into_inner(), path.into_inner());
    let name = checked_name(&name)?;
    let realm = realm_id(&hall, realm).await?;
    let holder = names::holder(&hall, realm, name).await?;
    let holder = holder.map(|held| {
        json!({
            "kind": held.entry.owner.kind.as_str(),
            "id": held.entry.owner.id,
            "name": held.entry.display,
        })
    });
    Ok(HttpResponse::Ok().json(json!({ "holder": holder })))
}

/// `POST /admin/names/reserve`
pub(super) async fn reserve(
    hall: web::Data<Hall>,
    body: web::Json<NameBody>,
) -> Result<HttpResponse, HttpRefusal> {
    let (hall, NameBody { realm, name }) = (hall.into_inner(), body.into_inner());
    let name = checked_name(&name)?;
    let display = name.display.clone();
    let realm = realm_id(&hall, realm).await?;
    names::reserve(&hall, realm, name, Author::SERVER).await?;
    Ok(HttpResponse::Ok().json(json!({ "name": display })))
}

/// `POST /admin/names/unreserve`
pub(super) async fn unreserve(
    hall: web::Data<Hall>,
    body: web::Json<NameBody>,
) -> Result<HttpResponse, HttpRefusal> {
    let (hall, NameBody { realm, name }) = (hall.into_inner(), body.into_inner());
    let name = checked_name(&name)?;
    let display = name.display.clone();
    let realm = realm_id(&hall, realm).await?;
    names::unreserve(hall, realm, name, Author::SERVER).await?;
    Ok(HttpResponse::Ok().json(json!({ "name": display })))
}

/// `POST /admin/names/rename`
pub(super) async fn rename(
    hall: web::Data<Hall>,
    body: web::Json<RenameBody>,
) -> Result<HttpResponse, HttpRefusal> {
    let (hall, body) = (hall.into_inner(), body.into_inner());
    let name = checked_name(&body.name)?;
    let display = name.display.clone();
    let (owner, realm) = bearer(&hall, body.kind, body.id).await?;
    names::force_rename(&hall, owner, realm, name, order(body.reason)).await?;
    Ok(HttpResponse::Ok().json(json!({ "name": display })))
}

/// `POST /admin/names/restore`
pub(super) async fn restore(
    hall: web::Data<Hall>,
    body: web::Json<GiveBackBody>,
) -> Result<HttpResponse, HttpRefusal> {
    let (hall, body) = (hall.into_inner(), body.into_inner());
    let wish = body.name.as_deref().map(checked_name).transpose()?;
    let (owner, realm) = bearer(&hall, body.kind, body.id).await?;
    let name = names::restore(hall, owner, realm, wish, order(body.reason)).await?;
    Ok(HttpResponse::Ok().json(json!({ "name": name })))
}

fn order(reason: String) -> Order {
    Order {
        by: Author::SERVER,
        reason,
    }
}

async fn realm_id(hall: &HallRef, realm: String) -> Result<Uuid, Refusal> {
    let found = accounts::realm_id(hall, Some(realm)).await;
    found.map_err(|refusal| match refusal.code {
        Code::RealmUnknown => Refusal::new(Code::NotFound, refusal.message),
        _ => refusal,
    })
}

/// The bearer of a name as the ledger knows it, with its realm.
async fn bearer(hall: &HallRef, kind: Bearer, id: Uuid) -> Result<(NameOwner, Uuid), Refusal> {
    let (kind, realm) = match kind {
        Bearer::Character => {
            let row = hall.read(move |conn| queries::character(conn, id)).await?;
            (OwnerKind::Character, row.map(|row| row.realm_id))
        }
        Bearer::Guild => {
            let row = hall.read(move |conn| queries::guild(conn, id)).await?;
            (OwnerKind::Guild, row.map(|(row, _)| row.realm_id))
        }
    };
    let sentence = "There is nothing with this id.";
    let realm = realm.ok_or_else(|| Refusal::new(Code::NotFound, sentence))?;
    Ok((NameOwner { kind, id }, realm))
}
