//! Telling what an error of SQLite means. diesel hands on the kind of a constraint and the
//! message, but no code, so everything else is known by SQLite's own fixed messages.

use diesel::result::{DatabaseErrorKind, Error};

use crate::error::StoreError;
use crate::write_behind::{Cause, WriteRefusal};

/// Messages of failures that are no row's fault. Whole and exact: a trigger's own words should
/// not be taken for one of them. The price of one missing is a refusal (with its payload kept)
/// where a retry was due; hence the list is long rather than short.
const NOBODYS_FAULT: &[&str] = &[
    "SQL logic error",
    "access permission denied",
    "another row available",
    "attempt to write a readonly database",
    "authorization denied",
    "bad parameter or other API misuse",
    "database disk image is malformed",
    "database is locked",
    "database or disk is full",
    "database schema has changed",
    "database table is locked",
    "disk I/O error",
    "file is not a database",
    "internal error",
    "interrupted",
    "large file support is disabled",
    "locking protocol",
    "out of memory",
    "query aborted",
    "unable to open database file",
    "unknown error",
];

/// Beginnings of the same, where SQLite adds a name.
const NOBODYS_FAULT_PREFIX: &[&str] = &[
    "cannot commit",
    "cannot start a transaction",
    "database schema is locked: ",
    "database table is locked: ",
    "no such column: ",
    "no such savepoint: ",
    "no such table: ",
    "unable to open database: ",
];

/// The refusal of one write, or a failure of the whole.
pub(super) fn judge(error: &Error) -> Result<WriteRefusal, StoreError> {
    let Error::DatabaseError(kind, info) = error else {
        return judge_our_own(error);
    };
    let message = info.message();
    let cause = match kind {
        DatabaseErrorKind::UniqueViolation => Cause::Unique,
        DatabaseErrorKind::ForeignKeyViolation => Cause::ForeignKey,
        DatabaseErrorKind::NotNullViolation => Cause::NotNull,
        DatabaseErrorKind::CheckViolation => Cause::Check,
        DatabaseErrorKind::Unknown if message == "string or blob too big" => Cause::TooLarge,
        DatabaseErrorKind::Unknown if !is_nobodys_fault(message) => Cause::Trigger,
        _ => return Err(store_error(error)),
    };
    Ok(WriteRefusal {
        constraint: constraint(message),
        ..WriteRefusal::new(cause, message)
    })
}

/// A value that fits no column is the write's own fault.
fn judge_our_own(error: &Error) -> Result<WriteRefusal, StoreError> {
    match error {
        Error::SerializationError(_) | Error::InvalidCString(_) => {
            Ok(WriteRefusal::new(Cause::Check, error.to_string()))
        }
        _ => Err(store_error(error)),
    }
}

fn is_nobodys_fault(message: &str) -> bool {
    let starts = |prefix: &&str| message.starts_with(*prefix);
    NOBODYS_FAULT.contains(&message) || NOBODYS_FAULT_PREFIX.iter().any(starts)
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
