//! The socket process: bytes of one websocket ↔ messages of its session. It lives in the HTTP response
//! body, so it is only polled while the peer reads: everything that must happen on time happens in the
//! session, and its port is linked to the session. The only file that names actix-web-actors.

use std::sync::Arc;
use std::time::Duration;

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, ActorContext, Addr, AsyncContext, Handler, Message, StreamHandler};
use actix_http::ws::{CloseCode as WsCode, Codec, Item, ProtocolError};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws::{self, CloseReason, WebsocketContext};
use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use guildhall_process::{ExitReason, Placement, Port, ProcRef, SendError, StartError};
use guildhall_protocol::{CloseCode, Code, Refusal, SUB_PROTOCOL};

use crate::auth::doors::Knock;
use crate::auth::{self, Identity};
use crate::hall::{Hall, HallRef, Seat};
use crate::routes::HttpRefusal;
use crate::session::{self, Alive, Inbound, Sent, Session, Transport};
use guard::{Guard, Place, Window};

mod guard;
mod outgoing;
mod tuning;

pub use tuning::tune;

/// How long the peer may take to answer a close frame before the connection is cut.
const CLOSE_GRACE: Duration = Duration::from_millis(250);
/// How soon an acknowledgement that found the session's mailbox full is repeated.
const ACK_RETRY: Duration = Duration::from_millis(20);

