//! The asking half of a connection: cheap to clone, usable from many tasks at
//! once. Answers find their request by its id, in whatever order they come.

use std::sync::Arc;
use std::time::Duration;

use guildhall_protocol::{Answer, Ask, Receipt, Request};
use tokio::sync::{Notify, broadcast, mpsc};
use tokio::time::timeout;
use uuid::Uuid;

use crate::connection::Socket;
use crate::driver::{CLOSE_GRACE, Chunk, Driver};
use crate::events::EVENTS_MAX;
use crate::shared::Shared;
use crate::{ClientError, Events, Welcome};

/// Most requests that wait to be written; further ones wait in their callers.
const ASKS_MAX: usize = 64;
/// One chunk waits while one is written: enough to keep the socket busy.
const CHUNKS_MAX: usize = 1;
/// However often a server asks for it, a keep-alive is not sent more often than this.
const KEEPALIVE_MIN: Duration = Duration::from_millis(10);

/// Asks a server. The connection is closed when the last clone is dropped.
#[derive(Clone)]
pub struct Client {
    asks: mpsc::Sender<String>,
    pub(crate) chunks: mpsc::Sender<Chunk>,
    pub(crate) shared: Arc<Shared>,
    welcome: Arc<Welcome>,
    saves_until: Option<Receipt>,
    close: Arc<Notify>,
    abort: Arc<Notify>,
}

/// Starts the task of a connection that was welcomed.
pub(crate) fn start(
    socket: Socket,
    welcome: Welcome,
    saves_until: Option<Receipt>,
) -> (Client, Events) {
    let (asks, asked) = mpsc::channel(ASKS_MAX);
    let (chunks, chunked) = mpsc::channel(CHUNKS_MAX);
    let (told, ring) = broadcast::channel(EVENTS_MAX);
    let keepalive = Duration::from_millis(welcome.heartbeat.keepalive_interval_ms);
    let client = Client {
        asks,
        chunks,
        shared: Arc::default(),
        welcome: Arc::new(welcome),
        saves_until,
        close: Arc::default(),
        abort: Arc::default(),
    };
    let driver = Driver {
        asks: asked,
        chunks: chunked,
        close: Arc::clone(&client.close),
        abort: Arc::clone(&client.abort),
        keepalive: keepalive.max(KEEPALIVE_MIN),
    };
    let shared = Arc::clone(&client.shared);
    tokio::spawn(driver.run(socket, Arc::clone(&shared), told));
    (client, Events { ring, shared })
}

impl Client {
    /// Sends a request and waits for its answer. Dropping the future gives up
    /// the answer, not the request.
    ///
    /// # Errors
    /// `Refused`, or how the connection ended.
    pub async fn ask(&self, mut body: Ask) -> Result<Answer, ClientError> {
        if let Ask::CharacterSave { until, .. }
        | Ask::SavesTogether { until, .. }
        | Ask::ShipSave { until, .. } = &mut body
        {
            *until = until.or(self.saves_until);
        }
        let id = Uuid::now_v7();
        let pending = self.shared.expect(id)?;
        let text = Request { id, body }.to_json();
        if self.asks.send(text).await.is_err() {
            return Err(self.shared.ended());
        }
        pending.outcome().await
    }

    /// What the server said at the start: session, account, limits, heartbeat.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Closes with a close frame (1000) and waits until the connection is gone.
    /// A server that does not answer, or does not even read, is left after 4 s.
    pub async fn close(&self) {
        self.close.notify_one();
        if timeout(2 * CLOSE_GRACE, self.asks.closed()).await.is_err() {
            self.abort();
            self.asks.closed().await;
        }
    }

    /// Drops the TCP connection without a close frame, as a crash would.
    pub fn abort(&self) {
        self.abort.notify_one();
    }

    /// Waits for the end of the connection and tells how it ended.
    pub async fn ended(&self) -> ClientError {
        self.asks.closed().await;
        self.shared.ended()
    }
}
