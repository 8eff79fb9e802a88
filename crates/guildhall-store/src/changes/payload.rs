//! How documents appear in the payload of a refused change: as text where they are text.

use bytes::Bytes;
use serde::Serializer;

/// For `#[serde(serialize_with)]`.
pub(super) fn document<S: Serializer>(state: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    match std::str::from_utf8(state) {
        Ok(text) => serializer.serialize_str(text),
        Err(_) => serializer.collect_seq(state.iter()),
    }
}
