//! The binary frame of an upload: 16 bytes upload id, 8 bytes big-endian byte
//! offset, then 1..=65536 bytes of data. Only the shape is checked here;
//! whether the offset is the expected one is the board's business.

use uuid::Uuid;

use crate::{Code, Refusal};

/// Bytes before the data: the upload's id and the offset.
pub const CHUNK_HEADER_BYTES: usize = 24;

/// Most data in one chunk. Small enough that other traffic of the connection
/// never waits long behind one.
pub const CHUNK_BYTES_MAX: usize = 65_536;

/// One piece of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    pub upload: Uuid,
    /// Where in the upload the data begins, in bytes.
    pub offset: u64,
    pub data: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Reads a binary frame.
    ///
    /// # Errors
    /// `chunk_malformed` when the header is cut short, or there is no data or
    /// more than [`CHUNK_BYTES_MAX`].
    pub fn decode(frame: &'a [u8]) -> Result<Self, Refusal> {
        let short = || malformed(format!("{} bytes are no chunk.", frame.len()));
        let (upload, rest) = frame.split_first_chunk::<16>().ok_or_else(short)?;
        let (offset, data) = rest.split_first_chunk::<8>().ok_or_else(short)?;
        if data.is_empty() || data.len() > CHUNK_BYTES_MAX {
            return Err(malformed(format!(
                "The chunk has {} bytes of data.",
                data.len()
            )));
        }
        Ok(Self {
            upload: Uuid::from_bytes(*upload),
            offset: u64::from_be_bytes(*offset),
            data,
        })
    }

    /// The binary frame of this chunk.
    pub fn encode(&self) -> Vec<u8> {
        let mut frame = Vec::with_capacity(CHUNK_HEADER_BYTES + self.data.len());
        frame.extend_from_slice(self.upload.as_bytes());
        frame.extend_from_slice(&self.offset.to_be_bytes());
        frame.extend_from_slice(self.data);
        frame
    }
}

fn malformed(message: String) -> Refusal {
    Refusal::new(Code::ChunkMalformed, message)
}
