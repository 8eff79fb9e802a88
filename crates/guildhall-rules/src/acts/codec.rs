//! States and records as bytes: JSON under a version, `{"schema": 1, "body": {…}}`. Fields that are not known are
//! ignored, a version that is not known is refused.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::apply::ActRecord;
use super::state::ActState;

/// The version that is written, and the only one so far.
pub const SCHEMA_VERSION: u32 = 1;

/// Why bytes are no state and no record.
#[derive(Debug, thiserror::Error)]
pub enum CodecFault {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("version {found} is not known here, only {SCHEMA_VERSION}")]
    Schema { found: u32 },
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    schema: u32,
    body: T,
}

/// Read first, whatever the body is like.
#[derive(Deserialize)]
struct VersionOnly {
    schema: u32,
}

impl ActState {
    /// The state as a checkpoint keeps it.
    pub fn encode(&self) -> Result<Vec<u8>, CodecFault> {
        encode(self)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, CodecFault> {
        decode(bytes)
    }
}

impl ActRecord {
    /// The act as the log keeps it, at most [`super::ACT_BYTES_MAX`] bytes of what was judged.
    pub fn encode(&self) -> Result<Vec<u8>, CodecFault> {
        encode(self)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, CodecFault> {
        decode(bytes)
    }
}

fn encode<T: Serialize>(body: &T) -> Result<Vec<u8>, CodecFault> {
    let schema = SCHEMA_VERSION;
    Ok(serde_json::to_vec(&Versioned { schema, body })?)
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecFault> {
    let VersionOnly { schema } = serde_json::from_slice(bytes)?;
    if schema != SCHEMA_VERSION {
        return Err(CodecFault::Schema { found: schema });
    }
    Ok(serde_json::from_slice::<Versioned<T>>(bytes)?.body)
}
