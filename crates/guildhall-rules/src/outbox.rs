//! What waits to be sent to one peer: bounded in frames and bytes, handed on by credit.
//!
//! Credit is what was handed to the socket and not yet acknowledged. An acknowledgement means "handed
//! to HTTP", not "read by the peer", so a peer that never reads is found by the write deadline.
//! Overflow is an end (`slow_reader`), never a silent drop: the session that sees it closes.

use std::collections::VecDeque;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// The bounds. `Limits::outbox_limits` makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxLimits {
    /// Frames that may wait or be in flight.
    pub frames_max: usize,
    /// Bytes that may wait or be in flight.
    pub bytes_max: usize,
    /// Frames that may be in flight.
    pub credit_frames: usize,
    /// Bytes that may be in flight; a single larger frame goes when nothing else is.
    pub credit_bytes: usize,
    /// Frames in flight without any acknowledgement for this long mean that the peer does not read.
    pub write_timeout: Duration,
}

/// The frame did not fit; it comes back to the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the outbox is full: {frames} frames, {bytes} bytes")]
pub struct Overflow<F> {
    pub frame: F,
    /// What the outbox held when it refused.
    pub frames: usize,
    pub bytes: usize,
}

/// Frames on their way to one peer, first in, first out.
#[derive(Debug)]
pub struct Outbox<F> {
    limits: OutboxLimits,
    waiting: VecDeque<(F, usize)>,
    waiting_bytes: usize,
    flying_frames: usize,
    flying_bytes: usize,
    last_progress: Duration,
}

impl<F> Outbox<F> {
    pub fn new(limits: OutboxLimits) -> Self {
        Self {
            limits,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            flying_frames: 0,
            flying_bytes: 0,
            last_progress: Duration::ZERO,
        }
    }

    /// Puts a frame of `bytes` at the end, or gives it back when a bound would be passed.
    pub fn push(&mut self, frame: F, bytes: usize) -> Result<(), Overflow<F>> {
        let full = self.frames() >= self.limits.frames_max
            || self.bytes().saturating_add(bytes) > self.limits.bytes_max;
        if full {
            let (frames, bytes) = (self.frames(), self.bytes());
            return Err(Overflow {
                frame,
                frames,
                bytes,
            });
        }
        self.waiting.push_back((frame, bytes));
        self.waiting_bytes += bytes;
        Ok(())
    }

    /// The next frame that credit allows, now in flight. Call it until it says `None`.
    pub fn take_sendable(&mut self, now: Duration) -> Option<F> {
        let &(_, bytes) = self.waiting.front()?;
        let idle = self.flying_frames == 0;
        let in_credit = self.flying_frames < self.limits.credit_frames
            && self.flying_bytes.saturating_add(bytes) <= self.limits.credit_bytes;
        if !idle && !in_credit {
            return None;
        }
        if idle {
            self.last_progress = self.last_progress.max(now);
        }
        let (frame, bytes) = self.waiting.pop_front()?;
        self.waiting_bytes = self.waiting_bytes.saturating_sub(bytes);
        self.flying_frames += 1;
        self.flying_bytes += bytes;
        Some(frame)
    }

    /// The socket handed on `frames` frames of `bytes` bytes in all. More than is in flight counts as all.
    pub fn acked(&mut self, frames: usize, bytes: usize, now: Duration) {
        self.flying_frames = self.flying_frames.saturating_sub(frames);
        self.flying_bytes = match self.flying_frames {
            // Whoever acknowledges by frames alone must not eat up the credit in bytes.
            0 => 0,
            _ => self.flying_bytes.saturating_sub(bytes),
        };
        self.last_progress = self.last_progress.max(now);
    }

    /// When the peer counts as one that does not read; `None` while nothing is in flight.
    pub fn write_deadline(&self) -> Option<Duration> {
        let deadline = self.last_progress.saturating_add(self.limits.write_timeout);
        (self.flying_frames > 0).then_some(deadline)
    }

    /// Has the write deadline passed?
    pub fn overdue(&self, now: Duration) -> bool {
        self.write_deadline()
            .is_some_and(|deadline| now >= deadline)
    }

    /// Frames that wait or are in flight.
    pub fn frames(&self) -> usize {
        self.waiting.len() + self.flying_frames
    }

    /// Bytes that wait or are in flight.
    pub fn bytes(&self) -> usize {
        self.waiting_bytes + self.flying_bytes
    }

    /// More than half of a bound is used: time to take no more in from this peer until it has read.
    pub fn is_half_full(&self) -> bool {
        let half = |limit: usize| limit / 2;
        self.frames() > half(self.limits.frames_max) || self.bytes() > half(self.limits.bytes_max)
    }

    /// Nothing waits and nothing is in flight.
    pub fn is_empty(&self) -> bool {
        self.frames() == 0
    }
}
