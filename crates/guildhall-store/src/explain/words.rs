//! How causes, times and people are said in a story.

use std::collections::BTreeMap;

use crate::write_behind::{Author, Cause};

/// A time as a person reads it, to the second, in UTC.
pub(crate) fn time(at_us: i64) -> String {
    jiff::Timestamp::from_microsecond(at_us)
        .map_or_else(|_| "at an unknown time".to_owned(), |at| format!("{at:.0}"))
}

/// Whose doing it was, with the session if there was one.
pub(super) fn who(
    account: &str,
    session: Option<&str>,
    logins: &BTreeMap<String, String>,
) -> String {
    let name = match logins.get(account) {
        Some(login) => login.clone(),
        None if account == Author::SERVER.account.to_string() => "the server".to_owned(),
        None => format!("account {account}"),
    };
    match session {
        Some(session) => format!("{name} (session {session})"),
        None => name,
    }
}

/// Whether a line of history with this cause tells of a refusal.
pub(super) fn is_refusal(cause: &str) -> bool {
    Cause::ALL.iter().any(|known| known.as_str() == cause)
}

/// Why a write was refused, in words.
pub(super) fn reason(cause: &str) -> &'static str {
    let known = Cause::ALL.into_iter().find(|known| known.as_str() == cause);
    match known {
        Some(Cause::Unique) => "what it claims belongs to another",
        Some(Cause::Check) => "it breaks a bound of the database",
        Some(Cause::ForeignKey) => "it refers to something that is not there",
        Some(Cause::NotNull) => "a value is missing",
        Some(Cause::Stale) => "it was made from another version than the present one",
        Some(Cause::Fenced) => "somebody else played the character by then",
        Some(Cause::Denied) => "who asked for it had lost the right to by then",
        Some(Cause::Gone) => "what it would change was not there",
        Some(Cause::Taken) => "another had taken it by then",
        Some(Cause::Limit) => "there were as many as may be",
        Some(Cause::TooLarge) => "it is too large",
        Some(Cause::Trigger) => "a rule inside the database said no",
        Some(Cause::Held) => {
            "the database failed at it again and again for a reason that nobody can tell"
        }
        _ => "of a cause that this program does not know",
    }
}

/// One thing, or several.
pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}
