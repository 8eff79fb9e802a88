//! The one task of a connection. It always reads, also while a write is stuck:
//! pings are answered and close frames seen whatever the handles do. It ends
//! with the connection, and with it everything that waited.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use guildhall_protocol::{Ask, CloseCode, Event, Request, ServerFrame};
use tokio::sync::{Notify, broadcast, mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use uuid::Uuid;

use crate::ClientError;
use crate::connection::Socket;
use crate::events::{NumberedEvent, Told};
use crate::shared::Shared;

/// How long the other side may take to finish a close that one side began.
pub(crate) const CLOSE_GRACE: Duration = Duration::from_secs(2);
/// A peer that takes in no message for this long is given up; 64 KiB in it is 2 KiB/s.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// A chunk on its way, with who wants to know that it was written.
pub(crate) type Chunk = (Vec<u8>, oneshot::Sender<()>);

/// The driver's ends of the handles' queues.
pub(crate) struct Driver {
    pub(crate) asks: mpsc::Receiver<String>,
    pub(crate) chunks: mpsc::Receiver<Chunk>,
    pub(crate) close: Arc<Notify>,
    pub(crate) abort: Arc<Notify>,
    pub(crate) keepalive: Duration,
}

impl Driver {
    /// Runs the connection to its end. When this returns, the TCP connection is
    /// dropped and whoever waited knows why.
    pub(crate) async fn run(
        mut self,
        socket: Socket,
        shared: Arc<Shared>,
        events: broadcast::Sender<Told>,
    ) {
        let (sink, stream) = socket.split();
        let abort = Arc::clone(&self.abort);
        let ended = tokio::select! {
            ended = read(stream, &shared, &events) => ended,
            ended = self.write_until_closed(sink) => ended,
            () = abort.notified() => ClientError::lost("aborted by this client"),
        };
        shared.end(ended);
    }

    /// Writes until there is nothing more to write, then leaves the reader a
    /// moment to see the close frame that explains it.
    async fn write_until_closed(&mut self, sink: SplitSink<Socket, Message>) -> ClientError {
        let ended = self.write(sink).await;
        sleep(CLOSE_GRACE).await;
        ended
    }

    async fn write(&mut self, mut sink: SplitSink<Socket, Message>) -> ClientError {
        let mut keepalive = interval_at(Instant::now() + self.keepalive, self.keepalive);
        keepalive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut written = None;
            // Biased: a request never waits for more than the chunk that is under way.
            let message = tokio::select! {
                biased;
                () = self.close.notified() => normal_close(),
                ask = self.asks.recv() => ask.map_or_else(normal_close, Message::text),
                _ = keepalive.tick() => Message::text(keepalive_text()),
                Some((chunk, tell)) = self.chunks.recv() => {
                    written = Some(tell);
                    Message::binary(chunk)
                }
            };
            let closing = message.is_close();
            match timeout(WRITE_TIMEOUT, sink.send(message)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return ClientError::lost(error),
                Err(_) => return ClientError::lost("the server does not read"),
            }
            if closing {
                return ClientError::lost("the server did not answer the close frame");
            }
            if let Some(written) = written {
                // An upload that was given up in the meantime needs no word.
                let _ = written.send(());
            }
        }
    }
}

async fn read(
    mut stream: SplitStream<Socket>,
    shared: &Shared,
    events: &broadcast::Sender<Told>,
) -> ClientError {
    while let Some(message) = stream.next().await {
        let handled = match message {
            Ok(Message::Text(text)) => deliver(&text, shared, events),
            Ok(Message::Close(frame)) => {
                // Reading on is what sends our half of the close.
                let _ = timeout(CLOSE_GRACE, stream.next()).await;
                return closed(frame);
            }
            Ok(Message::Binary(_)) => Err(ClientError::protocol("a binary frame")),
            Ok(_) => Ok(()),
            Err(error) => Err(ClientError::lost(error)),
        };
        if let Err(ended) = handled {
            return ended;
        }
    }
    ClientError::lost("end of stream")
}

fn deliver(
    text: &str,
    shared: &Shared,
    events: &broadcast::Sender<Told>,
) -> Result<(), ClientError> {
    // An outcome nobody waits for is that of a keep-alive or of a dropped call;
    // an event nobody listens to is dropped with its receiver's consent.
    match ServerFrame::parse(text).map_err(ClientError::protocol)? {
        ServerFrame::Answer { re, answer } => {
            shared.resolve(re, Ok(answer));
        }
        ServerFrame::Refused {
            re: Some(re),
            error,
        } => {
            shared.resolve(re, Err(ClientError::Refused(error)));
        }
        ServerFrame::Refused { re: None, error } => {
            let _ = events.send(Err(error));
        }
        ServerFrame::Event { seq, event } => {
            if let Event::UploadRefused { upload, error } = &event {
                shared.upload_refused(*upload, error);
            }
            let _ = events.send(Ok(NumberedEvent { seq, event }));
        }
        ServerFrame::Unknown(_) => {}
    }
    Ok(())
}

/// What a close frame says; RFC 6455 §7.1.5 gives 1005 to one without a code.
pub(crate) fn closed(frame: Option<CloseFrame>) -> ClientError {
    match frame {
        Some(frame) => ClientError::Closed {
            code: frame.code.into(),
            reason: frame.reason.to_string(),
        },
        None => ClientError::Closed {
            code: 1005,
            reason: String::new(),
        },
    }
}

fn normal_close() -> Message {
    Message::Close(Some(CloseFrame {
        code: CloseCode::NORMAL.code.into(),
        reason: CloseCode::NORMAL.reason.into(),
    }))
}

fn keepalive_text() -> String {
    let request = Request {
        id: Uuid::now_v7(),
        body: Ask::SessionKeepalive {},
    };
    request.to_json()
}
