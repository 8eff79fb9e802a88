//! The world's clock, which an operator may set by the system's.

use actix_web::{HttpResponse, web};

use crate::clock;
use crate::hall::Hall;

/// `POST /admin/clock/accept`; the answer is the clock as the status shows it, afterwards.
pub(super) async fn accept(hall: web::Data<Hall>) -> HttpResponse {
    clock::accept(&hall);
    HttpResponse::Ok().json(clock::status(&hall))
}
