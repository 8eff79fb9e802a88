//! What durable records tell of one thing, and putting one thing back to what they hold.

use std::str::FromStr;

use actix_web::{HttpResponse, web};
use guildhall_protocol::{Code, Refusal};
use guildhall_store::explain::{self, Kind};
use guildhall_store::queries;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::hall::Hall;
use crate::persistence::EntityKind;
use crate::restore;
use crate::routes::HttpRefusal;

/// `GET /admin/explain/{kind}/{id}`
pub(super) async fn explain(
    hall: web::Data<Hall>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, HttpRefusal> {
    let (kind, id) = path.into_inner();
    let kind = Kind::from_str(&kind).map_err(|sentence| Refusal::new(Code::BadField, sentence))?;
    let facts = hall
        .read(move |conn| explain::gather(conn, kind, &id))
        .await?;
    let facts = facts.map_err(|sentence| Refusal::new(Code::BadField, sentence))?;
    Ok(HttpResponse::Ok().json(explain::tell(&facts)))
}

/// What is to be put back, and to which version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RestoreBody {
    kind: RestoreKind,
    id: Uuid,
    version: u32,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RestoreKind {
    Character,
    Ship,
}

/// `POST /admin/restore`
pub(super) async fn restore(
    hall: web::Data<Hall>,
    body: web::Json<RestoreBody>,
) -> Result<HttpResponse, HttpRefusal> {
    let RestoreBody { kind, id, version } = body.into_inner();
    let kind = match kind {
        RestoreKind::Character => EntityKind::Character,
        RestoreKind::Ship => EntityKind::Ship,
    };
    let restored = restore::restore(&hall.into_inner(), kind, id, version).await?;
    Ok(HttpResponse::Ok().json(json!({
        "kind": kind.as_str(),
        "id": id,
        "restored_version": version,
        "version": restored.version,
        "crossed_escrows": restored.crossed.map(|all| all.iter().map(crossed).collect::<Vec<_>>()),
    })))
}

fn crossed(escrow: &queries::CrossedEscrow) -> Value {
    json!({
        "escrow": escrow.escrow,
        "did": if escrow.gave { "gave" } else { "took" },
        "version": escrow.version,
        "other": { "kind": escrow.other.0, "id": escrow.other.1 },
        "fate": escrow.fate.as_str(),
    })
}
