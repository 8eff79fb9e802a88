//! Telling what an error of SQLite means. diesel hands on the kind of a constraint and the
//! message, but no code, so everything else is known by SQLite's own fixed messages.

use diesel::result::{DatabaseErrorKind, Error};

use crate::backend::errors::is_violation;
use crate::write_behind::Cause;

/// Messages of failures that lie with the disk, the file or a lock, and so with no row. Whole and
/// exact: a trigger's own words should not be taken for one of them.
const ENVIRONMENT: &[&str] = &[
    "access permission denied",
    "attempt to write a readonly database",
    "database disk image is malformed",
    "database is locked",
    "database or disk is full",
    "database table is locked",
    "disk I/O error",
    "file is not a database",
    "interrupted",
    "large file support is disabled",
    "locking protocol",
    "out of memory",
    "unable to open database file",
];

/// Beginnings of the same, where SQLite adds a name.
const ENVIRONMENT_PREFIX: &[&str] = &[
    "database schema is locked: ",
    "database table is locked: ",
    "unable to open database: ",
];

/// Messages that may pass or may come back for ever, whoever's fault they are: a schema that
/// changes under us, a trigger that names a missing table. The price of one missing is a refusal
/// (with its payload kept) at once, where a retry was due.
const UNCLEAR: &[&str] = &[
    "SQL logic error",
    "another row available",
    "authorization denied",
    "bad parameter or other API misuse",
    "database schema has changed",
    "internal error",
    "query aborted",
    "unknown error",
];

/// Beginnings of the same.
const UNCLEAR_PREFIX: &[&str] = &[
    "cannot commit",
    "cannot start a transaction",
    "no such column: ",
    "no such savepoint: ",
    "no such table: ",
];

/// What is known to be the write's own fault.
pub(in crate::backend) fn cause(error: &Error) -> Option<Cause> {
    let (kind, message) = match error {
        Error::DatabaseError(kind, info) => (kind, info.message()),
        // A value that fits no column.
        Error::SerializationError(_) | Error::InvalidCString(_) => return Some(Cause::Check),
        _ => return None,
    };
    match kind {
        DatabaseErrorKind::UniqueViolation => Some(Cause::Unique),
        DatabaseErrorKind::ForeignKeyViolation => Some(Cause::ForeignKey),
        DatabaseErrorKind::NotNullViolation => Some(Cause::NotNull),
        DatabaseErrorKind::CheckViolation => Some(Cause::Check),
        DatabaseErrorKind::Unknown if message == "string or blob too big" => Some(Cause::TooLarge),
        DatabaseErrorKind::Unknown if is_environment(error) => None,
        DatabaseErrorKind::Unknown if is_one_of(message, UNCLEAR, UNCLEAR_PREFIX) => None,
        DatabaseErrorKind::Unknown => Some(Cause::Trigger),
        _ => None,
    }
}

/// Whether it lies with the disk, the file or a lock, so that the same write may succeed later.
pub(in crate::backend) fn is_environment(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            is_one_of(info.message(), ENVIRONMENT, ENVIRONMENT_PREFIX)
        }
        Error::DatabaseError(kind, _) => !is_violation(kind),
        _ => false,
    }
}

fn is_one_of(message: &str, whole: &[&str], beginnings: &[&str]) -> bool {
    let starts = |prefix: &&str| message.starts_with(*prefix);
    whole.contains(&message) || beginnings.iter().any(starts)
}

/// `UNIQUE constraint failed: names.realm_id, names.name_key` → what stands after the colon.
pub(in crate::backend) fn constraint(message: &str) -> Option<String> {
    let (_, name) = message.split_once(" constraint failed: ")?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests;
