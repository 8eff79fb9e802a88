//! An upload on its way: a file that grows, its hash beside it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::BlobHash;
use crate::error::StoreError;

/// A content that is still growing. Dropped, it takes its file with it; only a crash leaves one
/// behind, until it expires.
#[derive(Debug)]
pub struct Partial {
    file: File,
    path: PartialPath,
    hasher: blake3::Hasher,
    announced: u64,
    received: u64,
}

/// A content that is whole and durable, but has no name yet. Dropped unpublished, it takes its
/// file with it.
#[derive(Debug)]
pub struct Sealed {
    pub hash: BlobHash,
    /// Bytes.
    pub size: u64,
    /// Where its bytes can be read until it is published.
    pub path: PartialPath,
}

/// The path of a file that nothing names yet; the file goes when this is dropped.
#[derive(Debug)]
pub struct PartialPath {
    path: PathBuf,
    is_mine: bool,
}

impl PartialPath {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            is_mine: true,
        }
    }

    /// Gives the file its lasting name.
    pub(super) fn rename(mut self, target: &Path) -> Result<(), StoreError> {
        fs::rename(&self.path, target).map_err(StoreError::files("publishing a content"))?;
        self.is_mine = false;
        Ok(())
    }

    /// Removes the file, and tells when that fails.
    pub(super) fn remove(mut self) -> Result<(), StoreError> {
        self.is_mine = false;
        remove(&self.path)
    }
}

impl AsRef<Path> for PartialPath {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

impl Drop for PartialPath {
    /// A file that cannot be removed now expires later, as one that is gone already has.
    fn drop(&mut self) {
        if self.is_mine {
            let _left_behind = fs::remove_file(&self.path);
        }
    }
}

impl Partial {
    pub(super) fn create(path: PathBuf, announced: u64) -> Result<Self, StoreError> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(StoreError::files(format!("beginning {}", path.display())))?;
        Ok(Self {
            file,
            path: PartialPath::new(path),
            hasher: blake3::Hasher::new(),
            announced,
            received: 0,
        })
    }

    /// Bytes so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let too_long = StoreError::UploadTooLong {
            announced: self.announced,
        };
        let received = u64::try_from(bytes.len())
            .ok()
            .and_then(|more| self.received.checked_add(more));
        let Some(received) = received.filter(|received| *received <= self.announced) else {
            return Err(too_long);
        };
        self.file
            .write_all(bytes)
            .map_err(StoreError::files("writing an upload"))?;
        self.hasher.update(bytes);
        self.received = received;
        Ok(())
    }

    pub(super) fn seal(self) -> Result<Sealed, StoreError> {
        if self.received < self.announced {
            let (announced, received) = (self.announced, self.received);
            self.discard()?;
            return Err(StoreError::UploadTooShort {
                announced,
                received,
            });
        }
        if let Err(error) = self.file.sync_all() {
            self.path.remove()?;
            return Err(StoreError::files("making an upload durable")(error));
        }
        Ok(Sealed {
            hash: self.hasher.finalize().into(),
            size: self.received,
            path: self.path,
        })
    }

    pub(super) fn discard(self) -> Result<(), StoreError> {
        self.path.remove()
    }
}

pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    fs::remove_file(path).map_err(StoreError::files(format!("removing {}", path.display())))
}
