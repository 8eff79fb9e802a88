//! An endpoint process: one listener and its workers. Two of them: the public one (HTTP and websocket) and
//! the admin one (loopback, token). Last in the tree, permanent. The address is taken at the first start,
//! when all names are loaded, and kept over restarts, so that callers wait in the backlog meanwhile.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{App, HttpServer, middleware, web};
use guildhall_process::{Ctx, ExitReason, Handle, Init, Process, ReplyTo};

use crate::hall::HallRef;
use crate::{admin, routes, socket};

/// Connections of a worker beyond those of all sessions. In a full house they carry the HTTP requests, and
/// the socket that is one too many is told so instead of waiting in the backlog.
const HTTP_CONNECTIONS_MAX: usize = 1024;

/// What an endpoint serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Games.
    Public,
    /// Operators.
    Admin,
}

/// See the file's head.
pub struct Endpoint {
    hall: HallRef,
    face: Face,
    taken: Arc<OnceLock<TcpListener>>,
    server: Option<ServerHandle>,
}

/// Accept nobody any more; who is connected stays.
pub struct PauseAccepting {
    /// Answered when it is so.
    pub reply: ReplyTo<()>,
}

/// Takes an address.
///
/// # Errors
/// It is in use, or not this machine's.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// What is said of an address that cannot be taken.
#[must_use]
pub fn address_taken(address: SocketAddr, error: &std::io::Error) -> String {
    format!("{address} cannot be listened on: {error}")
}

impl Endpoint {
    /// An endpoint; `taken` keeps the address over restarts.
    #[must_use]
    pub fn new(hall: HallRef, face: Face, taken: Arc<OnceLock<TcpListener>>) -> Self {
        Self {
            hall,
            face,
            taken,
            server: None,
        }
    }

    fn address(&self) -> SocketAddr {
        match self.face {
            Face::Public => self.hall.config.listen,
            Face::Admin => self.hall.config.admin_listen,
        }
    }

    /// The listener, bound now, at an earlier start of this process, or before there was any.
    fn listener(&self) -> std::io::Result<TcpListener> {
        let listener = match self.taken.get() {
            Some(listener) => listener.try_clone()?,
            None => {
                let listener = bind(self.address())?;
                let kept = listener.try_clone()?;
                self.taken.get_or_init(|| kept);
                listener
            }
        };
        let bound = listener.local_addr()?;
        let place = match self.face {
            Face::Public => &self.hall.public_address,
            Face::Admin => &self.hall.admin_address,
        };
        place.get_or_init(|| bound);
        Ok(listener)
    }

    fn serve(&self, listener: TcpListener) -> std::io::Result<Server> {
        let limits = &self.hall.config.limits;
        let handshake = Duration::from_millis(limits.handshake_timeout_ms);
        let hall = Arc::clone(&self.hall);
        let server = match self.face {
            Face::Public => HttpServer::new(move || {
                App::new()
                    .wrap(middleware::from_fn(routes::in_time))
                    .configure(routes::public(&hall))
            })
            .workers(self.workers())
            .max_connections(limits.sessions_max.saturating_add(HTTP_CONNECTIONS_MAX))
            .on_connect(|connection, _| socket::tune(connection))
            .client_request_timeout(handshake)
            .disable_signals()
            .listen(listener)?
            .run(),
            Face::Admin => HttpServer::new(move || {
                let hall = Arc::clone(&hall);
                App::new()
                    .app_data(web::Data::from(hall))
                    .wrap(middleware::from_fn(routes::in_time))
                    .configure(admin::routes)
            })
            .workers(1)
            .on_connect(|connection, _| socket::tune(connection))
            .client_request_timeout(handshake)
            .disable_signals()
            .listen(listener)?
            .run(),
        };
        Ok(server)
    }

    fn workers(&self) -> usize {
        match self.hall.config.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        }
    }

    /// A stop must be asked for while the server is polled; it needs nobody to wait for it.
    fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            drop(server.stop(false));
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Process for Endpoint {
    const KIND: &'static str = "endpoint";

    fn init(&mut self, ctx: &mut Ctx<Self>) -> Init {
        if self.face == Face::Public
            && let Err(taken) = self.hall.endpoint.register(&ctx.me())
        {
            return Init::Fail(ExitReason::error(taken.to_string()));
        }
        let served = self.listener().and_then(|listener| self.serve(listener));
        let server = match served {
            Ok(server) => server,
            Err(error) => {
                let sentence = format!("address_taken: {}", address_taken(self.address(), &error));
                return Init::Fail(ExitReason::error(sentence));
            }
        };
        self.server = Some(server.handle());
        // On the arbiter and not in the process, so that a stop is carried out after the process is gone.
        let ended = actix_web::rt::spawn(server);
        ctx.run(ended, |_, ended, ctx| {
            ctx.exit(ExitReason::error(format!("the listener ended: {ended:?}")));
        });
        Init::Ready
    }
}

impl Handle<PauseAccepting> for Endpoint {
    fn handle(&mut self, PauseAccepting { reply }: PauseAccepting, ctx: &mut Ctx<Self>) {
        match &self.server {
            Some(server) => ctx.run(server.pause(), |_, (), _| reply.send(())),
            None => reply.send(()),
        }
    }
}
