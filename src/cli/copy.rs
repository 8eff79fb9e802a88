//! `guildhall copy --from URL --to URL`: moves a world between databases while no server uses either, or
//! restores a backup.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use guildhall::server::JOURNAL_FILE;
use guildhall_store::backup::{Manifest, expect_whole, of_file};
use guildhall_store::copy::{self, CopiedBlobs, Progress};
use guildhall_store::{Database, FileBlobs, OpenOptions, StoreError, Target, WorldLock};

use super::bar::Bar;
use super::{Failure, say, store_failure};

/// From where to where.
#[derive(Args)]
pub struct Flags {
    /// The database to copy: sqlite:///path/to/file or postgres://user@host:port/name; or the one of a backup.
    #[arg(long)]
    from: String,
    /// A database without a world; it is migrated first.
    #[arg(long)]
    to: String,
    /// Data directory whose board files are copied too; of a backup that is its own.
    #[arg(long, requires = "to_data")]
    from_data: Option<PathBuf>,
    /// Data directory that gets them.
    #[arg(long)]
    to_data: Option<PathBuf>,
}

/// Copies, compares, and says what was moved; exit status 1 when board files of the source were damaged.
pub fn run(flags: Flags) -> Result<ExitCode, Failure> {
    let from = Source::open(&flags).map_err(|error| store_failure(&error))?;
    if flags.to_data.is_some() && from.data.is_none() {
        return Err("Name the data directory of the source with --from-data, too.".into());
    }
    let left_behind = copied(&flags, &from).map_err(|error| store_failure(&error))?;
    Ok(match left_behind {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// A world that nobody uses, or a backup, which is left as it is: not even locked.
struct Source {
    database: Database,
    data: Option<PathBuf>,
    backup: Option<Manifest>,
    _locks: Vec<WorldLock>,
}

impl Source {
    fn open(flags: &Flags) -> Result<Self, StoreError> {
        let target = Target::parse(&flags.from)?;
        if let Some(dir) = target.file().and_then(of_file) {
            let manifest = expect_whole(&dir)?;
            return Ok(Self {
                database: Database::open_to_read(target)?,
                data: Some(flags.from_data.clone().unwrap_or(dir)),
                backup: Some(manifest),
                _locks: Vec::new(),
            });
        }
        let dir = flags.from_data.as_deref().map(WorldLock::acquire);
        let dir = dir.transpose()?;
        let database = open(&flags.from, false)?;
        let beside = database.lock_alone()?;
        let journal = flags.from_data.as_ref().map(|dir| dir.join(JOURNAL_FILE));
        copy::refuse_waiting(&database, journal.as_deref())?;
        Ok(Self {
            database,
            data: flags.from_data.clone(),
            backup: None,
            _locks: dir.into_iter().chain(beside).collect(),
        })
    }
}

/// How many board files were left behind.
fn copied(flags: &Flags, from: &Source) -> Result<usize, StoreError> {
    let _dir = flags.to_data.as_deref().map(WorldLock::acquire);
    let _dir = _dir.transpose()?;
    let to = open(&flags.to, true)?;
    let _to = to.lock_alone()?;
    if to.migrations()?.is_new() {
        to.migrate()?;
    }
    let bar = Bar::new();
    let done = copy::copy(&from.database, &to, &mut |progress| bar.show(progress))?;
    bar.clear();
    for (table, sum) in &done.tables {
        say(&format!("{table:18}  {sum}, the same on both sides"));
    }
    if from
        .backup
        .as_ref()
        .is_some_and(|backup| backup.is_of(&done))
    {
        say("These are the sums that the backup was made with.");
    }
    let left_behind = match (&from.data, &flags.to_data) {
        (Some(from_data), Some(to_data)) => {
            let (theirs, ours) = (
                FileBlobs::open_to_read(from_data)?,
                FileBlobs::open(to_data)?,
            );
            let copied = board_files(&to, &theirs, &ours)?;
            copied.left_behind.len()
        }
        _ => {
            say_without_files(from);
            0
        }
    };
    say(&format!("{} rows were copied.", done.rows()));
    Ok(left_behind)
}

fn board_files(
    to: &Database,
    from: &FileBlobs,
    into: &FileBlobs,
) -> Result<CopiedBlobs, StoreError> {
    let wide = |n| u64::try_from(n).unwrap_or(u64::MAX);
    let bar = Bar::new();
    let copied = copy::copy_blobs(to, from, into, &mut |done, of| {
        bar.show(Progress {
            step: "copying",
            table: "board files",
            rows: wide(done),
            rows_in_all: wide(of),
        });
    })?;
    bar.clear();
    let files = copied.files;
    say(&format!(
        "{:18}  {files}, each as its hash says",
        "board files"
    ));
    for sentence in &copied.left_behind {
        say(&format!("NOT COPIED: {sentence}."));
    }
    Ok(copied)
}

fn say_without_files(from: &Source) {
    if let Some(backup) = from.backup.as_ref().filter(|backup| backup.board_files > 0) {
        let files = backup.board_files;
        say(&format!(
            "{files} board files of the backup were not copied: copy them from its blobs/ into the data directory."
        ));
    }
}

fn open(url: &str, create: bool) -> Result<Database, StoreError> {
    let options = OpenOptions { readers: 1, create };
    Database::open(Target::parse(url)?, &options)
}
