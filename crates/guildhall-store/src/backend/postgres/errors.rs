//! Telling what an error of PostgreSQL means. Constraints come with their kind and name; deadlocks,
//! timeouts, a raised exception and a lost connection are all one kind to diesel, so they are told apart
//! no further than is safe: only what names the machine or the connection is never a write's fault.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};
use uuid::Uuid;

use crate::backend::errors::is_violation;
use crate::write_behind::Cause;

/// Parts of messages about a disk without room. The operating system's own words are among them.
const DISK_FULL: &[&str] = &[
    "No space left on device",
    "Disk quota exceeded",
    "could not extend file",
];

/// Parts of messages about a server that is away, on its way, or not to be reached.
const OUTAGE: &[&str] = &[
    "terminating connection",
    "server closed the connection",
    "connection to server",
    "could not connect",
    "could not send data",
    "could not receive data",
    "no connection to the server",
    "Connection refused",
    "Connection timed out",
    "the database system is",
    "SSL connection has been closed",
    "cannot execute",
    "read-only transaction",
    "out of memory",
    "out of shared memory",
    "too many clients",
    "remaining connection slots",
];

/// Parts of messages about what took too long, mostly since others hold what is wanted. That alone tells
/// nothing of the write: it is waited for like a server that is away.
const DELAY: &[&str] = &["canceling statement due to", "deadlock detected"];

/// The one delay that a write may cause by itself, if others are quick meanwhile.
const TOO_SLOW: &str = "canceling statement due to statement timeout";

/// Parts of messages that tell a value which no row can hold.
const BAD_VALUE: &[&str] = &["invalid byte sequence", "out of range", "value too long"];

pub(in crate::backend) fn is_disk_full(message: &str) -> bool {
    DISK_FULL.iter().any(|part| message.contains(part))
}

pub(in crate::backend) fn is_delay(message: &str) -> bool {
    DELAY.iter().any(|part| message.contains(part))
}

/// Whether a statement was given up for its length: the write is slow, or the whole database is.
pub(in crate::backend) fn is_too_slow(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, info) if info.message().contains(TOO_SLOW))
}

pub(in crate::backend) fn is_outage(message: &str) -> bool {
    OUTAGE.iter().any(|part| message.contains(part))
}

/// Whether a connection was refused because the server is away or on its way. A server that is there and
/// says no (`FATAL`: no such database, a wrong password) will say so again.
pub(crate) fn is_away(message: &str) -> bool {
    const BUSY: &[&str] = &[
        "the database system is",
        "too many clients",
        "remaining connection",
    ];
    // Said by the client: it will say so again.
    const SETTINGS: &[&str] = &["invalid", "no password supplied", "not known to"];
    let says_no = message.contains("FATAL") || SETTINGS.iter().any(|part| message.contains(part));
    let says_no = says_no || is_about_encryption(message);
    !says_no || BUSY.iter().any(|part| message.contains(part))
}

/// Whether a connection was refused because one side wants it encrypted, or trusted, and the other does not.
pub(crate) fn is_about_encryption(message: &str) -> bool {
    const LOST: &[&str] = &["SSL SYSCALL", "SSL connection has been closed"];
    const WORDS: &[&str] = &["SSL", "certificate", "sslmode", "no encryption"];
    let says = |words: &[&str]| words.iter().any(|part| message.contains(part));
    says(WORDS) && !says(LOST)
}

/// What is known to be the write's own fault.
pub(in crate::backend) fn cause(error: &Error) -> Option<Cause> {
    let (kind, message) = match error {
        Error::DatabaseError(kind, info) => (kind, info.message()),
        // A value that fits no column.
        Error::SerializationError(_) | Error::InvalidCString(_) => return Some(Cause::Check),
        _ => return None,
    };
    match kind {
        DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::ExclusionViolation => {
            Some(Cause::Unique)
        }
        DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation => {
            Some(Cause::ForeignKey)
        }
        DatabaseErrorKind::NotNullViolation => Some(Cause::NotNull),
        DatabaseErrorKind::CheckViolation => Some(Cause::Check),
        DatabaseErrorKind::Unknown if BAD_VALUE.iter().any(|part| message.contains(part)) => {
            Some(Cause::Check)
        }
        _ => None,
    }
}

/// Whether it lies with the machine or the connection, so that the same write may succeed later.
pub(in crate::backend) fn is_environment(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            let message = info.message();
            is_disk_full(message) || is_outage(message) || is_delay(message)
        }
        Error::DatabaseError(kind, _) => !is_violation(kind),
        Error::BrokenTransactionManager => true,
        _ => false,
    }
}

/// The row that a refused statement over many names: its id, which is the first column of both tables.
/// `Failing row contains (0197…, …)`.
pub(in crate::backend) fn named_row(error: &Error) -> Option<Uuid> {
    let Error::DatabaseError(_, info) = error else {
        return None;
    };
    let (_, row) = details(info.as_ref())?.split_once("contains (")?;
    Uuid::try_parse(row.split([',', ')']).next()?).ok()
}

fn details(info: &(dyn DatabaseErrorInformation + Send + Sync)) -> Option<&str> {
    info.details()
}

#[cfg(test)]
mod tests;
