//! One server holds one world: a lock on a file beside the database, which the kernel gives
//! back however the holder ends.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// More than any holder writes about itself.
const HOLDER_BYTES_MAX: u64 = 256;

/// Names a machine as long as it is up.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The right to run the world in a data directory, as long as it lives.
#[derive(Debug)]
pub struct WorldLock {
    file: File,
}

/// A locked file and the machine that locks it. While one process holds the lock, every other one of the same
/// house is dead: the file's number is not given to another file before the last process has closed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct House(String);

impl House {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl WorldLock {
    /// Takes the lock `world.lock` in the data directory, which is made if it is missing.
    ///
    /// # Errors
    /// [`StoreError::WorldInUse`] with the holder's process id and start, or what the file
    /// system said.
    pub fn acquire(data_dir: &Path) -> Result<Self, StoreError> {
        make_dir(data_dir)?;
        Self::take(data_dir.join("world.lock"))
    }

    /// Takes the lock of a database file, beside it: two data directories may name the same file, and tools
    /// know the file alone.
    ///
    /// # Errors
    /// As [`WorldLock::acquire`].
    pub fn acquire_beside(database: &Path) -> Result<Self, StoreError> {
        if let Some(dir) = database.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            make_dir(dir)?;
        }
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        Self::take(PathBuf::from(path))
    }

    fn take(path: PathBuf) -> Result<Self, StoreError> {
        let doing = || StoreError::files(format!("taking the lock {}", path.display()));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(doing())?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = holder(&file);
                let world = path.display().to_string();
                return Err(StoreError::WorldInUse { world, holder });
            }
            Err(TryLockError::Error(error)) => return Err(doing()(error)),
        }
        sign(&mut file).map_err(doing())?;
        Ok(Self { file })
    }

    /// Tells connections of earlier servers of this data directory from those of others; `None` where the
    /// system does not say which machine this is.
    #[must_use]
    pub fn house(&self) -> Option<House> {
        let boot = std::fs::read(BOOT_ID).ok()?;
        let file = self.file.metadata().ok()?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&boot);
        hasher.update(&file.dev().to_be_bytes());
        hasher.update(&file.ino().to_be_bytes());
        let hex = hasher.finalize().to_hex();
        // With the words before it no longer than PostgreSQL keeps of an application's name: 63 bytes.
        hex.get(..32).map(|start| House(start.to_owned()))
    }
}

fn make_dir(dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(StoreError::files(format!("making {}", dir.display())))
}

/// Says who holds the lock, for the message of who comes second.
fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    let now = jiff::Timestamp::now();
    write!(file, "process {} since {now:.0}", std::process::id())?;
    file.flush()
}

fn holder(file: &File) -> String {
    let mut text = String::new();
    match file.take(HOLDER_BYTES_MAX).read_to_string(&mut text) {
        Ok(read) if read > 0 => text.escape_default().to_string(),
        _ => "an unknown process".to_owned(),
    }
}
