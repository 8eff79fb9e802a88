//! What an operator does about people who are here or want to come in: who of an account is here, kick, ban, lift.
//! Sessions end before the database is asked and whatever it answers. Called by the admin routes.

use guildhall_protocol::{CloseCode, Code, Refusal};
use guildhall_rules::reason_ok;
use guildhall_store::queries::{self, BanRow};
use uuid::Uuid;

use crate::auth::bans::Ban;
use crate::hall::HallRef;
use crate::persistence::{Author, Change, changes};
use crate::presence::{Arrival, WhoIsHere};
use crate::refusal;
use crate::session::{self, End, Whom};

/// The sessions that are here, of an account or of all; those of an account the oldest first.
///
/// # Errors
/// `unavailable` while presence restarts.
pub fn who_is_here(
    hall: &HallRef,
    account: Option<Uuid>,
) -> impl Future<Output = Result<Vec<Arrival>, Refusal>> + use<> {
    let asked = hall
        .presence
        .call(move |reply| WhoIsHere { account, reply });
    async move { asked.await.map_err(|e| refusal::call(&e)) }
}

/// Ends one session with a reason. Whoever is kicked may come back at once; the reason is sent to him and logged.
///
/// # Errors
/// `bad_field` for a reason that cannot be shown, `not_found` when it is not here.
pub fn kick_session(hall: &HallRef, id: Uuid, reason: &str) -> Result<(), Refusal> {
    check(reason)?;
    match hall.sessions.registry().whereis(&id) {
        Some(session) => {
            session::tell_or_end(
                &session,
                ending(Whom::Session(id), CloseCode::KICKED, reason),
            );
            Ok(())
        }
        None => Err(Refusal::new(Code::NotFound, "There is no such session.")),
    }
}

/// Ends every session of an account with a reason; how many there were.
///
/// # Errors
/// `bad_field` for a reason that cannot be shown, `not_found` when nobody of them is here, `unavailable` when that
/// is not known: whoever was here is gone all the same.
pub async fn kick_account(hall: &HallRef, account: Uuid, reason: &str) -> Result<usize, Refusal> {
    check(reason)?;
    // On its way before the sessions end, who would be gone from the list when it is asked.
    let here = who_is_here(hall, Some(account));
    put_out(hall, account, CloseCode::KICKED, reason);
    match here.await?.len() {
        0 => {
            let sentence = "No session of this account is here.";
            Err(Refusal::new(Code::NotFound, sentence))
        }
        ended => Ok(ended),
    }
}

/// Keeps an account out, for ever or until a time, and ends its sessions. A later ban takes an earlier one's place.
///
/// # Errors
/// `bad_field` for a reason that cannot be shown, `not_found` when there is no such account, `unavailable`: the ban
/// holds until the server stops, and may not after that; it may be ordered again.
pub async fn ban(hall: &HallRef, account: Uuid, ban: Ban) -> Result<(), Refusal> {
    check(&ban.reason)?;
    let out = || {
        hall.bans.put(account, ban.clone(), hall.now_us());
        put_out(hall, account, CloseCode::BANNED, &ban.reason);
    };
    out();
    let change = Change::AddBan(changes::AddBan {
        account,
        reason: ban.reason.clone(),
        ends_at: ban.ends_at_us,
    });
    let added = hall.change(change, Author::SERVER).await;
    match added {
        Err(refusal) if refusal.rule == "database.foreign_key" => {
            hall.bans.take(account);
            Err(Refusal::new(Code::NotFound, "There is no such account."))
        }
        added => {
            // Who was on the way in.
            out();
            added?;
            log::info!(account = account.to_string(), reason:? = ban.reason; "banned");
            Ok(())
        }
    }
}

/// Lets an account in again.
///
/// # Errors
/// `not_found` when it is not banned, `unavailable`: the ban holds.
pub async fn lift(hall: &HallRef, account: Uuid) -> Result<(), Refusal> {
    let change = Change::LiftBan(changes::LiftBan { account });
    let lifted = hall.change(change, Author::SERVER).await;
    match lifted {
        // The database never had it, say, since it did not answer.
        Err(refusal) if refusal.code == Code::NotFound => match hall.bans.take(account) {
            true => {}
            false => return Err(Refusal::new(Code::NotFound, "This account is not banned.")),
        },
        lifted => {
            lifted?;
            hall.bans.take(account);
        }
    }
    log::info!(account = account.to_string(); "the ban was lifted");
    Ok(())
}

/// The ban that holds for an account.
///
/// # Errors
/// `unavailable`.
pub async fn ban_of(hall: &HallRef, account: Uuid) -> Result<Option<Ban>, Refusal> {
    let now_us = hall.now_us();
    if let Some(ban) = hall.bans.of(account, now_us) {
        return Ok(Some(ban));
    }
    let row = hall
        .read(move |conn| queries::ban_of(conn, account, now_us))
        .await?;
    Ok(row.map(Ban::from))
}

/// Every ban that holds, the newest first.
///
/// # Errors
/// `unavailable`.
pub async fn bans(hall: &HallRef) -> Result<Vec<BanRow>, Refusal> {
    let now_us = hall.now_us();
    hall.read(move |conn| queries::bans(conn, now_us)).await
}

fn put_out(hall: &HallRef, account: Uuid, cause: CloseCode, reason: &str) {
    let whom = Whom::Account { account, but: None };
    session::tell_all(hall, || ending(whom, cause, reason));
}

fn ending(whom: Whom, cause: CloseCode, reason: &str) -> End {
    End {
        whom,
        cause,
        reason: Some(reason.to_owned()),
    }
}

fn check(reason: &str) -> Result<(), Refusal> {
    if reason_ok(reason) {
        return Ok(());
    }
    let sentence =
        "A reason has 1 to 200 characters, and none that cannot be seen or turns the writing.";
    Err(Refusal::new(Code::BadField, sentence).rule("reason.shape"))
}
