//! Contents as files: `blobs/ab/cdef…` under the data directory, uploads in `partial/`.

use std::fs::{self, DirEntry, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::partial::{Partial, Sealed, remove};
use super::{BlobHash, BlobStore, ScrubReport, dirs, hex};
use crate::error::StoreError;

/// The blob store of one data directory.
#[derive(Clone, Debug)]
pub struct FileBlobs {
    blobs: PathBuf,
    partial: PathBuf,
}

impl FileBlobs {
    /// Opens the store, making what is missing of its directories.
    ///
    /// # Errors
    /// The directory cannot be made or written.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data_dir)
            .map_err(StoreError::files(format!("making {}", data_dir.display())))?;
        let store = Self {
            blobs: data_dir.join("blobs"),
            partial: data_dir.join("partial"),
        };
        dirs::make(&store.blobs)?;
        dirs::make(&store.partial)?;
        Ok(store)
    }
}

impl FileBlobs {
    /// The store of a data directory that is only read: nothing is made in it.
    ///
    /// # Errors
    /// There is no such directory, or it holds no contents and no place for them.
    pub fn open_to_read(data_dir: &Path) -> Result<Self, StoreError> {
        let blobs = data_dir.join("blobs");
        fs::read_dir(&blobs).map_err(StoreError::files(format!("reading {}", blobs.display())))?;
        Ok(Self {
            blobs,
            partial: data_dir.join("partial"),
        })
    }
}

impl BlobStore for FileBlobs {
    fn begin(&self, upload: Uuid, size: u64) -> Result<Partial, StoreError> {
        Partial::create(self.partial.join(upload.to_string()), size)
    }

    fn publish(&self, sealed: Sealed) -> Result<BlobHash, StoreError> {
        let target = self.path(&sealed.hash);
        let dir = target.parent().unwrap_or(&self.blobs);
        dirs::make(dir)?;
        // Over one that was there too: it may be damaged, and a reader keeps the file it opened.
        sealed.path.rename(&target)?;
        dirs::sync(dir)?;
        Ok(sealed.hash)
    }

    fn read(&self, hash: &BlobHash) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = match fs::read(self.path(hash)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(StoreError::files("reading a content"))?,
        };
        if blake3::hash(&bytes).as_bytes() == hash {
            return Ok(Some(bytes));
        }
        Err(StoreError::Damaged {
            hash: hex(hash),
            detail: format!("its {} bytes have another hash", bytes.len()),
        })
    }

    fn path(&self, hash: &BlobHash) -> PathBuf {
        let hex = hex(hash);
        let (dir, rest) = hex.split_at(2);
        self.blobs.join(dir).join(rest)
    }

    fn expire_partials(&self, older_than: Duration) -> Result<usize, StoreError> {
        let now = SystemTime::now();
        let mut expired = 0;
        for entry in list(&self.partial)? {
            let modified = entry.metadata().and_then(|meta| meta.modified());
            let modified = modified.map_err(StoreError::files("looking at an upload"))?;
            // A file from the future (the clock was set back) is not old.
            if now
                .duration_since(modified)
                .is_ok_and(|age| age >= older_than)
            {
                remove(&entry.path())?;
                expired += 1;
            }
        }
        Ok(expired)
    }

    fn scrub(&self) -> Result<ScrubReport, StoreError> {
        let mut report = ScrubReport::default();
        for dir in list(&self.blobs)? {
            for entry in list(&dir.path())? {
                let path = entry.path();
                match content_of(&path) {
                    Ok((hash, bytes)) if self.path(&hash) == path => {
                        report.whole.insert(hash, bytes);
                    }
                    _ => report.damaged.push(path),
                }
            }
        }
        Ok(report)
    }
}

/// Hash and length of a file.
pub(crate) fn content_of(path: &Path) -> std::io::Result<(BlobHash, u64)> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok((hasher.finalize().into(), hasher.count()))
}

fn list(dir: &Path) -> Result<Vec<DirEntry>, StoreError> {
    fs::read_dir(dir)
        .and_then(Iterator::collect)
        .map_err(StoreError::files(format!("listing {}", dir.display())))
}
