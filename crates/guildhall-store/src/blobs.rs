//! The bytes of boards: content-addressed, whole or not there at all. The order that makes it
//! so: write, fsync the file, rename, fsync the directory, and only then (by the caller) the
//! row. A trait, so that an object store can take the files' place.

mod dirs;
mod file;
mod partial;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use uuid::Uuid;

use crate::error::StoreError;

pub(crate) use dirs::sync;
pub use file::FileBlobs;
pub(crate) use file::content_of;
pub use partial::{Partial, PartialPath, Sealed};

/// A BLAKE3 hash: the name of a content.
pub type BlobHash = [u8; 32];

/// Where contents are kept.
pub trait BlobStore: Send + Sync {
    /// Opens a partial for an upload of exactly `size` bytes.
    ///
    /// # Errors
    /// The upload has a partial already; the disk.
    fn begin(&self, upload: Uuid, size: u64) -> Result<Partial, StoreError>;

    /// Adds bytes, hashing them as they come.
    ///
    /// # Errors
    /// [`StoreError::UploadTooLong`], with nothing written; the disk.
    fn append(&self, partial: &mut Partial, bytes: &[u8]) -> Result<(), StoreError> {
        partial.append(bytes)
    }

    /// Makes the content durable, still invisible under its hash.
    ///
    /// # Errors
    /// [`StoreError::UploadTooShort`]; the disk. Then the partial is gone: after a failed fsync
    /// nobody knows what the disk holds, so it is never tried again.
    fn seal(&self, partial: Partial) -> Result<Sealed, StoreError> {
        partial.seal()
    }

    /// Makes a sealed content visible under its hash, durably. It takes the place of a content
    /// that is there already, so that uploading once more heals a damaged one.
    ///
    /// # Errors
    /// The disk; then the content must not be named in any row.
    fn publish(&self, sealed: Sealed) -> Result<BlobHash, StoreError>;

    /// The content, checked against its hash; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Damaged`]; the disk.
    fn read(&self, hash: &BlobHash) -> Result<Option<Vec<u8>>, StoreError>;

    /// Where the content lies, for streaming it out unread. It need not exist.
    fn path(&self, hash: &BlobHash) -> PathBuf;

    /// Throws a partial away.
    ///
    /// # Errors
    /// The disk.
    fn discard(&self, partial: Partial) -> Result<(), StoreError> {
        partial.discard()
    }

    /// Throws a sealed content away that is not to be published.
    ///
    /// # Errors
    /// The disk.
    fn withdraw(&self, sealed: Sealed) -> Result<(), StoreError> {
        sealed.path.remove()
    }

    /// Throws away partials that were not written to for so long; returns how many.
    ///
    /// # Errors
    /// The disk.
    fn expire_partials(&self, older_than: Duration) -> Result<usize, StoreError>;

    /// Reads every content and compares it with its hash.
    ///
    /// # Errors
    /// A directory cannot be read; damaged contents are in the report.
    fn scrub(&self) -> Result<ScrubReport, StoreError>;
}

/// What a scrub found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrubReport {
    /// Length in bytes of each content that is what its name says.
    pub whole: BTreeMap<BlobHash, u64>,
    /// Files whose content is not what their name says, or cannot be read.
    pub damaged: Vec<PathBuf>,
}

impl ScrubReport {
    /// Contents that were looked at.
    pub fn checked(&self) -> usize {
        self.whole.len() + self.damaged.len()
    }
}

/// The hash as 64 hexadecimal digits.
pub fn hex(hash: &BlobHash) -> String {
    blake3::Hash::from_bytes(*hash).to_hex().to_string()
}
