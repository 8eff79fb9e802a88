//! Opening a SQLite file: what is looked at before, what is set on every connection.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, SqliteConnection, sql_query};

use crate::backend::Access;
use crate::error::StoreError;

/// The first bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// `busy_timeout` first: the others may have to wait for a lock. Only the writer may write,
/// so the readers are told not to. FULL: a commit is on the disk before it is reported.
/// The writer's cache of 16 MiB holds what a batch touches: SQLite's own 2 MiB hold less
/// than the leaves of 256 rows in all indexes, and every batch would read them again.
/// The log goes into the file between batches (`checkpoint`), or within a commit where the writer has no rest
/// before the log has four times the length.
fn pragmas(access: Access) -> &'static str {
    match access {
        Access::Read => {
            "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA query_only = ON;"
        }
        Access::Write => {
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
             PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000;"
        }
    }
}

/// Opens a connection to a file that [`prepare`] found good.
pub(crate) fn connect(path: &Path, access: Access) -> Result<SqliteConnection, StoreError> {
    let cannot_open = |detail: String| StoreError::CannotOpen {
        path: path.to_owned(),
        detail,
    };
    let mut conn =
        SqliteConnection::establish(url(path)?).map_err(|e| cannot_open(e.to_string()))?;
    conn.batch_execute(pragmas(access))
        .map_err(|error| open_failed(path, &error))?;
    Ok(conn)
}

/// The path as SQLite takes it.
fn url(path: &Path) -> Result<&str, StoreError> {
    path.to_str().ok_or_else(|| StoreError::CannotOpen {
        path: path.to_owned(),
        detail: "its path is not valid UTF-8".into(),
    })
}

/// Looks at the file before SQLite does, for plain words; makes it, readable by its owner
/// alone, where it is missing and may be made. SQLite gives its side files the same mode.
pub(crate) fn prepare(path: &Path, create: bool) -> Result<(), StoreError> {
    if create && !path.exists() {
        return make(path);
    }
    let meta = fs::metadata(path).map_err(|error| open_error(path, &error))?;
    // The mode is asked too: to root every file opens for writing.
    if meta.permissions().readonly() {
        return Err(StoreError::ReadOnly {
            path: path.to_owned(),
            detail: "the file is marked read-only".into(),
        });
    }
    fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .and_then(|file| head(&file))
        .map_err(|error| open_error(path, &error))
        .and_then(|head| match head.is_empty() || head == MAGIC {
            true => Ok(()),
            false => Err(StoreError::NotADatabase {
                path: path.to_owned(),
            }),
        })?;
    let mut conn = connect(path, Access::Write)?;
    probe(&mut conn).map_err(|error| open_failed(path, &error))
}

/// As [`prepare`], for a reader: looks at the file and touches nothing.
pub(crate) fn expect_database(path: &Path) -> Result<(), StoreError> {
    let head = File::open(path)
        .and_then(|file| head(&file))
        .map_err(|error| open_error(path, &error))?;
    match head.is_empty() || head == MAGIC {
        true => Ok(()),
        false => Err(StoreError::NotADatabase {
            path: path.to_owned(),
        }),
    }
}

fn make(path: &Path) -> Result<(), StoreError> {
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|error| open_error(path, &error))?;
    }
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| open_error(path, &error))?;
    Ok(())
}

fn head(file: &File) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(MAGIC.len());
    file.take(16).read_to_end(&mut head)?;
    Ok(head)
}

/// Begins to write and thinks better of it: the directory or the disk may be read-only although
/// the file is not.
fn probe(conn: &mut SqliteConnection) -> diesel::QueryResult<()> {
    use diesel::RunQueryDsl;
    sql_query("SELECT count(*) FROM sqlite_master").execute(conn)?;
    conn.batch_execute("BEGIN IMMEDIATE; ROLLBACK;")
}

fn open_error(path: &Path, error: &std::io::Error) -> StoreError {
    let path = path.to_owned();
    match error.kind() {
        ErrorKind::NotFound => StoreError::Missing { path },
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly {
            path,
            detail: error.to_string(),
        },
        _ => StoreError::CannotOpen {
            path,
            detail: error.to_string(),
        },
    }
}

fn open_failed(path: &Path, error: &diesel::result::Error) -> StoreError {
    let detail = error.to_string();
    let path = path.to_owned();
    if detail.contains("not a database") {
        StoreError::NotADatabase { path }
    } else if detail.contains("readonly") {
        StoreError::ReadOnly { path, detail }
    } else {
        StoreError::CannotOpen { path, detail }
    }
}
