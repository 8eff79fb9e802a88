//! What a backup says of itself, as JSON: written last, and looked at before anything is restored.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{DATABASE_FILE, UNFINISHED};
use crate::blobs::{content_of, hex};
use crate::copy::{Copied, CopiedBlobs};
use crate::error::StoreError;

const MANIFEST_FILE: &str = "manifest.json";
/// The layout of a backup.
const LAYOUT: u32 = 1;

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub layout: u32,
    /// The program that made it: this version restores it.
    pub program: String,
    pub world: String,
    /// Where it was read, without a password.
    pub from: String,
    /// When it was begun: everything that was committed before is in it. Microseconds since 1970.
    pub begun_us: i64,
    /// The newest batch that is in it.
    pub last_batch: Option<i64>,
    /// The journal of the world, if it had one: what was safe and not committed is there and not here.
    pub journal: Option<String>,
    /// Length of the file of rows.
    pub database_bytes: u64,
    /// BLAKE3 of the file of rows, as hexadecimal digits.
    pub database_hash: String,
    pub tables: Vec<TableSum>,
    pub board_files: u64,
    pub board_bytes: u64,
    /// Board files that were missing or damaged in the world, each as a sentence.
    pub left_behind: Vec<String>,
}

/// Rows and checksum of a table, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSum {
    pub table: String,
    pub rows: u64,
    pub sum: String,
}

impl Manifest {
    pub(super) fn new(
        (world, journal): (String, Option<String>),
        from: String,
        last_batch: Option<i64>,
        rows: &Copied,
        files: CopiedBlobs,
    ) -> Self {
        Self {
            layout: LAYOUT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            world,
            from,
            begun_us: 0,
            last_batch,
            journal,
            database_bytes: 0,
            database_hash: String::new(),
            tables: table_sums(rows),
            board_files: files.files,
            board_bytes: files.bytes,
            left_behind: files.left_behind,
        }
    }

    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// Whether a copy of the backup has moved what was saved.
    pub fn is_of(&self, copied: &Copied) -> bool {
        self.tables == table_sums(copied)
    }

    /// Measures the file of rows and writes the manifest, durably.
    pub(super) fn finish(&mut self, dir: &Path) -> Result<(), StoreError> {
        let path = dir.join(DATABASE_FILE);
        let (hash, bytes) = content_of(&path).map_err(StoreError::files("reading a backup"))?;
        (self.database_hash, self.database_bytes) = (hex(&hash), bytes);
        let doing = || StoreError::files(format!("writing {}", dir.join(MANIFEST_FILE).display()));
        let text = serde_json::to_string_pretty(self).map_err(|error| doing()(error.into()))?;
        let mut file = File::create_new(dir.join(MANIFEST_FILE)).map_err(doing())?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(doing())
    }
}

fn table_sums(copied: &Copied) -> Vec<TableSum> {
    let sums = copied.tables.iter();
    sums.map(|(table, sum)| TableSum {
        table: table.clone(),
        rows: sum.rows,
        sum: sum.to_string(),
    })
    .collect()
}

/// The backup that this database file is part of, whole or not.
pub fn of_file(database: &Path) -> Option<PathBuf> {
    let dir = database.parent()?;
    let is_unfinished = dir.to_string_lossy().ends_with(UNFINISHED);
    let is_backup = is_unfinished || dir.join(MANIFEST_FILE).exists();
    (is_backup && database.file_name()? == DATABASE_FILE).then(|| dir.to_owned())
}

/// The manifest of a backup whose rows are what they were when it was made.
///
/// # Errors
/// [`StoreError::BackupDamaged`] for one that is unfinished, cut short, changed or damaged.
pub fn expect_whole(dir: &Path) -> Result<Manifest, StoreError> {
    let damaged = |detail: String| StoreError::BackupDamaged {
        path: dir.to_owned(),
        detail,
    };
    if dir.to_string_lossy().ends_with(UNFINISHED) {
        return Err(damaged("it was cut short while it was made".to_owned()));
    }
    let text = fs::read(dir.join(MANIFEST_FILE))
        .map_err(|error| damaged(format!("its {MANIFEST_FILE} cannot be read, {error}")))?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| damaged(format!("its {MANIFEST_FILE} is damaged, {error}")))?;
    if manifest.layout != LAYOUT {
        let found = manifest.layout;
        return Err(damaged(format!(
            "it has layout {found}, and this program knows {LAYOUT}"
        )));
    }
    let (hash, bytes) = content_of(&dir.join(DATABASE_FILE))
        .map_err(|error| damaged(format!("its {DATABASE_FILE} cannot be read, {error}")))?;
    if bytes != manifest.database_bytes {
        let expected = manifest.database_bytes;
        return Err(damaged(format!(
            "its {DATABASE_FILE} has {bytes} of {expected} bytes"
        )));
    }
    match hex(&hash) == manifest.database_hash {
        true => Ok(manifest),
        false => Err(damaged(format!(
            "its {DATABASE_FILE} was changed since it was made"
        ))),
    }
}
