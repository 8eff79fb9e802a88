//! The one writer of a database: every write of the server passes here. It lives wherever its
//! owner runs blocking work; when that dies in the middle, the writer goes with it, the open
//! transaction is undone, and `Database::writer` gives out a new one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::backend::BatchWriter;
use crate::error::StoreError;
use crate::write_behind::{Batch, BatchReport};

/// Writes batches. There is at most one per [`crate::Database`].
pub struct Writer {
    backend: BatchWriter,
    _claim: Claim,
}

impl Writer {
    pub(crate) fn new(backend: BatchWriter, claim: Claim) -> Self {
        Self {
            backend,
            _claim: claim,
        }
    }

    /// Writes the batch in one transaction: each unit alone, the refused ones recorded, the
    /// rest committed. The report comes after the commit. Giving a batch again whose commit has
    /// an unknown outcome is safe: the watermark tells.
    ///
    /// # Errors
    /// The whole batch failed (busy, disk, lost file): nothing of it is durable as far as is
    /// known, nobody was refused, and it should be given again after a while.
    pub fn flush(&mut self, batch: &Batch) -> Result<BatchReport, StoreError> {
        self.backend.flush(batch)
    }

    /// What a writer does between batches, when nobody waits for it any more. Without it everything works, but
    /// now and then a batch takes long.
    pub fn rest(&mut self) {
        self.backend.rest();
    }
}

/// The right to be the writer; given back when dropped.
pub(crate) struct Claim(Arc<AtomicBool>);

impl Claim {
    pub(crate) fn take(taken: &Claims) -> Result<Self, StoreError> {
        let taken = Arc::clone(&taken.0.lock().unwrap_or_else(PoisonError::into_inner));
        if taken.swap(true, Ordering::AcqRel) {
            return Err(StoreError::WriterTaken);
        }
        Ok(Self(taken))
    }
}

/// Whether there is a writer. All clones are one.
#[derive(Clone, Default)]
pub(crate) struct Claims(Arc<Mutex<Arc<AtomicBool>>>);

impl Claims {
    /// There is none, whatever an earlier one still does.
    pub(crate) fn reset(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
