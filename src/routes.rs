//! The public HTTP surface: accounts, sign-in, sign-out, tickets, revisions, the socket, health. Every
//! refusal is the protocol's error body; nothing here decides about rights of campaigns.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError, Route, web};
use guildhall_protocol::http::{ErrorBody, Method, Route as Public};
use guildhall_protocol::{Code, Refusal};

use crate::hall::{Hall, HallRef};

mod accounts;
pub mod advice;
mod health;
mod revisions;

/// The time for an answer where the configuration cannot be reached.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);

/// A refusal as an HTTP response.
#[derive(Debug)]
pub struct HttpRefusal(pub Refusal);

impl std::fmt::Display for HttpRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Refusal> for HttpRefusal {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl ResponseError for HttpRefusal {
    fn status_code(&self) -> StatusCode {
        match self.0.code {
            Code::Unauthenticated | Code::CredentialsWrong => StatusCode::UNAUTHORIZED,
            Code::OriginForbidden
            | Code::Banned
            | Code::NotAMember
            | Code::RoleForbidden
            | Code::RankForbidden => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::LoginTaken => StatusCode::CONFLICT,
            Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::TooManyAttempts | Code::RateLimited | Code::LimitReached => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Code::Overloaded | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let error = self.0.clone();
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        if [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ]
        .contains(&status)
        {
            response.insert_header(advice::retry_after(advice::wait_of(&error)));
        }
        response.json(ErrorBody { error })
    }
}

/// Everything the public listener serves.
pub fn public(hall: &HallRef) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let hall = HallRef::clone(hall);
    move |service| {
        let bytes_max = hall.config.limits.http_body_bytes_max;
        service
            .app_data(web::Data::from(hall))
            .configure(|service| decoding(service, bytes_max))
            .default_service(web::to(unknown));
        for &route in Public::ALL {
            service.service(serve(route));
        }
    }
}

/// What serves a route of the table.
fn serve(route: Public) -> Resource {
    let asked = match route.method() {
        Method::Get => web::get(),
        Method::Post => web::post(),
    };
    let served = match route {
        Public::SignUp => asked.to(accounts::sign_up),
        Public::SignIn => asked.to(accounts::sign_in),
        Public::SignOut => asked.to(accounts::sign_out),
        Public::Password => asked.to(accounts::change_password),
        Public::SocketTicket => asked.to(accounts::ticket),
        Public::Socket => asked.to(crate::socket::upgrade),
        Public::Revision => asked.to(revisions::download),
        Public::Healthz => asked.to(health::alive),
        Public::Readyz => asked.to(health::ready),
    };
    at(route.path(), served)
}

/// The health endpoints, which the admin listener serves too.
pub fn health(service: &mut web::ServiceConfig) {
    service
        .service(serve(Public::Healthz))
        .service(serve(Public::Readyz));
}

/// How bodies, paths and queries are read: what is none is refused in the words of the protocol.
pub fn decoding(service: &mut web::ServiceConfig, bytes_max: usize) {
    let json = web::JsonConfig::default()
        .limit(bytes_max)
        .error_handler(|error, _| HttpRefusal(body_refusal(&error)).into());
    // An id that is none names nothing.
    let path = web::PathConfig::default()
        .error_handler(|_, request| HttpRefusal(no_such_route(request)).into());
    let query = web::QueryConfig::default().error_handler(|error, _| {
        let sentence = format!("The query is not what is expected: {error}");
        HttpRefusal(Refusal::new(Code::BadField, sentence)).into()
    });
    service.app_data(json).app_data(path).app_data(query);
}

/// Refuses a request whose answer has not begun in time: a body that never comes holds a connection no longer
/// than this. What streams after the head of the answer (a download, a websocket) is not touched.
///
/// # Errors
/// `unavailable`, and the connection is closed.
pub async fn in_time(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let limit = request
        .app_data::<web::Data<Hall>>()
        .map_or(DEFAULT_TIMEOUT, |hall| {
            Duration::from_millis(hall.config.limits.http_timeout_ms)
        });
    match tokio::time::timeout(limit, next.call(request)).await {
        Ok(answer) => answer,
        Err(_) => {
            let refusal = Refusal::new(Code::Unavailable, "The request took too long.");
            Err(HttpRefusal(refusal.rule("http.timeout")).into())
        }
    }
}

/// What is wrong with a JSON body.
fn body_refusal(error: &JsonPayloadError) -> Refusal {
    match error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
            Refusal::new(Code::BodyTooLarge, "The body is too large.")
        }
        JsonPayloadError::ContentType => {
            Refusal::new(Code::MalformedJson, "Send the body as application/json.")
        }
        other => Refusal::new(
            Code::MalformedJson,
            format!("The body is not what is expected: {other}"),
        ),
    }
}

/// One route at a path; with another method the path is one that nothing serves.
pub fn at(path: &str, route: Route) -> Resource {
    web::resource(path)
        .route(route)
        .default_service(web::to(unknown))
}

/// Whatever no route serves.
pub async fn unknown(request: HttpRequest) -> HttpResponse {
    HttpRefusal(no_such_route(&request)).error_response()
}

fn no_such_route(request: &HttpRequest) -> Refusal {
    let sentence = format!("There is no {} {}.", request.method(), request.path());
    Refusal::new(Code::NotFound, sentence)
}
