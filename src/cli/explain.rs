//! `guildhall explain character|ship|guild|name|batch ID`: reads the records of a world, with a server on it
//! or without, and changes nothing.

use std::process::ExitCode;

use clap::Args;
use guildhall_store::Database;
use guildhall_store::explain::{self, Kind};

use super::flags::WorldFlags;
use super::{Failure, say, store_failure};

/// What is asked.
#[derive(Args)]
pub struct Flags {
    /// character, ship, guild, name or batch.
    kind: Kind,
    /// The id; of a ship that of its guild, of a batch its number or its id; or the name.
    id: String,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    world: WorldFlags,
}

/// Tells the story; exit status 1 when nothing is known.
pub fn run(flags: Flags) -> Result<ExitCode, Failure> {
    let target = flags
        .world
        .config()?
        .target()
        .map_err(|e| store_failure(&e))?;
    let database = Database::open_to_read(target).map_err(|e| store_failure(&e))?;
    let facts = database
        .read(|conn| explain::gather(conn, flags.kind, &flags.id))
        .map_err(|e| store_failure(&e))??;
    let story = explain::tell(&facts);
    match flags.json {
        true => say(&serde_json::to_string_pretty(&story)?),
        false => say(story.to_string().trim_end()),
    }
    Ok(match story.found {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
