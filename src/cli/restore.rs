//! `guildhall restore character|ship ID --version N`: asks the running server, which tells those who play.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::Value;
use uuid::Uuid;

use super::operator::ServerFlags;
use super::{Failure, say};

/// What is put back.
#[derive(Args)]
pub struct Flags {
    kind: Kind,
    /// The id; of a ship that of its guild.
    id: Uuid,
    /// The version whose state is wanted; `guildhall explain` tells which there are.
    #[arg(long)]
    version: u32,
    #[command(flatten)]
    server: ServerFlags,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Character,
    Ship,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Character => "character",
            Self::Ship => "ship",
        }
    }
}

/// Asks for the restore and says which version it made.
pub async fn run(flags: Flags) -> Result<ExitCode, Failure> {
    let server = flags.server.admin()?;
    let kind = flags.kind.as_str();
    let restored = server.client.restore(kind, flags.id, flags.version).await;
    let answer = restored.map_err(|error| server.explain(error))?;
    let made = answer.get("version").cloned().unwrap_or_default();
    say(&format!(
        "{kind} {} has the state of version {} again, as version {made}.",
        flags.id, flags.version
    ));
    match answer.get("crossed_escrows").and_then(Value::as_array) {
        Some(all) => all.iter().for_each(|escrow| say(&crossed(escrow))),
        None => say("What it crosses in escrow could not be read; `guildhall explain` tells."),
    }
    Ok(ExitCode::SUCCESS)
}

/// What moved with a later version, and what has become of it by the restore.
fn crossed(escrow: &Value) -> String {
    let word = |at| escrow.pointer(at).and_then(Value::as_str).unwrap_or("?");
    let (id, kind, other) = (word("/escrow"), word("/other/kind"), word("/other/id"));
    let version = escrow.get("version").cloned().unwrap_or_default();
    match (word("/did"), word("/fate")) {
        ("took", _) => format!(
            "Escrow {id} was taken with version {version}, from {kind} {other}: what was taken is in neither now."
        ),
        (_, "taken") => format!(
            "Escrow {id} was given with version {version} and taken by {kind} {other}: what was given is in both now."
        ),
        (_, "given_back") => format!(
            "Escrow {id} was given with version {version} to {kind} {other} and went back when the guild was disbanded: \
             what was given is here again, beside what went back."
        ),
        _ => format!(
            "Escrow {id} was given with version {version} and waits for {kind} {other}: what was given is here again too."
        ),
    }
}
