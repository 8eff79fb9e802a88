//! `guildhall restore character|ship ID --version N`: asks the running server, which tells those who play.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use guildhall::server::ADMIN_TOKEN_FILE;
use guildhall_client::{AdminClient, ClientError};
use guildhall_protocol::Code;
use serde_json::Value;
use uuid::Uuid;

use super::flags::WorldFlags;
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
    /// The server's admin listener, host:port or its URL; without it the configured address.
    #[arg(long)]
    admin: Option<String>,
    /// File with the admin token; without it the one in the data directory.
    #[arg(long)]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    world: WorldFlags,
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

/// What only the person at the keyboard can put right.
fn with_next(error: ClientError, url: &str) -> Failure {
    match (error.code(), &error) {
        (Some(Code::Unauthenticated), _) => format!(
            "the server at {url} does not know this admin token. Name that server's data directory with --data, \
             or its token's file with --token-file."
        )
        .into(),
        (_, ClientError::Unreachable { cause }) => format!(
            "no server answers at {url}: {cause}. Start it, or name its admin listener with --admin."
        )
        .into(),
        _ => error.into(),
    }
}

/// Asks for the restore and says which version it made.
pub async fn run(flags: Flags) -> Result<ExitCode, Failure> {
    let config = flags.world.config()?;
    let url = match flags.admin {
        Some(url) if url.contains("://") => url,
        Some(address) => format!("http://{address}"),
        None => format!("http://{}", config.admin_listen),
    };
    let token_file = flags
        .token_file
        .unwrap_or_else(|| config.data.join(ADMIN_TOKEN_FILE));
    let token = std::fs::read_to_string(&token_file).map_err(|error| {
        format!(
            "{}: {error}. Name the server's data directory with --data, or the file with --token-file.",
            token_file.display()
        )
    })?;
    let kind = flags.kind.as_str();
    let answer = AdminClient::new(&url, &token)?
        .restore(kind, flags.id, flags.version)
        .await
        .map_err(|error| with_next(error, &url))?;
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
    let taken = escrow.get("taken").and_then(Value::as_bool) == Some(true);
    match (word("/did"), taken) {
        ("took", _) => format!(
            "Escrow {id} was taken with version {version}, from {kind} {other}: what was taken is in neither now."
        ),
        (_, true) => format!(
            "Escrow {id} was given with version {version} and taken by {kind} {other}: what was given is in both now."
        ),
        (_, false) => format!(
            "Escrow {id} was given with version {version} and waits for {kind} {other}: what was given is here again too."
        ),
    }
}
