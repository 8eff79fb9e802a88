//! The server's side of a test: plain HTTP answers, and a websocket whose
//! every frame the test reads and writes itself.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use guildhall_client::{Client, ClientError, Connection, Events};
use guildhall_protocol::{
    Answer, Ask, Chunk, Event, Heartbeat, Limits, Refusal, Request, ServerFrame,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{
    Callback, ErrorResponse, Request as Handshake, Response,
};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use uuid::Uuid;

pub const TOKEN: &str = "token-of-aino";
pub const DEADLINE: Duration = Duration::from_secs(10);
const HOUR_MS: u64 = 3_600_000;

pub struct Server {
    listener: TcpListener,
    keepalive_interval_ms: u64,
}

/// One websocket, from the server's side.
pub struct Peer {
    pub socket: WebSocketStream<TcpStream>,
    pub handshake: Handshake,
    pub hello: Ask,
}

impl Server {
    pub async fn start() -> Self {
        Self {
            listener: TcpListener::bind(("127.0.0.1", 0)).await.unwrap(),
            keepalive_interval_ms: HOUR_MS,
        }
    }

    pub fn keepalive_interval_ms(mut self, interval: u64) -> Self {
        self.keepalive_interval_ms = interval;
        self
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// A client of this server and the other end of its websocket.
    pub async fn connected(&self) -> (Client, Events, Peer) {
        let (opened, peer) = self.meet(Connection::connect(&self.url(), TOKEN)).await;
        let (client, events) = opened.unwrap();
        (client, events, peer)
    }

    /// Opens a connection while this end accepts and welcomes it.
    pub async fn meet<T>(&self, open: impl Future<Output = T>) -> (T, Peer) {
        let both = async { tokio::join!(open, self.welcome()) };
        timeout(DEADLINE, both).await.unwrap()
    }

    async fn welcome(&self) -> Peer {
        let mut peer = self.upgraded().await;
        let hello = peer.request().await;
        peer.answer(hello.id, welcome(self.keepalive_interval_ms))
            .await;
        peer.hello = hello.body;
        peer
    }

    /// Accepts a websocket and says nothing on it.
    pub async fn upgraded(&self) -> Peer {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut seen = None;
        let socket = tokio_tungstenite::accept_hdr_async(stream, Accept(&mut seen)).await;
        Peer {
            socket: socket.unwrap(),
            handshake: seen.unwrap(),
            hello: Ask::SessionKeepalive {},
        }
    }

    /// Answers one HTTP request with a text; the request as it came.
    pub async fn http(&self, answer: &[u8]) -> String {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !is_whole(&request) {
            assert_ne!(
                stream.read_buf(&mut request).await.unwrap(),
                0,
                "end of request"
            );
        }
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
        String::from_utf8(request).unwrap()
    }
}

impl Peer {
    pub async fn request(&mut self) -> Request {
        loop {
            if let Message::Text(text) = self.message().await {
                return Request::parse(&text).unwrap();
            }
        }
    }

    /// Upload id, offset and data of the next frame, which is a chunk.
    pub async fn chunk(&mut self) -> (Uuid, u64, Vec<u8>) {
        let message = self.message().await;
        let Message::Binary(bytes) = message else {
            panic!("not a chunk: {message:?}");
        };
        let chunk = Chunk::decode(&bytes).unwrap();
        (chunk.upload, chunk.offset, chunk.data.to_vec())
    }

    pub async fn message(&mut self) -> Message {
        let next = timeout(DEADLINE, self.socket.next()).await;
        next.unwrap().expect("a message").unwrap()
    }

    pub async fn answer(&mut self, re: Uuid, answer: Answer) {
        self.send(ServerFrame::Answer { re, answer }).await;
    }

    pub async fn refuse(&mut self, re: Option<Uuid>, error: Refusal) {
        self.send(ServerFrame::Refused { re, error }).await;
    }

    pub async fn event(&mut self, seq: u64, event: Event) {
        self.send(ServerFrame::Event { seq, event }).await;
    }

    pub async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        self.socket.close(Some(frame)).await.unwrap();
    }

    /// Reads to the end of the TCP connection; the close frame, if one came.
    pub async fn end(mut self) -> Option<Option<CloseFrame>> {
        let mut closed = None;
        let reading = async {
            while let Some(Ok(message)) = self.socket.next().await {
                if let Message::Close(frame) = message {
                    closed = Some(frame);
                }
            }
        };
        timeout(DEADLINE, reading)
            .await
            .expect("the client ends the connection");
        closed
    }

    async fn send(&mut self, frame: ServerFrame) {
        self.socket
            .send(Message::text(frame.to_json()))
            .await
            .unwrap();
    }
}

/// Remembers the handshake and agrees to the sub-protocol.
struct Accept<'a>(&'a mut Option<Handshake>);

impl Callback for Accept<'_> {
    fn on_request(
        self,
        request: &Handshake,
        mut response: Response,
    ) -> Result<Response, ErrorResponse> {
        *self.0 = Some(request.clone());
        let protocol = "guildhall.v1".parse().unwrap();
        response
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", protocol);
        Ok(response)
    }
}

pub fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// The outcome of something that ends soon.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(DEADLINE, what).await.expect("in time")
}

pub fn closed(code: u16, reason: &str) -> ClientError {
    ClientError::Closed {
        code,
        reason: reason.into(),
    }
}

/// An HTTP answer with a body of known length.
pub fn http_answer(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.to_lowercase();
    let length = length.split_once("content-length: ");
    let length = length.map_or(0, |(_, rest)| rest.lines().next().unwrap().parse().unwrap());
    body.len() >= length
}

fn welcome(keepalive_interval_ms: u64) -> Answer {
    Answer::SessionWelcome {
        version: "guildhall.v1".into(),
        server_build: "test".into(),
        session: id(7),
        account: id(9),
        login: "aino".into(),
        realm: "main".into(),
        limits: Limits {
            frame_bytes_max: 67_584,
            message_bytes_max: 262_144,
            chunk_bytes_max: 65_536,
            upload_bytes_max: 1 << 27,
            state_bytes_max: 65_536,
            outbox_frames_max: 256,
            outbox_bytes_max: 1 << 20,
        },
        heartbeat: Heartbeat {
            ping_interval_ms: 10_000,
            liveness_timeout_ms: 15_000,
            keepalive_interval_ms,
            idle_timeout_ms: HOUR_MS,
        },
        saving: None,
    }
}
