//! A backup of a world, taken beside its server or without one: all rows of one moment in a SQLite file, the
//! board files that these rows name, and a manifest of both. It grows under another name and gets its own
//! when all of it is on the disk. `guildhall copy` restores it. Called by the command `guildhall backup`.

mod manifest;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::backend::{Access, Target, connect};
use crate::blobs::{BlobStore, FileBlobs, sync};
use crate::copy::{Copied, CopiedBlobs, Progress, copy, copy_blobs};
use crate::database::{Database, OpenOptions};
use crate::error::StoreError;
use crate::schema::{batches, world};
use crate::time::now_us;

pub use manifest::{Manifest, TableSum, expect_whole, of_file};

/// The rows, within a backup.
pub const DATABASE_FILE: &str = "guildhall.sqlite3";
/// What the name of a backup ends with that is not whole.
const UNFINISHED: &str = ".unfinished";

/// Backs up a world into the directory `dir`, which must not exist. The world is only read. A board file
/// that is missing or damaged in the world is named in the manifest and keeps nothing else from being saved.
///
/// # Errors
/// [`StoreError::BackupInTheWay`], [`StoreError::CopyUnfinished`], pending migrations, either disk, the
/// database. Then there is nothing at `dir`.
pub fn backup(
    from: &Database,
    blobs: &dyn BlobStore,
    dir: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Manifest, StoreError> {
    let unfinished = Unfinished::make(dir)?;
    let begun_us = now_us();
    let path = unfinished.path().join(DATABASE_FILE);
    let options = OpenOptions {
        readers: 1,
        create: true,
    };
    let to = Database::open(&path, &options)?;
    to.migrate()?;
    // The rows first: what they name was published before they were written.
    let rows = copy(from, &to, progress)?;
    let files = files(&to, blobs, unfinished.path(), progress)?;
    let mut manifest = Manifest {
        begun_us,
        ..manifest(from, &to, &rows, files)?
    };
    drop(to);
    stand_alone(&path)?;
    manifest.finish(unfinished.path())?;
    unfinished.finish(dir)?;
    Ok(manifest)
}

fn files(
    to: &Database,
    blobs: &dyn BlobStore,
    dir: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<CopiedBlobs, StoreError> {
    let wide = |n| u64::try_from(n).unwrap_or(u64::MAX);
    let copied = copy_blobs(to, blobs, &FileBlobs::open(dir)?, &mut |done, of| {
        progress(Progress {
            step: "copying",
            table: "board files",
            rows: wide(done),
            rows_in_all: wide(of),
        });
    })?;
    let partial = dir.join("partial");
    fs::remove_dir(&partial).map_err(StoreError::files("removing an empty directory"))?;
    Ok(copied)
}

fn manifest(
    from: &Database,
    to: &Database,
    rows: &Copied,
    files: CopiedBlobs,
) -> Result<Manifest, StoreError> {
    let last_batch = to.read(|conn| {
        let newest = batches::table.select(diesel::dsl::max(batches::seq));
        Ok(newest.first::<Option<i64>>(conn)?)
    })?;
    let (world, journal) = from.read(|conn| {
        let row = world::table.find(1);
        Ok(row
            .select((world::world_id, world::journal_id))
            .first::<(String, Option<String>)>(conn)?)
    })?;
    Ok(Manifest::new(
        (world, journal),
        from.target().to_string(),
        last_batch,
        rows,
        files,
    ))
}

/// One file and nothing beside it, so that it can be read from where nothing can be written.
fn stand_alone(path: &Path) -> Result<(), StoreError> {
    let mut conn = connect(&Target::from(path), Access::Write)?;
    conn.batch_execute("PRAGMA journal_mode = DELETE")?;
    drop(conn);
    let doing = || StoreError::files(format!("syncing {}", path.display()));
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(doing())
}

/// The directory in which a backup grows. Dropped before the end, it goes; only a crash leaves it.
struct Unfinished(Option<PathBuf>);

impl Unfinished {
    fn make(dir: &Path) -> Result<Self, StoreError> {
        let in_the_way = |path: &Path| StoreError::BackupInTheWay {
            path: path.to_owned(),
        };
        if dir.symlink_metadata().is_ok() {
            return Err(in_the_way(dir));
        }
        // By its components, so that a slash at the end does not count.
        let mut name = OsString::from(dir.components().collect::<PathBuf>());
        name.push(UNFINISHED);
        let path = PathBuf::from(name);
        let make = |recursive, path: &Path| {
            fs::DirBuilder::new()
                .recursive(recursive)
                .mode(0o700)
                .create(path)
        };
        make(true, parent(&path))
            .and_then(|()| make(false, &path))
            .map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => in_the_way(&path),
                _ => StoreError::files(format!("making {}", path.display()))(error),
            })?;
        Ok(Self(Some(path)))
    }

    fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    /// Gives the backup its name, durably.
    fn finish(mut self, dir: &Path) -> Result<(), StoreError> {
        sync(self.path())?;
        let doing = StoreError::files(format!("finishing {}", dir.display()));
        fs::rename(self.path(), dir).map_err(doing)?;
        self.0 = None;
        sync(parent(dir))
    }
}

impl Drop for Unfinished {
    /// What cannot be removed stays under a name that says what it is.
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            let _left_behind = fs::remove_dir_all(path);
        }
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    }
}
