//! Guilds at an operator's order: one that was disbanded is brought back.

use actix_web::{HttpResponse, web};
use guildhall_protocol::{Code, Refusal};
use guildhall_store::queries;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::character::checked_name;
use crate::hall::Hall;
use crate::names;
use crate::persistence::Author;
use crate::routes::HttpRefusal;

/// Which guild, who leads it then, and its name: without one it is the one that it had.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviveBody {
    guild: Uuid,
    leader: Uuid,
    name: Option<String>,
}

/// `POST /admin/guilds/revive`
pub(super) async fn revive(
    hall: web::Data<Hall>,
    body: web::Json<ReviveBody>,
) -> Result<HttpResponse, HttpRefusal> {
    let (hall, body) = (hall.into_inner(), body.into_inner());
    let wish = body.name.as_deref().map(checked_name).transpose()?;
    let guild = body.guild;
    let realm = hall
        .read(move |conn| queries::disbanded_realm(conn, guild))
        .await?;
    let sentence = "There is no disbanded guild with this id.";
    let realm = realm.ok_or_else(|| Refusal::new(Code::NotFound, sentence))?;
    let name = names::revive(hall, guild, realm, wish, body.leader, Author::SERVER).await?;
    Ok(HttpResponse::Ok().json(json!({ "guild": guild, "name": name })))
}
