//! The admin listener's surface: one table of routes, each behind the token even on loopback, and the health
//! endpoints. Of players it shows the logins of those who are connected, and what is asked for by its id.
//! What changes something is refused unless the operator has allowed it.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{self, Next};
use actix_web::{Route, guard, web};
use guildhall_protocol::{Code, Refusal};
use subtle::ConstantTimeEq;

use crate::auth;
use crate::hall::Hall;
use crate::routes::{self, HttpRefusal};

mod accounts;
mod clock;
mod guilds;
mod names;
mod people;
mod records;
mod status;

pub use status::status;

/// A route of the admin listener.
pub struct AdminRoute {
    /// `GET` shows, `POST` changes.
    pub method: &'static str,
    /// Its path; parts in braces are filled in.
    pub path: &'static str,
    handler: fn() -> Route,
}

/// Everything that the admin listener serves behind its token.
pub const ROUTES: &[AdminRoute] = &[
    get("/admin/supervisor", || web::get().to(status::supervisor)),
    get("/admin/explain/{kind}/{id}", || {
        web::get().to(records::explain)
    }),
    post("/admin/clock/accept", || web::post().to(clock::accept)),
    post("/admin/restore", || web::post().to(records::restore)),
    get("/admin/names/{realm}/{name}", || {
        web::get().to(names::holder)
    }),
    post("/admin/names/reserve", || web::post().to(names::reserve)),
    post("/admin/names/unreserve", || {
        web::post().to(names::unreserve)
    }),
    post("/admin/names/rename", || web::post().to(names::rename)),
    post("/admin/names/restore", || web::post().to(names::restore)),
    post("/admin/guilds/revive", || web::post().to(guilds::revive)),
    get("/admin/realms", || web::get().to(accounts::realms)),
    post("/admin/realms", || web::post().to(accounts::create_realm)),
    post("/admin/services", || {
        web::post().to(accounts::create_service)
    }),
    post("/admin/services/renew", || {
        web::post().to(accounts::renew_service)
    }),
    get("/admin/sessions", || web::get().to(people::sessions)),
    post("/admin/sessions/kick", || web::post().to(people::kick)),
    get("/admin/bans", || web::get().to(people::bans)),
    post("/admin/bans", || web::post().to(people::ban)),
    post("/admin/bans/lift", || web::post().to(people::lift)),
    post("/admin/tokens/revoke", || {
        web::post().to(accounts::revoke_tokens)
    }),
];

const fn get(path: &'static str, handler: fn() -> Route) -> AdminRoute {
    AdminRoute {
        method: "GET",
        path,
        handler,
    }
}

const fn post(path: &'static str, handler: fn() -> Route) -> AdminRoute {
    AdminRoute {
        method: "POST",
        path,
        handler,
    }
}

/// A body for the admin listener: ids and names. 16 KiB.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Everything the admin listener serves.
pub fn routes(service: &mut web::ServiceConfig) {
    service
        .configure(|service| routes::decoding(service, BODY_BYTES_MAX))
        .configure(routes::health)
        .default_service(web::to(routes::unknown));
    for route in ROUTES {
        let handler = (route.handler)();
        // By method too: one path may show and change.
        let resource = match route.method {
            "GET" => {
                let guarded = handler.wrap(middleware::from_fn(authorised));
                routes::at(route.path, guarded).guard(guard::Get())
            }
            _ => {
                let guarded = handler.wrap(middleware::from_fn(authorised_to_write));
                routes::at(route.path, guarded).guard(guard::Post())
            }
        };
        service.service(resource);
    }
}

async fn authorised(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    hall_of(&request)?;
    next.call(request).await
}

async fn authorised_to_write(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if !hall_of(&request)?.config.admin_writes {
        let sentence = "This admin listener shows and changes nothing.";
        let refusal = Refusal::new(Code::RoleForbidden, sentence)
            .rule("admin.writes")
            .next("Start the server with --admin-writes, or with admin_writes = true in its configuration.");
        return Err(HttpRefusal(refusal).into());
    }
    next.call(request).await
}

/// The hall, for whoever shows its admin token.
fn hall_of(request: &ServiceRequest) -> Result<web::Data<Hall>, HttpRefusal> {
    let shown = auth::bearer(request.request())?;
    let Some(hall) = request.app_data::<web::Data<Hall>>() else {
        return Err(Refusal::new(Code::Internal, "The server made a mistake.").into());
    };
    if bool::from(shown.0.ct_eq(&hall.admin_token.0)) {
        return Ok(hall.clone());
    }
    let sentence = "This is not the admin token of this server.";
    Err(Refusal::new(Code::Unauthenticated, sentence).into())
}
