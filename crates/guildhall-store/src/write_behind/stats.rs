//! The figures of a buffer, for the status page.

use std::time::Duration;

/// A snapshot. Counters run since the buffer was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BufferStats {
    /// Writes that wait or are in flight.
    pub dirty: usize,
    /// Bytes of their states and documents.
    pub dirty_bytes: usize,
    /// Writes in the batch under way.
    pub in_flight: usize,
    /// Age of the oldest write without an outcome.
    pub oldest_unsaved_age: Option<Duration>,
    pub submitted: u64,
    /// Saves that were committed by a newer one of the same window.
    pub coalesced: u64,
    pub committed: u64,
    pub refused: u64,
    pub batches: u64,
    /// Batches that failed as a whole and were put back.
    pub aborted: u64,
    /// Writes turned away because the buffer was full.
    pub overloaded: u64,
    pub last_batch_ms: u64,
}
