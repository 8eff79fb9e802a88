//! An upload on its way: a file that grows, its hash beside it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::BlobHash;
use crate::error::StoreError;

/// A content that is still growing. Dropped, its file stays until it expires.
#[derive(Debug)]
pub struct Partial {
    file: File,
    path: PathBuf,
    hasher: blake3::Hasher,
    announced: u64,
    received: u64,
}

/// A content that is whole and durable, but has no name yet.
#[derive(Debug)]
pub struct Sealed {
    pub hash: BlobHash,
    /// Bytes.
    pub size: u64,
    /// Where its bytes can be read until it is published.
    pub path: PathBuf,
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
            path,
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
            remove(&self.path)?;
            return Err(StoreError::files("making an upload durable")(error));
        }
        Ok(Sealed {
            hash: self.hasher.finalize().into(),
            size: self.received,
            path: self.path,
        })
    }

    pub(super) fn discard(self) -> Result<(), StoreError> {
        remove(&self.path)
    }
}

pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    fs::remove_file(path).map_err(StoreError::files(format!("removing {}", path.display())))
}
