//! `guildhall who|kick|ban|unban|bans`: asks the running server about people, and has it put them out.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use uuid::Uuid;

use super::operator::ServerFlags;
use super::{Failure, say};

#[cfg(test)]
mod tests;

/// Whose sessions are shown.
#[derive(Args)]
pub struct WhoFlags {
    /// Only those of this account.
    #[arg(long)]
    account: Option<Uuid>,
    #[command(flatten)]
    server: ServerFlags,
}

/// Who has to go.
#[derive(Args)]
pub struct KickFlags {
    #[command(flatten)]
    who: Who,
    /// Told to whoever is kicked, and logged.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    server: ServerFlags,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Who {
    /// Every session of this account.
    #[arg(long)]
    account: Option<Uuid>,
    /// This session alone.
    #[arg(long)]
    session: Option<Uuid>,
}

/// Who may not come in.
#[derive(Args)]
pub struct BanFlags {
    /// The account.
    account: Uuid,
    /// Told to whoever is banned, now and whenever he tries to come in.
    #[arg(long)]
    reason: String,
    /// How long, as in 30m, 12h or 7d; for ever where it is not said.
    #[arg(long = "for", value_parser = span)]
    span: Option<Duration>,
    #[command(flatten)]
    server: ServerFlags,
}

/// Who may come in again.
#[derive(Args)]
pub struct UnbanFlags {
    /// The account.
    account: Uuid,
    #[command(flatten)]
    server: ServerFlags,
}

/// Which server's bans are shown.
#[derive(Args)]
pub struct BansFlags {
    #[command(flatten)]
    server: ServerFlags,
}

/// A time as people write it: a number and its unit.
fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time; write 30m, 12h or 7d");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let number = text.strip_suffix(unit).ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(seconds).filter(|all| *all > 0);
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}

/// `guildhall who`
pub async fn who(flags: WhoFlags) -> Result<ExitCode, Failure> {
    let path = match flags.account {
        Some(account) => format!("/admin/sessions?account={account}"),
        None => "/admin/sessions".to_owned(),
    };
    let server = flags.server.admin()?;
    let shown = server.client.get(&path).await;
    let shown = shown.map_err(|error| server.explain(error))?;
    let here = list(&shown, "sessions");
    for it in here {
        let word = |key| it.get(key).and_then(Value::as_str).unwrap_or("?");
        let seconds = it.get("age_ms").and_then(Value::as_u64).unwrap_or(0) / 1000;
        say(&format!(
            "session {}  account {}  {}  {:?}  for {seconds} s",
            word("session"),
            word("account"),
            word("login"),
            word("device"),
        ));
    }
    say(&format!("Sessions here: {}.", here.len()));
    Ok(ExitCode::SUCCESS)
}

/// `guildhall kick`
pub async fn kick(flags: KickFlags) -> Result<ExitCode, Failure> {
    let body = match flags.who.session {
        Some(session) => json!({ "session": session, "reason": flags.reason }),
        None => json!({ "account": flags.who.account, "reason": flags.reason }),
    };
    let server = flags.server.admin()?;
    let kicked = server.client.post("/admin/sessions/kick", &body).await;
    let kicked = kicked.map_err(|error| server.explain(error))?;
    let ended = kicked.get("ended").and_then(Value::as_u64).unwrap_or(0);
    say(&format!(
        "Sessions ended: {ended}. Whoever it was may come in again."
    ));
    Ok(ExitCode::SUCCESS)
}

/// `guildhall ban`
pub async fn ban(flags: BanFlags) -> Result<ExitCode, Failure> {
    let for_s = flags.span.map(|span| span.as_secs());
    let body = json!({ "account": flags.account, "reason": flags.reason, "for_s": for_s });
    let server = flags.server.admin()?;
    let banned = server.client.post("/admin/bans", &body).await;
    let banned = banned.map_err(|error| server.explain(error))?;
    let end = until(banned.get("until_us").and_then(Value::as_i64));
    say(&format!("Account {} is banned {end}.", flags.account));
    Ok(ExitCode::SUCCESS)
}

/// `guildhall unban`
pub async fn unban(flags: UnbanFlags) -> Result<ExitCode, Failure> {
    let body = json!({ "account": flags.account });
    let server = flags.server.admin()?;
    let lifted = server.client.post("/admin/bans/lift", &body).await;
    lifted.map_err(|error| server.explain(error))?;
    say(&format!("Account {} may come in again.", flags.account));
    Ok(ExitCode::SUCCESS)
}

/// `guildhall bans`
pub async fn bans(flags: BansFlags) -> Result<ExitCode, Failure> {
    let server = flags.server.admin()?;
    let shown = server.client.get("/admin/bans").await;
    let shown = shown.map_err(|error| server.explain(error))?;
    let bans = list(&shown, "bans");
    for ban in bans {
        let word = |key| ban.get(key).and_then(Value::as_str).unwrap_or("?");
        let end = until(ban.get("until_us").and_then(Value::as_i64));
        say(&format!(
            "account {}  {end}  {:?}",
            word("account"),
            word("reason")
        ));
    }
    say(&format!("Accounts banned: {}.", bans.len()));
    Ok(ExitCode::SUCCESS)
}

fn list<'a>(shown: &'a Value, of: &str) -> &'a [Value] {
    shown
        .get(of)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn until(at_us: Option<i64>) -> String {
    let at = at_us.map(jiff::Timestamp::from_microsecond);
    match at {
        None => "for ever".to_owned(),
        Some(Ok(at)) => format!("until {at:.0}"),
        Some(Err(_)) => "for ages".to_owned(),
    }
}
