//! The waiting side of a request with a deadline.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::reply::{CallError, Waiting};

/// A request that has been sent, or could not be.
pub(crate) struct Call<R> {
    request: Result<Waiting<R>, CallError>,
    timeout: Duration,
    clock: Clock,
}

/// A timer costs more than the answer of a process on the same arbiter. Such an answer is there when the waiting
/// task has its next turn, so only who still waits then starts the timer.
enum Clock {
    NotPolled,
    NextTurn,
    Started(Pin<Box<Sleep>>),
}

impl<R> Call<R> {
    pub fn new(request: Result<Waiting<R>, CallError>, timeout: Duration) -> Self {
        Self {
            request,
            timeout,
            clock: Clock::NotPolled,
        }
    }

    fn poll_clock(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Clock::NotPolled = self.clock {
            self.clock = Clock::NextTurn;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Clock::NextTurn = self.clock {
            self.clock = Clock::Started(Box::pin(sleep(self.timeout)));
        }
        match &mut self.clock {
            Clock::Started(timer) => timer.as_mut().poll(cx),
            Clock::NotPolled | Clock::NextTurn => Poll::Pending,
        }
    }
}

impl<R> Future for Call<R> {
    type Output = Result<R, CallError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let waiting = match &mut this.request {
            Ok(waiting) => waiting,
            Err(error) => return Poll::Ready(Err(error.clone())),
        };
        if let Poll::Ready(answer) = Pin::new(waiting).poll(cx) {
            return Poll::Ready(answer.map_err(CallError::from));
        }
        this.poll_clock(cx).map(|()| Err(CallError::Timeout))
    }
}
