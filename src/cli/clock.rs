//! `guildhall clock`: tells how the world's clock stands beside the system's, and sets it by that on an operator's
//! word.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::operator::ServerFlags;
use super::{Failure, say};

/// Which server, and whether anything is set.
#[derive(Args)]
pub struct Flags {
    /// The system's clock is right: the world goes by it from now on.
    #[arg(long)]
    accept: bool,
    #[command(flatten)]
    server: ServerFlags,
}

/// Asks, or tells, the running server.
pub async fn run(flags: Flags) -> Result<ExitCode, Failure> {
    let server = flags.server.admin()?;
    let answer = match flags.accept {
        true => server.client.post("/admin/clock/accept", &json!({})).await,
        false => server.client.supervisor().await,
    };
    let mut answer = answer.map_err(|error| server.explain(error))?;
    let clock = match answer.get_mut("clock") {
        Some(clock) => clock.take(),
        None => answer,
    };
    say(&format!("world         {}", time(&clock, "at_us")));
    say(&format!("system        {}", time(&clock, "system_us")));
    for part in ["why", "next"] {
        if let Some(sentence) = clock.get(part).and_then(Value::as_str) {
            say(sentence);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn time(clock: &Value, which: &str) -> String {
    let at_us = clock.get(which).and_then(Value::as_i64);
    let at = at_us.and_then(|at_us| jiff::Timestamp::from_microsecond(at_us).ok());
    at.map_or_else(|| "unknown".to_owned(), |at| format!("{at:.0}"))
}
