//! The file of a journal: made in one step, so that a file that is there is whole; opened for one
//! process alone.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use uuid::Uuid;

use super::record::Head;
use super::rows::{TABLES, head};
use crate::error::StoreError;

/// The layout of tables and records: 2 since the checksums are XXH3.
pub(super) const VERSION: i64 = 2;

/// The first bytes of every SQLite file.
pub(super) const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// EXCLUSIVE before WAL: no other process can write, and the log's index is in memory. FULL: a
/// commit is on the disk before it is reported. Checkpoints are ours to do.
const PRAGMAS: &str = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; \
                       PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;";

/// Whether there is no journal. One of which only the log is left is no missing one.
pub(super) fn is_missing(path: &Path) -> Result<bool, StoreError> {
    let exists = |path: &Path| {
        let doing = format!("looking for {}", path.display());
        path.try_exists().map_err(StoreError::files(doing))
    };
    if exists(path)? {
        return Ok(false);
    }
    match exists(&beside(path, "-wal"))? {
        true => Err(damaged(path, 0)("of it only the write-ahead log is left")),
        false => Ok(true),
    }
}

/// Makes an empty journal under another name, and gives it the right one when it is on the disk.
pub(super) fn make(path: &Path, journal: Uuid, world: Uuid) -> Result<(), StoreError> {
    let new = beside(path, "-new");
    let doing = || StoreError::files(format!("making {}", path.display()));
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(doing()(error)),
        _ => {}
    }
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .map_err(doing())?;
    fill(&new, journal, world)?;
    File::open(&new)
        .and_then(|file| file.sync_all())
        .map_err(doing())?;
    fs::rename(&new, path).map_err(doing())?;
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(doing())
}

fn fill(new: &Path, journal: Uuid, world: Uuid) -> Result<(), StoreError> {
    let record = Head::new(journal, world).encode();
    let mut conn = establish(new)?;
    conn.batch_execute(TABLES)?;
    diesel::insert_into(head::table)
        .values((
            head::id.eq(1),
            head::version.eq(VERSION),
            head::record.eq(record),
        ))
        .execute(&mut conn)?;
    Ok(())
}

/// Opens an existing journal.
pub(super) fn connect(path: &Path) -> Result<SqliteConnection, StoreError> {
    let mut magic = Vec::new();
    File::open(path)
        .and_then(|file| file.take(16).read_to_end(&mut magic))
        .map_err(StoreError::files(format!("opening {}", path.display())))?;
    if magic != MAGIC {
        return Err(damaged(path, 0)("it does not begin like a SQLite file"));
    }
    let mut conn = establish(path)?;
    let set = conn.batch_execute(PRAGMAS);
    set.map_err(|error| open_failed(path, &error))?;
    Ok(conn)
}

pub(super) fn establish(path: &Path) -> Result<SqliteConnection, StoreError> {
    let cannot_open = |detail: String| StoreError::CannotOpen {
        path: path.to_owned(),
        detail,
    };
    let url = path.to_str();
    let url = url.ok_or_else(|| cannot_open("its path is not valid UTF-8".to_owned()))?;
    SqliteConnection::establish(url).map_err(|error| cannot_open(error.to_string()))
}

/// A file that another process holds, or may not be written, is no damaged one.
fn open_failed(path: &Path, error: &diesel::result::Error) -> StoreError {
    let detail = error.to_string();
    if detail.contains("locked") || detail.contains("readonly") || detail.contains("unable to open")
    {
        let path = path.to_owned();
        return StoreError::CannotOpen { path, detail };
    }
    damaged(path, 0)(&detail)
}

/// The error of a journal of which only so many entries could be read.
pub(super) fn damaged(path: &Path, readable: usize) -> impl Fn(&str) -> StoreError {
    move |detail| StoreError::JournalDamaged {
        path: path.to_owned(),
        detail: detail.to_owned(),
        readable,
    }
}

/// `journal.sqlite3` and `-wal` → `journal.sqlite3-wal`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
