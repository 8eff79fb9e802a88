//! The waiting room: while the database cannot be reached at the start, both addresses are taken and
//! everybody who comes is told so at once, as a typed refusal. Nobody is let in, since no name is loaded.
//! Opened and closed by `server`.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use guildhall_protocol::http::ErrorBody;
use guildhall_protocol::{Code, Refusal};

use crate::routes::advice::retry_after;
use crate::routes::at;

/// How soon a caller should come again.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// How long who is being answered may take when the room is closed.
const REQUEST_MAX: Duration = Duration::from_secs(5);

/// See the file's head.
pub struct Room(ServerHandle);

impl Room {
    /// Answers whoever comes to these listeners.
    ///
    /// # Errors
    /// A listener cannot be used.
    pub fn open(listeners: &[&TcpListener]) -> std::io::Result<Self> {
        let mut server = HttpServer::new(|| {
            App::new()
                .service(at("/healthz", web::get().to(alive)))
                .default_service(web::to(not_yet))
        })
        .workers(1)
        .client_request_timeout(REQUEST_MAX)
        .disable_signals();
        for listener in listeners {
            server = server.listen(listener.try_clone()?)?;
        }
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Ok(Self(handle))
    }

    /// Closes the room; who comes now waits in the backlog of the address.
    pub async fn close(self) {
        self.0.stop(false).await;
    }
}

async fn alive() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

async fn not_yet() -> HttpResponse {
    let sentence = "The server waits for its database; nobody is let in yet.";
    let error = Refusal::new(Code::Unavailable, sentence).rule("server.waits_for_database");
    HttpResponse::ServiceUnavailable()
        .insert_header(retry_after(RETRY_AFTER))
        .json(ErrorBody { error })
}
