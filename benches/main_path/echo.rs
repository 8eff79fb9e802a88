//! The bare peer of request and answer: an actix-web-actors server with one worker that answers every text
//! with the same one, and nothing else.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix::{Actor, StreamHandler};
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use actix_web_actors::ws;
use bytestring::ByteString;

/// Where the echo listens.
pub const PATH: &str = "/echo";

struct Echo {
    answer: ByteString,
}

impl Actor for Echo {
    type Context = ws::WebsocketContext<Self>;
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for Echo {
    fn handle(&mut self, message: Result<ws::Message, ws::ProtocolError>, ctx: &mut Self::Context) {
        if let Ok(ws::Message::Text(_)) = message {
            ctx.text(self.answer.clone());
        }
    }
}

async fn upgrade(
    answer: web::Data<ByteString>,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let answer = ByteString::clone(&answer);
    ws::start(Echo { answer }, &request, body)
}

/// A running echo server; stopped on drop.
pub struct EchoServer {
    pub address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl EchoServer {
    /// A server that answers with `answer`.
    pub fn start(answer: String) -> Self {
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let answer = web::Data::new(ByteString::from(answer));
                let server = HttpServer::new(move || {
                    App::new()
                        .app_data(answer.clone())
                        .route(PATH, web::get().to(upgrade))
                })
                .workers(1)
                .tcp_nodelay(true)
                .disable_signals()
                .bind(("127.0.0.1", 0))
                .unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                tell.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = told.recv().unwrap();
        Self {
            address,
            handle,
            thread: Some(thread),
        }
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
