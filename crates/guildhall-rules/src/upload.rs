//! The bookkeeping of one upload in chunks: which byte comes next, and is everything there.
//!
//! It holds no bytes and no hash; the process that owns the upload appends to a file and drives this.

#[cfg(test)]
mod tests;

/// How far one upload has come. Chunks come strictly in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadState {
    size_bytes: u64,
    chunk_bytes_max: u64,
    received_bytes: u64,
}

/// Why a chunk was refused. The state is unchanged; the client may go on at the right place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkRefusal {
    #[error("the next chunk must start at byte {expected}")]
    OutOfOrder { expected: u64 },
    #[error("{bytes} bytes are too many here: at most {allowed} may follow")]
    TooLong { bytes: u64, allowed: u64 },
    #[error("the chunk is empty")]
    Empty,
}

/// The upload cannot be committed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{missing_bytes} bytes are still missing")]
pub struct Incomplete {
    pub missing_bytes: u64,
}

impl UploadState {
    /// An upload of exactly `size_bytes`, in chunks of at most `chunk_bytes_max`.
    pub fn new(size_bytes: u64, chunk_bytes_max: u64) -> Self {
        Self {
            size_bytes,
            chunk_bytes_max,
            received_bytes: 0,
        }
    }

    /// Takes note of `len` bytes at `offset`, or says why they are not wanted.
    pub fn accept(&mut self, offset: u64, len: u64) -> Result<(), ChunkRefusal> {
        let expected = self.received_bytes;
        if offset != expected {
            return Err(ChunkRefusal::OutOfOrder { expected });
        }
        if len == 0 {
            return Err(ChunkRefusal::Empty);
        }
        let allowed = self.missing().min(self.chunk_bytes_max);
        if len > allowed {
            let bytes = len;
            return Err(ChunkRefusal::TooLong { bytes, allowed });
        }
        self.received_bytes += len;
        Ok(())
    }

    /// Bytes taken so far; also the offset of the next chunk.
    pub fn received(&self) -> u64 {
        self.received_bytes
    }

    /// The size that was announced.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// `Ok` once every announced byte is there.
    pub fn complete(&self) -> Result<(), Incomplete> {
        match self.missing() {
            0 => Ok(()),
            missing_bytes => Err(Incomplete { missing_bytes }),
        }
    }

    fn missing(&self) -> u64 {
        self.size_bytes.saturating_sub(self.received_bytes)
    }
}
