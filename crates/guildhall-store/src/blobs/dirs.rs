//! Directories that survive a crash, and that nobody else may look into.

use std::fs::{DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::error::StoreError;

/// Makes a directory below an existing one, and makes its name durable. One that exists is fine,
/// and its name is made durable all the same: who made it may have died before that.
pub(super) fn make(dir: &Path) -> Result<(), StoreError> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(StoreError::files(format!(
            "making {}",
            dir.display()
        ))(error)),
        _ => dir.parent().map_or(Ok(()), sync),
    }
}

/// Makes the names in a directory durable.
pub(crate) fn sync(dir: &Path) -> Result<(), StoreError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(StoreError::files(format!("syncing {}", dir.display())))
}
