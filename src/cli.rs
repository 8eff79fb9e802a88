//! What the program can be told on its command line. One file per command; this one parses, hands over,
//! and says why a command failed.

mod backup;
mod bar;
mod clock;
mod copy;
mod explain;
mod flags;
mod journal;
mod migrate;
mod operator;
mod people;
mod restore;
mod scrub;
mod serve;

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::{Parser, Subcommand};
use guildhall::probe;
use guildhall_store::StoreError;

use flags::Flags;

/// Backend for shared-world games in which every connection is a supervised process.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a world with a demo filled in at the first start (the default).
    Dev(Flags),
    /// Serve a world.
    Serve(Flags),
    /// Walk the whole path against a running server; exit status 1 at the first step that fails.
    Probe(probe::Flags),
    /// Bring a world's database to the schema of this program, or show what that would do.
    Migrate(migrate::Flags),
    /// Tell in plain words what the records of a world say about one thing.
    Explain(explain::Flags),
    /// Put a character or a ship back to one version of its history, on a running server.
    Restore(restore::Flags),
    /// Tell how the clock of a running server's world stands beside the system's, and set it by that.
    Clock(clock::Flags),
    /// Show who is connected to a running server.
    Who(people::WhoFlags),
    /// End sessions on a running server, with a reason; whoever it was may come in again.
    Kick(people::KickFlags),
    /// Keep an account out, for a time or for ever, with a reason.
    Ban(people::BanFlags),
    /// Let an account in again.
    Unban(people::UnbanFlags),
    /// Show who is banned.
    Bans(people::BansFlags),
    /// Move a world from one database to another, and compare the two.
    Copy(copy::Flags),
    /// Save all of a world, served or not, in a directory that `guildhall copy` restores.
    Backup(backup::Flags),
    /// Look at everything that a world or a backup keeps; exit status 1 when something is wrong.
    Scrub(scrub::Flags),
    /// Read what waits in a journal that is damaged, or whose world is gone.
    Journal(journal::Flags),
}

/// Why a command failed: a sentence for the person who gave it.
type Failure = Box<dyn std::error::Error>;

/// Does what the command line says.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let system = actix_web::rt::System::new();
    let (doing, done) = match cli.command {
        Some(Command::Probe(flags)) => return system.block_on(probe::run(flags)),
        Some(Command::Migrate(flags)) => ("migrate", migrate::run(flags)),
        Some(Command::Explain(flags)) => ("explain", explain::run(flags)),
        Some(Command::Restore(flags)) => ("restore", system.block_on(restore::run(flags))),
        Some(Command::Clock(flags)) => ("ask for the clock", system.block_on(clock::run(flags))),
        Some(Command::Who(flags)) => ("ask who is here", system.block_on(people::who(flags))),
        Some(Command::Kick(flags)) => ("kick", system.block_on(people::kick(flags))),
        Some(Command::Ban(flags)) => ("ban", system.block_on(people::ban(flags))),
        Some(Command::Unban(flags)) => ("lift a ban", system.block_on(people::unban(flags))),
        Some(Command::Bans(flags)) => ("ask who is banned", system.block_on(people::bans(flags))),
        Some(Command::Copy(flags)) => ("copy", copy::run(flags)),
        Some(Command::Backup(flags)) => ("make a backup", backup::run(flags)),
        Some(Command::Scrub(flags)) => ("scrub", scrub::run(flags)),
        Some(Command::Journal(flags)) => ("read the journal", journal::run(flags)),
        Some(Command::Serve(flags)) => ("start", system.block_on(serve::run(flags, false))),
        Some(Command::Dev(flags)) => ("start", system.block_on(serve::run(flags, true))),
        None => ("start", system.block_on(serve::run(cli.flags, true))),
    };
    let done = match UNSAID.get() {
        // A server goes on without anybody who reads where it listens.
        Some(error) if doing != "start" => Err(unsaid(error)),
        _ => done,
    };
    done.unwrap_or_else(|failure| {
        // Not among what the command prints: that may be a file for a program.
        let _ = writeln!(io::stderr(), "guildhall cannot {doing}: {failure}");
        ExitCode::FAILURE
    })
}

/// Why a part of the answer is not where standard output goes to: the disk is full, say.
static UNSAID: OnceLock<io::Error> = OnceLock::new();

fn unsaid(error: &io::Error) -> Failure {
    format!("its answer could not be written: {error}. Make room, and give the command again.")
        .into()
}

/// A reader that has closed standard output is no reason to stop; who gets half an answer must learn it.
fn say(text: &str) {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => drop(UNSAID.set(error)),
        _ => {}
    }
}

/// The failure of the store with what to do about it.
fn store_failure(error: &StoreError) -> Failure {
    format!("{error}. {}", error.next()).into()
}
