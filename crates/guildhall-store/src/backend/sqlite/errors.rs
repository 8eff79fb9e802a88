//! Telling what an error of SQLite means. diesel hands on the kind of a constraint and the
//! message, but no code, so everything else is known by SQLite's own fixed messages.

use diesel::result::{DatabaseErrorKind, Error};

use crate::error::StoreError;
use crate::write_behind::{Cause, WriteRefusal};

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

/// So often a batch fails as a whole before an unclear error counts against the write that met
/// it: one broken thing must not stop everything else for ever.
pub(super) const FAILURES_BEFORE_BLAME: u32 = 3;

/// The refusal of one write, or a failure of the whole. With `blames`, unclear errors are the
/// write's; those of the environment never are.
pub(super) fn judge(error: &Error, blames: bool) -> Result<WriteRefusal, StoreError> {
    match cause(error) {
        Some(cause) => Ok(refusal(cause, error)),
        None if blames && !is_environment(error) => Ok(refusal(Cause::Unclassified, error)),
        None => Err(store_error(error)),
    }
}

/// What is known to be the write's own fault.
fn cause(error: &Error) -> Option<Cause> {
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
pub(super) fn is_environment(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            is_one_of(info.message(), ENVIRONMENT, ENVIRONMENT_PREFIX)
        }
        Error::DatabaseError(kind, _) => !matches!(
            kind,
            DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation
        ),
        _ => false,
    }
}

fn is_one_of(message: &str, whole: &[&str], beginnings: &[&str]) -> bool {
    let starts = |prefix: &&str| message.starts_with(*prefix);
    whole.contains(&message) || beginnings.iter().any(starts)
}

fn refusal(cause: Cause, error: &Error) -> WriteRefusal {
    let message = error.to_string();
    WriteRefusal {
        constraint: constraint(&message),
        ..WriteRefusal::new(cause, message)
    }
}

/// `UNIQUE constraint failed: names.realm_id, names.name_key` → what stands after the colon.
fn constraint(message: &str) -> Option<String> {
    let (_, name) = message.split_once(" constraint failed: ")?;
    Some(name.to_owned())
}

/// An error of the database as a whole.
pub(crate) fn store_error(error: &Error) -> StoreError {
    let detail = error.to_string();
    if detail.contains("locked") || detail.contains("locking protocol") {
        StoreError::Unavailable { detail }
    } else if detail == "database or disk is full" {
        StoreError::DiskFull { detail }
    } else {
        StoreError::Database { detail }
    }
}

#[cfg(test)]
mod tests;