/// `GET /v1/socket`: everything is checked before the upgrade, and no process exists until then.
///
/// # Errors
/// 401, 403, 400 with the refusal as body.
pub async fn upgrade(
    hall: web::Data<Hall>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, HttpRefusal> {
    let hall = hall.into_inner();
    auth::knock(&hall, &request, Knock::Handshake)?;
    let who = auth::identify_socket(&hall, &request).await?;
    auth::check_origin(&hall, &request)?;
    if !auth::offered(&request).any(|protocol| protocol == SUB_PROTOCOL) {
        let sentence = format!("Offer the sub-protocol {SUB_PROTOCOL}.");
        return Err(Refusal::new(Code::BadField, sentence)
            .rule("socket.sub_protocol")
            .into());
    }
    let mut response =
        ws::handshake_with_protocols(&request, &[SUB_PROTOCOL]).map_err(|error| {
            Refusal::new(
                Code::BadField,
                format!("This is no websocket handshake: {error}."),
            )
            .rule("socket.handshake")
        })?;
    let seat = seat(&hall, &who)?;
    let limits = &hall.config.limits;
    let codec = Codec::new().max_size(limits.message_bytes_max);
    let window = Window::new();
    let guarded = Guard::new(
        body,
        Arc::clone(&window),
        limits.frame_bytes_max,
        limits.message_bytes_max,
    );
    let peer = request.peer_addr().map(|addr| addr.to_string());
    let socket = Socket::new(hall, (who, seat), window, peer);
    let stream = WebsocketContext::with_codec(socket, guarded, codec);
    Ok(response.streaming(outgoing::Outgoing::new(stream)))
}

/// A place for one more connection of the account. A game server has as many as it wants.
fn seat(hall: &HallRef, who: &Identity) -> Result<Option<Seat>, Refusal> {
    if who.is_service {
        return Ok(None);
    }
    let max = hall.config.limits.doors.sessions_per_account_max;
    let seat = hall.seats.take(who.account, max).ok_or_else(|| {
        let sentence = format!("This account has {max} connections, as many as one may have.");
        Refusal::new(Code::LimitReached, sentence)
            .rule("limits.doors.sessions_per_account_max")
            .next("Close another connection, or wait until one ends.")
    });
    seat.map(Some)
}

/// See the file's head.
struct Socket {
    hall: HallRef,
    who: Option<(Identity, Option<Seat>)>,
    peer: Option<String>,
    window: Arc<Window>,
    port: Option<Port>,
    session: Option<ProcRef<Session>>,
    assembly: Option<Assembly>,
    unacked: Sent,
    ending: bool,
}

/// A message that comes in several frames; the guard bounds its size.
struct Assembly {
    text: bool,
    bytes: BytesMut,
}

/// Frames of the session, in order.
struct Frames(Vec<ByteString>);

impl Message for Frames {
    type Result = ();
}

/// The session wants a ping sent.
struct SendPing;

impl Message for SendPing {
    type Result = ();
}

/// The port was ended: by the session's death or by a kill of the socket itself.
struct End(ExitReason);

impl Message for End {
    type Result = ();
}

/// What a session knows of its socket.
struct Wire(Addr<Socket>);

impl Transport for Wire {
    fn send(&self, frames: Vec<ByteString>) {
        self.0.do_send(Frames(frames));
    }

    fn ping(&self) {
        self.0.do_send(SendPing);
    }
}

type Ctx = WebsocketContext<Socket>;

impl Socket {
    fn new(
        hall: HallRef,
        who: (Identity, Option<Seat>),
        window: Arc<Window>,
        peer: Option<String>,
    ) -> Self {
        hall.open_sockets.send_modify(|open| *open += 1);
        Self {
            hall,
            who: Some(who),
            peer,
            window,
            port: None,
            session: None,
            assembly: None,
            unacked: Sent {
                frames: 0,
                bytes: 0,
            },
            ending: false,
        }
    }

    /// The peer or the wire ended it: the link carries the reason to the session.
    fn over(&mut self, reason: ExitReason) {
        if let Some(port) = self.port.take() {
            port.close(reason);
        }
        self.session = None;
        self.ending = true;
    }

    /// Sends the close frame and leaves the peer a moment to answer it, so that it reads the code.
    fn close(&mut self, code: CloseCode, ctx: &mut Ctx) {
        ctx.close(Some(CloseReason {
            code: WsCode::from(code.code),
            description: Some(code.reason.to_string()),
        }));
        self.ending = true;
        ctx.run_later(CLOSE_GRACE, |_, ctx| ctx.stop());
    }

    fn fault(&mut self, code: CloseCode, ctx: &mut Ctx) {
        if !self.ending {
            self.over(ExitReason::shutdown_with(code.reason));
            self.close(code, ctx);
        }
    }

    fn deliver(&mut self, message: session::Message, place: Place, ctx: &mut Ctx) {
        let inbound = Inbound {
            message,
            place: Box::new(place),
        };
        let refused = self.session.as_ref().and_then(|s| s.tell(inbound).err());
        if let Some(SendError::Full(_)) = refused {
            // The window keeps far fewer in flight than the mailbox holds; so this is a flood of events.
            self.fault(CloseCode::SLOW_READER, ctx);
        }
    }

    fn whole(&mut self, text: bool, bytes: Bytes, place: Place, ctx: &mut Ctx) {
        let message = if text {
            match ByteString::try_from(bytes) {
                Ok(text) => session::Message::Text(text),
                Err(_) => return self.fault(CloseCode::INVALID_UTF8, ctx),
            }
        } else {
            session::Message::Binary(bytes)
        };
        self.deliver(message, place, ctx);
    }

    fn fragment(&mut self, item: Item, place: Place, ctx: &mut Ctx) {
        match item {
            Item::FirstText(bytes) => self.begin(true, &bytes),
            Item::FirstBinary(bytes) => self.begin(false, &bytes),
            Item::Continue(bytes) => self.append(&bytes),
            Item::Last(bytes) => {
                self.append(&bytes);
                if let Some(Assembly { text, bytes }) = self.assembly.take() {
                    self.whole(text, bytes.freeze(), place, ctx);
                }
            }
        }
    }

    fn begin(&mut self, text: bool, bytes: &[u8]) {
        self.assembly = Some(Assembly {
            text,
            bytes: BytesMut::from(bytes),
        });
    }

    fn append(&mut self, bytes: &[u8]) {
        if let Some(assembly) = &mut self.assembly {
            assembly.bytes.extend_from_slice(bytes);
        }
    }

    /// Tells the session that its frames were handed on, and again when its mailbox was full.
    fn acknowledge(&mut self, ctx: &mut Ctx) {
        let sent = std::mem::replace(
            &mut self.unacked,
            Sent {
                frames: 0,
                bytes: 0,
            },
        );
        let refused = self.session.as_ref().and_then(|s| s.tell(sent).err());
        if let Some(SendError::Full(sent)) = refused {
            self.unacked = sent;
            ctx.run_later(ACK_RETRY, Self::acknowledge);
        }
    }

    fn started_session(&mut self, started: Result<ProcRef<Session>, StartError>, ctx: &mut Ctx) {
        match started {
            Ok(session) => self.session = Some(session),
            Err(_) if self.ending => {}
            // Its own end, before it had begun: the port's end may still be on its way here.
            Err(StartError::Init(reason)) => {
                self.over(reason.clone());
                self.close(close_code(&reason), ctx);
            }
            Err(error) => {
                log::warn!("no session for a socket: {error}");
                self.over(ExitReason::shutdown_with(CloseCode::TRY_AGAIN_LATER.reason));
                self.close(CloseCode::TRY_AGAIN_LATER, ctx);
            }
        }
    }
}

/// Runs on every path, `stopped` does not: a socket that is dropped is a connection that is lost.
impl Drop for Socket {
    fn drop(&mut self) {
        self.over(ExitReason::error("connection_lost"));
        self.hall.open_sockets.send_modify(|open| *open -= 1);
    }
}

impl Actor for Socket {
    type Context = Ctx;

    fn started(&mut self, ctx: &mut Ctx) {
        let (Some((who, seat)), Some(sessions)) =
            (self.who.take(), self.hall.sessions.supervisor())
        else {
            return self.close(CloseCode::SESSION_FAILED, ctx);
        };
        let me = ctx.address();
        let port = Port::open("socket", self.peer.take(), move |reason| {
            me.do_send(End(reason))
        });
        let (hall, pid, wire) = (Arc::clone(&self.hall), port.pid(), Wire(ctx.address()));
        let name = who.login.clone();
        let make = move || Session::new(hall, who, pid, Box::new(wire)).seated(seat);
        let start = sessions.start_temporary(Some(name), Placement::here(), make);
        self.port = Some(port);
        let started = start
            .into_actor(self)
            .map(|started, this, ctx| this.started_session(started, ctx));
        ctx.wait(started);
    }
}

impl StreamHandler<Result<ws::Message, ProtocolError>> for Socket {
    fn handle(&mut self, message: Result<ws::Message, ProtocolError>, ctx: &mut Ctx) {
        let place = self.window.place();
        if let Ok(ws::Message::Close(_)) = &message {
            if !self.ending {
                self.over(ExitReason::shutdown_with("client_closed"));
                ctx.close(Some(CloseReason::from(WsCode::Normal)));
            }
            return ctx.stop();
        }
        if self.ending {
            return;
        }
        match message {
            Ok(ws::Message::Text(text)) => self.deliver(session::Message::Text(text), place, ctx),
            Ok(ws::Message::Binary(bytes)) => {
                self.deliver(session::Message::Binary(bytes), place, ctx)
            }
            Ok(ws::Message::Continuation(item)) => {
                self.alive(ctx);
                self.fragment(item, place, ctx);
            }
            Ok(ws::Message::Ping(payload)) => {
                ctx.pong(&payload);
                self.alive(ctx);
            }
            Ok(ws::Message::Pong(_)) => self.alive(ctx),
            Ok(ws::Message::Close(_) | ws::Message::Nop) => {}
            Err(error) => self.fault(code_of(&error), ctx),
        }
    }

    /// The stream of the peer has ended: after a violation that the guard saw, or with a FIN.
    fn finished(&mut self, ctx: &mut Ctx) {
        if self.ending {
            return;
        }
        match self.window.violation() {
            Some(code) => self.fault(code, ctx),
            None => {
                self.over(ExitReason::error("connection_lost"));
                ctx.stop();
            }
        }
    }
}

impl Socket {
    fn alive(&mut self, _: &mut Ctx) {
        if let Some(session) = &self.session {
            // A full mailbox holds messages of this peer, which say as much.
            let _ = session.tell(Alive);
        }
    }
}

/// The close code for what the codec could not read.
fn code_of(error: &ProtocolError) -> CloseCode {
    match error {
        ProtocolError::Overflow => CloseCode::TOO_BIG,
        // The websocket layer reports text that is not UTF-8 as an I/O error.
        ProtocolError::Io(error) if error.kind() == std::io::ErrorKind::Other => {
            CloseCode::INVALID_UTF8
        }
        _ => CloseCode::PROTOCOL_ERROR,
    }
}

impl Handler<Frames> for Socket {
    type Result = ();

    fn handle(&mut self, Frames(frames): Frames, ctx: &mut Ctx) {
        if self.ending {
            return;
        }
        self.unacked.frames += frames.len();
        for frame in frames {
            self.unacked.bytes += frame.len();
            ctx.text(frame);
        }
        self.acknowledge(ctx);
    }
}

impl Handler<SendPing> for Socket {
    type Result = ();

    fn handle(&mut self, _: SendPing, ctx: &mut Ctx) {
        ctx.ping(b"");
    }
}

impl Handler<End> for Socket {
    type Result = ();

    fn handle(&mut self, End(reason): End, ctx: &mut Ctx) {
        // The port has ended itself; there is nothing left to close.
        self.port = None;
        if !self.ending {
            self.session = None;
            self.close(close_code(&reason), ctx);
        }
    }
}

/// What a client sees of a session's exit reason.
fn close_code(reason: &ExitReason) -> CloseCode {
    match reason {
        ExitReason::Kill | ExitReason::Killed => CloseCode::SESSION_KILLED,
        ExitReason::Shutdown | ExitReason::Normal => CloseCode::GOING_AWAY,
        ExitReason::ShutdownWith(word) if word.as_ref() == "server_stop" => CloseCode::GOING_AWAY,
        ExitReason::ShutdownWith(word) => CloseCode::ALL
            .iter()
            .find(|code| code.reason == word.as_ref())
            .copied()
            .unwrap_or(CloseCode::SESSION_FAILED),
        ExitReason::Panic(_) => CloseCode::INTERNAL_ERROR,
        ExitReason::NoProc | ExitReason::Error(_) => CloseCode::SESSION_FAILED,
    }
}
