//! `guildhall backup --to DIR`: all of a world in one directory, beside its server or without one.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use guildhall_store::backup::{Manifest, backup};
use guildhall_store::{Database, FileBlobs, StoreError, Target};

use super::bar::Bar;
use super::flags::WorldFlags;
use super::{Failure, say, store_failure};

/// Which world, and where to.
#[derive(Args)]
pub struct Flags {
    /// A directory that does not exist yet; it appears when the backup is whole.
    #[arg(long)]
    to: PathBuf,
    #[command(flatten)]
    world: WorldFlags,
}

/// Makes the backup and says what is in it; exit status 1 when board files of the world were damaged.
pub fn run(flags: Flags) -> Result<ExitCode, Failure> {
    let config = flags.world.config()?;
    let saved = (|| -> Result<Manifest, StoreError> {
        let database = Database::open_to_read(config.target()?)?;
        let blobs = FileBlobs::open_to_read(&config.data)?;
        let bar = Bar::new();
        let manifest = backup(&database, &blobs, &flags.to, &mut |step| bar.show(step))?;
        bar.clear();
        Ok(manifest)
    })();
    let manifest = saved.map_err(|error| store_failure(&error))?;
    tell(&manifest, &flags.to.display().to_string());
    for sentence in &manifest.left_behind {
        say(&format!("NOT IN THE BACKUP: {sentence}."));
    }
    Ok(match manifest.left_behind.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn tell(manifest: &Manifest, dir: &str) {
    let (rows, files) = (manifest.rows(), manifest.board_files);
    say(&format!(
        "{dir}  {rows} rows and {files} board files of {}",
        manifest.from
    ));
    if let Some(batch) = manifest.last_batch {
        say(&format!(
            "Everything is in it that was committed up to batch {batch}."
        ));
    }
    if manifest.journal.is_some() {
        say(
            "Saves that were safe and not committed at that moment are not in it: they are in the journal \
             in the world's data directory until they are committed.",
        );
    }
    let database = Target::Sqlite(PathBuf::from(dir).join(guildhall_store::backup::DATABASE_FILE));
    say(&format!(
        "`guildhall copy --from {database} --to URL --to-data DIR` restores it."
    ));
}
