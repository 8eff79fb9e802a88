//! `guildhall migrate up | status | plan`: the schema of a world's database. A server runs migrations by
//! itself only on a database that holds no world yet; with one there may be no way back.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use guildhall::config::Config;
use guildhall::server::JOURNAL_FILE;
use guildhall_store::{Database, OpenOptions, copy};

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
    /// Run the pending migrations, each in one transaction, while no server uses the world.
    Up(WorldFlags),
    /// Tell which migrations the database has and which it lacks.
    Status(WorldFlags),
    /// Print the statements that `up` would run.
    Plan(WorldFlags),
}

/// Runs the command.
pub fn run(flags: Flags) -> Result<ExitCode, Failure> {
    match flags.verb {
        Verb::Up(world) => up(world),
        Verb::Status(world) => status(&open(world, false)?),
        Verb::Plan(world) => plan(&open(world, false)?),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn open(world: WorldFlags, create: bool) -> Result<Database, Failure> {
    open_configured(&world.config()?, create)
}

fn open_configured(config: &Config, create: bool) -> Result<Database, Failure> {
    let target = config.target().map_err(|e| store_failure(&e))?;
    let options = OpenOptions { readers: 1, create };
    Database::open(target, &options).map_err(|e| store_failure(&e))
}

/// What was promised on the schema that is there goes in before that changes: a server does that, also when
/// it will not start on it.
fn up(world: WorldFlags) -> Result<(), Failure> {
    let config = world.config()?;
    let database = open_configured(&config, true)?;
    let _alone = database.lock_alone().map_err(|e| store_failure(&e))?;
    let status = database.migrations().map_err(|e| store_failure(&e))?;
    if status.knows_journals() && !status.pending.is_empty() {
        let journal = config.data.join(JOURNAL_FILE);
        copy::refuse_waiting(&database, Some(&journal)).map_err(|e| store_failure(&e))?;
    }
    let run = database.migrate().map_err(|e| store_failure(&e))?;
    for migration in &run {
        say(&format!("{migration}  was run"));
    }
    if run.is_empty() {
        say("The database has every migration of this program.");
    }
    Ok(())
}

fn status(database: &Database) -> Result<(), Failure> {
    let status = database.migrations().map_err(|e| store_failure(&e))?;
    for migration in &status.applied {
        say(&format!("{migration}  was run"));
    }
    for migration in &status.pending {
        say(&format!("{migration}  is pending"));
    }
    Ok(())
}

fn plan(database: &Database) -> Result<(), Failure> {
    let plan = database.migration_plan().map_err(|e| store_failure(&e))?;
    for (migration, statements) in &plan {
        say(&format!("-- {migration}\n{statements}"));
    }
    if plan.is_empty() {
        say("-- nothing is pending");
    }
    Ok(())
}
