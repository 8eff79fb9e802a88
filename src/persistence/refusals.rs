//! What a client is told of a write that was refused, was not taken up, or whose outcome is not known.

use guildhall_protocol::{Code, Refusal};
use guildhall_store::write_behind::{Cause, Present, RejectReason, WriteRefusal};
use serde_json::{Value, json};

/// The rule of an answer to a change that may or may not be done yet.
pub const OUTCOME_UNKNOWN: &str = "change.outcome_unknown";
/// The rule of an answer to a change that was taken back: it was not done and will not be.
pub const TAKEN_BACK: &str = "change.taken_back";
/// The rule while nothing is taken up, since nothing can be promised.
pub const READ_ONLY: &str = "saving.read_only";

/// The refusal for a write that was not taken up.
#[must_use]
pub fn rejection_of(reason: RejectReason) -> Refusal {
    match reason {
        RejectReason::Overloaded { dirty, .. } => {
            let sentence = format!("{dirty} changes wait to be saved; no more are taken now.");
            Refusal::new(Code::Overloaded, sentence)
        }
        RejectReason::NotAGroup { why } => Refusal::new(Code::BadField, why),
        RejectReason::TakenBack => taken_back(),
        RejectReason::Shut => {
            let sentence = "This server takes no more changes; nothing was changed.";
            Refusal::new(Code::Unavailable, sentence).rule(READ_ONLY)
        }
        RejectReason::Stale { pending_version } => {
            let sentence = format!("Version {pending_version} is being saved already.");
            Refusal::new(Code::StaleVersion, sentence).detail(json!({ "version": pending_version }))
        }
    }
}

/// The refusal for a change that did not come to the database in time.
#[must_use]
pub fn taken_back() -> Refusal {
    let sentence = "The database cannot be reached now; nothing was changed.";
    Refusal::new(Code::Unavailable, sentence).rule(TAKEN_BACK)
}

/// The refusal for a change that the database has and did not answer for in time.
#[must_use]
pub fn outcome_unknown() -> Refusal {
    let sentence = "The database did not answer in time; the change may be done yet.";
    Refusal::new(Code::Unavailable, sentence).rule(OUTCOME_UNKNOWN)
}

/// The refusal for a write that the database refused, with what the database has instead.
#[must_use]
pub fn refusal_of(refused: &WriteRefusal) -> Refusal {
    let (code, rule) = match refused.cause {
        Cause::Stale => (Code::StaleVersion, None),
        Cause::Fenced => (Code::Fenced, None),
        Cause::Denied => (Code::RankForbidden, refused.constraint.clone()),
        Cause::Gone => (Code::NotFound, None),
        Cause::Taken => (Code::EscrowTaken, None),
        Cause::Limit => {
            let limit = refused.constraint.as_deref().unwrap_or("count");
            (Code::LimitReached, Some(format!("limits.{limit}")))
        }
        Cause::TooLarge => (Code::StateTooLarge, None),
        cause => (
            Code::RefusedByDatabase,
            Some(format!("database.{}", cause.as_str())),
        ),
    };
    // The database's own words name tables and keys: they stay in its records.
    let sentence = match refused.cause {
        Cause::Unique => "What this write claims, such as an id, is another's already.",
        _ => refused.detail.as_str(),
    };
    let mut refusal = Refusal::new(code, sentence);
    if let Some(rule) = rule {
        refusal = refusal.rule(rule);
    }
    if let Some(beside) = &refused.beside {
        let rows = (0..=beside.0.len()).map(|at| refused.of_save(at).present);
        let rows: Vec<_> = rows.map(|row| row.as_ref().map(present_json)).collect();
        return refusal.detail(json!(rows));
    }
    match &refused.present {
        Some(present) => refusal.detail(present_json(present)),
        None => refusal,
    }
}

/// Version and state of each save of a group that was refused, in their order, as [`refusal_of`] tells them;
/// `None` where nothing is left, and nothing at all where the database was not asked.
#[must_use]
pub fn rows_of(refusal: &Refusal) -> Vec<Option<(u32, Value)>> {
    let rows = match refusal.detail.as_deref() {
        Some(Value::Array(rows)) => rows.as_slice(),
        Some(row) => std::slice::from_ref(row),
        None => &[],
    };
    rows.iter().map(row_of).collect()
}

fn row_of(row: &Value) -> Option<(u32, Value)> {
    let version = u32::try_from(row.get("version")?.as_u64()?).ok()?;
    Some((version, row.get("state")?.clone()))
}

/// Whether the refusal is no reload: its answer tells the present state, and who made that state knows it; or
/// it is told to a session that plays the character no more.
#[must_use]
pub fn is_conflict(refusal: &Refusal) -> bool {
    matches!(refusal.code, Code::StaleVersion | Code::Fenced)
}

/// Why somebody is no new member. A membership that the database holds already is no fault: somebody joined
/// twice at once. What is not there any more is the invite.
#[must_use]
pub fn not_joined(refusal: Refusal) -> Refusal {
    match refusal.code {
        Code::NotFound => Refusal::new(Code::InviteUnknown, "This invite code is not known."),
        _ if refusal.rule == "database.unique" => {
            Refusal::new(Code::AlreadyMember, "You have joined already.")
        }
        _ => refusal,
    }
}

fn present_json(present: &Present) -> Value {
    json!({ "version": present.version, "state": state_json(present) })
}

pub(super) fn state_json(present: &Present) -> Value {
    serde_json::from_slice(&present.state).unwrap_or_default()
}

/// Version and state that the thing was reloaded to, if the database refused what it was asked to hold and
/// that is no conflict.
#[must_use]
pub fn reloaded_to(refusal: &Refusal) -> Option<(u32, Value)> {
    match is_conflict(refusal) {
        true => None,
        false => row_of(refusal.detail.as_deref()?),
    }
}
