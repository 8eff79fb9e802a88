//! `guildhall journal list | export`: what can be read of a journal that is damaged, or whose world is gone.
//! Nothing in it is changed.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use guildhall::server::JOURNAL_FILE;
use guildhall_store::WorldLock;
use guildhall_store::journal::{Salvage, SavedWrite, salvage};
use serde_json::json;

use super::flags::WorldFlags;
use super::{Failure, say, store_failure};

/// What is asked for.
#[derive(Args)]
pub struct Flags {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// One line for each save that waits, and what cannot be read.
    List(Which),
    /// The same as JSON lines, with the states.
    Export(Which),
}

#[derive(Args)]
struct Which {
    /// The journal; without it that of the world's data directory.
    #[arg(long)]
    file: Option<PathBuf>,
    #[command(flatten)]
    world: WorldFlags,
}

/// Reads and tells; exit status 1 when not all of it can be read.
pub fn run(flags: Flags) -> Result<ExitCode, Failure> {
    let found = match flags.verb {
        Verb::List(which) => {
            let found = read(which)?;
            list(&found);
            found
        }
        Verb::Export(which) => {
            let found = read(which)?;
            export(&found)?;
            found
        }
    };
    Ok(match found.damage.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// The journal of a server that runs changes while it is read.
fn read(which: Which) -> Result<Salvage, Failure> {
    let (file, _lock) = match which.file {
        Some(file) => (file, None),
        None => {
            let data = which.world.config()?.data;
            let lock = WorldLock::acquire(&data).map_err(|error| store_failure(&error))?;
            (data.join(JOURNAL_FILE), Some(lock))
        }
    };
    salvage(&file).map_err(|error| store_failure(&error))
}

fn list(found: &Salvage) {
    if let (Some(journal), Some(world)) = (found.journal, found.world) {
        say(&format!("journal {journal} of world {world}"));
    }
    for write in found.writes() {
        let SavedWrite { seq, account, .. } = write;
        let batch = match write.batch {
            Some(batch) => format!(", given to the database in batch {batch}"),
            None => String::new(),
        };
        let what = json!(write.what);
        let word = |name: &str| match what.get(name) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        match what.get("change") {
            Some(_) => say(&format!("{seq:9}  {}, by {account}{batch}", word("change"))),
            None => say(&format!(
                "{seq:9}  {} {} version {}, by {account}{batch}",
                word("kind"),
                word("id"),
                word("version")
            )),
        }
    }
    for sentence in &found.damage {
        say(sentence);
    }
    say(&format!("{} can be read.", found.entries.len()));
}

fn export(found: &Salvage) -> Result<(), Failure> {
    for write in found.writes() {
        say(&serde_json::to_string(&write)?);
    }
    for sentence in &found.damage {
        say(&json!({ "unreadable": sentence }).to_string());
    }
    Ok(())
}
