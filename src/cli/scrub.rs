//! `guildhall scrub`: looks at everything that a world or a backup keeps, and changes nothing.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use guildhall_store::copy::Progress;
use guildhall_store::scrub::{Check, scrub, scrub_backup};
use guildhall_store::{Database, FileBlobs, StoreError};

use super::bar::Bar;
use super::flags::WorldFlags;
use super::{Failure, say, store_failure};

/// What is looked at.
#[derive(Args)]
pub struct Flags {
    /// A backup, instead of the world.
    #[arg(long)]
    backup: Option<PathBuf>,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    world: WorldFlags,
}

/// Looks and tells; exit status 1 when there is a fault.
pub fn run(flags: Flags) -> Result<ExitCode, Failure> {
    let bar = Bar::new();
    let mut begin = |of: &str| {
        bar.show(Progress {
            step: "looking at",
            table: of,
            rows: 0,
            rows_in_all: 0,
        });
    };
    let is_document = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
    let looked = match &flags.backup {
        Some(dir) => scrub_backup(dir, &is_document, &mut begin),
        None => {
            let config = flags.world.config()?;
            (|| -> Result<Vec<Check>, StoreError> {
                let database = Database::open_to_read(config.target()?)?;
                let blobs = FileBlobs::open_to_read(&config.data)?;
                scrub(&database, &blobs, &is_document, &mut begin)
            })()
        }
    };
    bar.clear();
    let checks = looked.map_err(|error| store_failure(&error))?;
    let faults: u64 = checks.iter().map(|check| check.faults_in_all).sum();
    match flags.json {
        true => say(&serde_json::to_string_pretty(&checks)?),
        false => tell(&checks, faults),
    }
    Ok(match faults {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn tell(checks: &[Check], faults: u64) {
    for check in checks {
        let outcome = match check.faults_in_all {
            0 => "good".to_owned(),
            1 => "1 FAULT".to_owned(),
            faults => format!("{faults} FAULTS"),
        };
        say(&format!("{:9} {}  {outcome}", check.looked_at, check.of));
        for sentence in check.faults.iter().chain(&check.notes) {
            say(&format!("            {sentence}"));
        }
    }
    match faults {
        0 => say("Nothing is wrong."),
        _ => say("Nothing was changed. `guildhall explain` tells what happened to one thing."),
    }
}
