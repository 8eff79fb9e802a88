//! The response body round the socket process: catches a panic of the process, tells the peer 1011, and
//! ends every websocket by ending the body with an error once all was flushed, because only then does the
//! HTTP layer close the connection at once.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::Error;
use bytes::Bytes;
use futures_util::Stream;
use guildhall_protocol::CloseCode;

/// First byte of a close frame: FIN and opcode 8.
const CLOSE_FRAME: u8 = 0x88;

/// See the file's head.
pub(super) struct Outgoing {
    state: State,
}

type Body = Pin<Box<dyn Stream<Item = Result<Bytes, Error>>>>;

enum State {
    Running(Body),
    /// Everything is handed on; one turn without a frame lets the connection flush it.
    Ended,
    Flushed,
    Done,
}

#[derive(Debug)]
struct WebsocketEnded;

impl std::fmt::Display for WebsocketEnded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the websocket has ended")
    }
}

impl actix_web::ResponseError for WebsocketEnded {}

impl Outgoing {
    pub(super) fn new(body: impl Stream<Item = Result<Bytes, Error>> + 'static) -> Self {
        Self {
            state: State::Running(Box::pin(body)),
        }
    }

    fn flush(&mut self, cx: &Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        self.state = State::Flushed;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The process panicked: nothing of it is polled again.
    fn panicked(&mut self, panic: &(dyn Any + Send)) -> Poll<Option<Result<Bytes, Error>>> {
        let message = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_string())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        log::error!("a socket process panicked: {message}");
        let running = std::mem::replace(&mut self.state, State::Ended);
        if catch_unwind(AssertUnwindSafe(move || drop(running))).is_err() {
            log::error!("a socket process panicked again while it was dropped");
        }
        Poll::Ready(Some(Ok(close_frame(CloseCode::INTERNAL_ERROR))))
    }
}

/// A close frame as the server sends it, unmasked.
fn close_frame(code: CloseCode) -> Bytes {
    let reason = code.reason.as_bytes();
    let len = u8::try_from(reason.len() + 2).unwrap_or(2);
    let mut frame = vec![CLOSE_FRAME, len];
    frame.extend_from_slice(&code.code.to_be_bytes());
    frame.extend(reason.iter().take(usize::from(len) - 2));
    Bytes::from(frame)
}

impl Stream for Outgoing {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        match &mut this.state {
            State::Running(body) => {
                match catch_unwind(AssertUnwindSafe(|| body.as_mut().poll_next(cx))) {
                    Ok(Poll::Ready(None)) => this.flush(cx),
                    Ok(polled) => polled,
                    Err(panic) => this.panicked(panic.as_ref()),
                }
            }
            State::Ended => this.flush(cx),
            State::Flushed => {
                this.state = State::Done;
                Poll::Ready(Some(Err(WebsocketEnded.into())))
            }
            State::Done => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests;
