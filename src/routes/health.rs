//! `/healthz` (the process answers) and `/readyz` (names are loaded, the database answers, writes are taken
//! up). Bodies are empty or one word: a health endpoint tells nothing to those who may not know.

use actix_web::{HttpResponse, HttpResponseBuilder, web};
use guildhall_rules::saving::SavingState;
use guildhall_store::queries;

use super::advice::{SHORTLY, retry_after};
use crate::hall::{Hall, REALM_NAME};

/// `GET /healthz`
pub(super) async fn alive() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// `GET /readyz`
pub(super) async fn ready(hall: web::Data<Hall>) -> HttpResponse {
    let hall = hall.into_inner();
    let saving = hall.saving();
    if saving.state == SavingState::ReadOnly {
        return not_ready().body("read_only");
    }
    let processes = hall.names.whereis().is_some() && hall.persistence.whereis().is_some();
    let database = hall
        .read(|conn| queries::realm_by_name(conn, REALM_NAME))
        .await;
    if processes && database.is_ok() {
        HttpResponse::NoContent().finish()
    } else {
        not_ready().finish()
    }
}

fn not_ready() -> HttpResponseBuilder {
    let mut answer = HttpResponse::ServiceUnavailable();
    answer.insert_header(retry_after(SHORTLY));
    answer
}
