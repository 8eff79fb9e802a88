//! The contents of boards, from one data directory to another. Each is read whole, compared with its hash, and
//! published in the target as an upload would be.

use std::collections::BTreeSet;

use diesel::prelude::*;
use uuid::Uuid;

use crate::blobs::{BlobHash, BlobStore, hex};
use crate::database::Database;
use crate::error::StoreError;
use crate::schema::board_revisions;

/// The contents that a copy has moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopiedBlobs {
    /// Contents that are whole in the target now.
    pub files: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// What was missing or damaged in the source and is not in the target, each as a sentence.
    pub left_behind: Vec<String>,
}

/// Copies every content that a row of `database` names. One that the target has already, whole, is not
/// written again. One that is damaged in the source is left behind and told: it must not keep the others
/// from being copied.
///
/// # Errors
/// The disk.
pub fn copy_blobs(
    database: &Database,
    from: &dyn BlobStore,
    to: &dyn BlobStore,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<CopiedBlobs, StoreError> {
    let hashes: Vec<Vec<u8>> = database.read(|conn| {
        Ok(board_revisions::table
            .select(board_revisions::hash)
            .distinct()
            .load(conn)?)
    })?;
    let hashes: BTreeSet<BlobHash> = hashes
        .into_iter()
        .filter_map(|hash| BlobHash::try_from(hash).ok())
        .collect();
    let mut copied = CopiedBlobs::default();
    for (done, hash) in hashes.iter().enumerate() {
        match copy_blob(hash, from, to) {
            Ok(bytes) => {
                copied.files += 1;
                copied.bytes = copied.bytes.saturating_add(bytes);
            }
            Err(error @ StoreError::Damaged { .. }) => copied.left_behind.push(error.to_string()),
            Err(error) => return Err(error),
        }
        progress(done + 1, hashes.len());
    }
    Ok(copied)
}

/// The length of the content.
fn copy_blob(hash: &BlobHash, from: &dyn BlobStore, to: &dyn BlobStore) -> Result<u64, StoreError> {
    if let Ok(Some(bytes)) = to.read(hash) {
        return Ok(length(&bytes));
    }
    let bytes = from.read(hash)?.ok_or_else(|| StoreError::Damaged {
        hash: hex(hash),
        detail: "there is no such file".to_owned(),
    })?;
    let mut partial = to.begin(Uuid::now_v7(), length(&bytes))?;
    to.append(&mut partial, &bytes)?;
    let sealed = to.seal(partial)?;
    to.publish(sealed)?;
    Ok(length(&bytes))
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
