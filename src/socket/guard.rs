//! The frame guard: looks at every frame header before the codec buffers anything. A violation hands on the
//! good prefix and ends the stream with its close code; the window lets no new chunk in before enough of
//! the frames handed on were handled.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::task::AtomicWaker;
use guildhall_protocol::CloseCode;
use guildhall_rules::frames::{Breach, Scan};

/// Frames that may be handed on and not yet handled when another chunk is read. With frames of 64 KiB this
/// is 1 MiB of an upload in flight; with tiny frames one chunk's worth.
const IN_FLIGHT_MAX: usize = 16;

/// Shared by the guard, the socket and whoever still handles a frame.
pub(super) struct Window {
    in_flight: AtomicUsize,
    reader: AtomicWaker,
    violation: Mutex<Option<CloseCode>>,
}

/// The place of one frame in the window; dropping it gives the place back.
pub(super) struct Place(Arc<Window>);

impl Window {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            in_flight: AtomicUsize::new(0),
            reader: AtomicWaker::new(),
            violation: Mutex::new(None),
        })
    }

    /// The place of a frame that the guard has counted.
    pub(super) fn place(self: &Arc<Self>) -> Place {
        Place(Arc::clone(self))
    }

    /// Why the guard ended the stream, if it did.
    pub(super) fn violation(&self) -> Option<CloseCode> {
        *self
            .violation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn violated(&self, code: CloseCode) {
        *self
            .violation
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(code);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A codec error comes without a frame, so this may find nothing to give back.
        let taken = self
            .0
            .in_flight
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
        if taken.is_ok_and(|before| before <= IN_FLIGHT_MAX) {
            self.0.reader.wake();
        }
    }
}

/// See the file's head.
pub(super) struct Guard<S> {
    stream: S,
    window: Arc<Window>,
    scan: Scan,
    ended: bool,
}

impl<S> Guard<S> {
    pub(super) fn new(
        stream: S,
        window: Arc<Window>,
        frame_bytes_max: usize,
        message_bytes_max: usize,
    ) -> Self {
        Self {
            stream,
            window,
            scan: Scan::new(frame_bytes_max, message_bytes_max),
            ended: false,
        }
    }

    /// Counts the chunk's frames and cuts it before the first violation.
    fn pass(&mut self, chunk: Bytes) -> Option<Bytes> {
        let seen = self.scan.feed(&chunk);
        self.window
            .in_flight
            .fetch_add(seen.frames, Ordering::AcqRel);
        let Some(breach) = seen.breach else {
            return Some(chunk);
        };
        self.window.violated(code_of(breach));
        self.ended = true;
        (seen.good_bytes > 0).then(|| chunk.slice(..seen.good_bytes))
    }
}

impl<S> Stream for Guard<S>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        this.window.reader.register(cx.waker());
        if this.window.in_flight.load(Ordering::Acquire) >= IN_FLIGHT_MAX {
            return Poll::Pending;
        }
        match Pin::new(&mut this.stream).poll_next(cx) {
            Poll::Ready(Some(Ok(chunk))) => Poll::Ready(this.pass(chunk).map(Ok)),
            // A reset ends the stream like a FIN: the connection is lost either way.
            Poll::Ready(Some(Err(_)) | None) => {
                this.ended = true;
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

fn code_of(breach: Breach) -> CloseCode {
    match breach {
        Breach::Protocol => CloseCode::PROTOCOL_ERROR,
        Breach::TooBig => CloseCode::TOO_BIG,
    }
}
