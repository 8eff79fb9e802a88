//! The contents of boards, from one data directory to another. Each is read whole, compared with its hash, and
//! published in the target as an upload would be.

use std::collections::BTreeSet;

use diesel::prelude::*;
use uuid::Uuid;

use crate::blobs::{BlobHash, BlobStore, hex};
use crate::database::Database;
use crate::error::StoreError;
use crate::schema::board_revisions;

/// Copies every content that a row of `database` names and returns how many there are. One that the target
/// has already, whole, is not written again.
///
/// # Errors
/// [`StoreError::Damaged`] for one that is missing or not what its name says; the disk.
pub fn copy_blobs(
    database: &Database,
    from: &dyn BlobStore,
    to: &dyn BlobStore,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<usize, StoreError> {
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
    for (done, hash) in hashes.iter().enumerate() {
        copy_blob(hash, from, to)?;
        progress(done + 1, hashes.len());
    }
    Ok(hashes.len())
}

fn copy_blob(hash: &BlobHash, from: &dyn BlobStore, to: &dyn BlobStore) -> Result<(), StoreError> {
    if let Ok(Some(_)) = to.read(hash) {
        return Ok(());
    }
    let bytes = from.read(hash)?.ok_or_else(|| StoreError::Damaged {
        hash: hex(hash),
        detail: "there is no such file".to_owned(),
    })?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut partial = to.begin(Uuid::now_v7(), size)?;
    to.append(&mut partial, &bytes)?;
    let sealed = to.seal(partial)?;
    to.publish(sealed)?;
    Ok(())
}
