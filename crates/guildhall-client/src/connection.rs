//! From a base URL and a token to a live connection: websocket handshake,
//! `session.hello`, welcome. Only then does anyone get a handle, so every
//! [`Client`] has a welcome.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use guildhall_protocol::http::SOCKET_PATH;
use guildhall_protocol::{
    Answer, Ask, Heartbeat, Limits, Request, SUB_PROTOCOL, SavingState, ServerFrame, TICKET_PREFIX,
};
use reqwest::header::{
    CONNECTION, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Upgraded};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use uuid::Uuid;

use crate::client::start;
use crate::driver::closed;
use crate::http::refused;
use crate::{Client, ClientError, Events, HttpClient};

pub(crate) type Socket = WebSocketStream<Upgraded>;

const BUILD: &str = concat!("guildhall-client ", env!("CARGO_PKG_VERSION"));
/// From the first byte to the welcome.
const OPEN_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest message that is taken from a server. Lists are the longest; far beyond any real one.
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What proves who connects.
#[derive(Clone)]
pub enum Credential {
    /// Bearer token of a sign-in.
    Token(String),
    /// Single-use ticket of [`crate::Account::socket_ticket`].
    Ticket(String),
}

/// A connection that is not open yet.
pub struct Connection {
    http: HttpClient,
    credential: Credential,
    build: String,
    device: Option<String>,
    origin: Option<String>,
}

/// What the server said at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    pub server_build: String,
    pub session: Uuid,
    pub account: Uuid,
    pub login: String,
    pub realm: String,
    pub limits: Limits,
    pub heartbeat: Heartbeat,
    /// How saving went when the connection was made; later changes come as events.
    pub saving: SavingState,
}

impl Connection {
    /// Connects to the server at `url` (`http://host:port`) with a token.
    ///
    /// # Errors
    /// Those of [`Connection::open`].
    pub async fn connect(url: &str, token: &str) -> Result<(Client, Events), ClientError> {
        let credential = Credential::Token(token.to_owned());
        Self::new(HttpClient::new(url)?, credential).open().await
    }

    pub fn new(http: HttpClient, credential: Credential) -> Self {
        Self {
            http,
            credential,
            build: BUILD.to_owned(),
            device: None,
            origin: None,
        }
    }

    /// Name and version of the game, for the server's log.
    #[must_use]
    pub fn build(mut self, build: impl Into<String>) -> Self {
        self.build = build.into();
        self
    }

    /// Names the device, for people to read.
    #[must_use]
    pub fn device(mut self, device: impl Into<String>) -> Self {
        self.device = Some(device.into());
        self
    }

    /// Sends an `Origin` header, as a browser does.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Opens the connection and waits for the welcome.
    ///
    /// # Errors
    /// `Http` when the handshake is refused, `Refused` when the hello is,
    /// `Closed`, `Lost`, `Unreachable`, `Protocol`.
    pub async fn open(self) -> Result<(Client, Events), ClientError> {
        let late = |_| ClientError::Unreachable {
            cause: format!("no welcome within {} s", OPEN_TIMEOUT.as_secs()),
        };
        let welcomed = timeout(OPEN_TIMEOUT, self.welcomed());
        let (socket, welcome) = welcomed.await.map_err(late)??;
        Ok(start(socket, welcome, self.http.saves_until))
    }

    async fn welcomed(&self) -> Result<(Socket, Welcome), ClientError> {
        let mut socket = self.upgrade().await?;
        let welcome = greet(&mut socket, self.hello()).await?;
        Ok((socket, welcome))
    }

    fn hello(&self) -> Ask {
        Ask::SessionHello {
            build: self.build.clone(),
            device: self.device.clone(),
            features: Vec::new(),
        }
    }

    /// The handshake goes through the HTTP client, so that a refusal's body is
    /// read whole and a refusal looks the same on every path.
    async fn upgrade(&self) -> Result<Socket, ClientError> {
        let key = generate_key();
        let response = self.handshake(&key).send().await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refused(response).await);
        }
        let header = |name| response.headers().get(name).map(|value| value.as_bytes());
        if header(SEC_WEBSOCKET_ACCEPT) != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
            return Err(ClientError::protocol("wrong Sec-WebSocket-Accept"));
        }
        if header(SEC_WEBSOCKET_PROTOCOL) != Some(SUB_PROTOCOL.as_bytes()) {
            return Err(ClientError::protocol(format!("no {SUB_PROTOCOL} here")));
        }
        Ok(websocket(response).await?)
    }

    fn handshake(&self, key: &str) -> RequestBuilder {
        let mut protocols = SUB_PROTOCOL.to_owned();
        let mut request = self.http.request(Method::GET, SOCKET_PATH);
        match &self.credential {
            Credential::Token(token) => request = request.bearer_auth(token),
            Credential::Ticket(ticket) => protocols += &format!(", {TICKET_PREFIX}{ticket}"),
        }
        if let Some(origin) = &self.origin {
            request = request.header(ORIGIN, origin);
        }
        request
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, key)
            .header(SEC_WEBSOCKET_PROTOCOL, protocols)
    }
}

async fn websocket(response: Response) -> reqwest::Result<Socket> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    let stream = response.upgrade().await?;
    Ok(WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await)
}

/// Says hello and waits for what comes back; nothing else is due before it.
async fn greet(socket: &mut Socket, body: Ask) -> Result<Welcome, ClientError> {
    let hello = Request {
        id: Uuid::now_v7(),
        body,
    };
    let text = Message::text(hello.to_json());
    socket.send(text).await.map_err(ClientError::lost)?;
    while let Some(message) = socket.next().await {
        match message.map_err(ClientError::lost)? {
            Message::Text(text) => return welcome(&text),
            Message::Close(frame) => return Err(closed(frame)),
            _ => {}
        }
    }
    Err(ClientError::lost("no welcome"))
}

fn welcome(text: &str) -> Result<Welcome, ClientError> {
    match ServerFrame::parse(text).map_err(ClientError::protocol)? {
        ServerFrame::Answer {
            answer:
                Answer::SessionWelcome {
                    version: _,
                    server_build,
                    session,
                    account,
                    login,
                    realm,
                    limits,
                    heartbeat,
                    saving,
                },
            ..
        } => Ok(Welcome {
            server_build,
            session,
            account,
            login,
            realm,
            limits,
            heartbeat,
            saving: saving.unwrap_or_default(),
        }),
        ServerFrame::Refused { error, .. } => Err(ClientError::Refused(error)),
        _ => Err(ClientError::protocol("no welcome came first")),
    }
}
