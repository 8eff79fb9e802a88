//! `guildhall copy --from URL --to URL`: moves a world between databases while no server uses either.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use guildhall::server::JOURNAL_FILE;
use guildhall_store::copy::{self, Progress};
use guildhall_store::{Database, FileBlobs, OpenOptions, StoreError, Target, WorldLock};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, say, store_failure};

/// From where to where.
#[derive(Args)]
pub struct Flags {
    /// The database to copy: sqlite:///path/to/file or postgres://user@host:port/name.
    #[arg(long)]
    from: String,
    /// A database without a world; it is migrated first.
    #[arg(long)]
    to: String,
    /// Data directory whose board files are copied too.
    #[arg(long, requires = "to_data")]
    from_data: Option<PathBuf>,
    /// Data directory that gets them.
    #[arg(long, requires = "from_data")]
    to_data: Option<PathBuf>,
}

/// Copies, compares, and says what was moved.
pub fn run(flags: Flags) -> Result<ExitCode, Failure> {
    copied(&flags).map_err(|error| store_failure(&error))?;
    Ok(ExitCode::SUCCESS)
}

fn copied(flags: &Flags) -> Result<(), StoreError> {
    let dirs = [&flags.from_data, &flags.to_data].into_iter().flatten();
    let _dirs: Vec<_> = dirs
        .map(|dir| WorldLock::acquire(dir))
        .collect::<Result<_, _>>()?;
    let from = open(&flags.from, false)?;
    let _from = from.lock_alone()?;
    let to = open(&flags.to, true)?;
    let _to = to.lock_alone()?;
    if to.migrations()?.is_new() {
        to.migrate()?;
    }
    let journal = flags.from_data.as_ref().map(|dir| dir.join(JOURNAL_FILE));
    copy::refuse_waiting(&from, journal.as_deref())?;
    let bar = Bar::new();
    let done = copy::copy(&from, &to, &mut |progress| bar.show(progress))?;
    bar.0.finish_and_clear();
    for (table, sum) in &done.tables {
        say(&format!("{table:18}  {sum}, the same on both sides"));
    }
    if let (Some(from_data), Some(to_data)) = (&flags.from_data, &flags.to_data) {
        let (theirs, ours) = (FileBlobs::open(from_data)?, FileBlobs::open(to_data)?);
        let files = copy::copy_blobs(&to, &theirs, &ours, &mut |done, of| {
            bar.tell("board files", done, of);
        })?;
        say(&format!(
            "{:18}  {files}, each as its hash says",
            "board files"
        ));
    }
    say(&format!("{} rows were copied.", done.rows()));
    Ok(())
}

fn open(url: &str, create: bool) -> Result<Database, StoreError> {
    let options = OpenOptions { readers: 1, create };
    Database::open(Target::parse(url)?, &options)
}

/// Shown where standard error is a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new(0);
        let template = "{prefix:10} {msg:18} {wide_bar} {human_pos}/{human_len} {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    fn show(&self, progress: Progress<'_>) {
        self.0.set_prefix(progress.step);
        self.0.set_message(progress.table.to_owned());
        self.0.set_length(progress.rows_in_all);
        self.0.set_position(progress.rows);
    }

    fn tell(&self, what: &'static str, done: usize, of: usize) {
        let wide = |n| u64::try_from(n).unwrap_or(u64::MAX);
        self.0.set_message(what);
        self.0.set_length(wide(of));
        self.0.set_position(wide(done));
    }
}
