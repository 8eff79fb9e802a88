//! What an error of the database means: the fault of one write, or a failure of the whole. diesel hands
//! on the kind of a constraint and the message, but no code; the rest each database's own file knows.

use diesel::result::{DatabaseErrorKind, Error};

use super::{Connection, postgres, sqlite};
use crate::error::StoreError;
use crate::write_behind::{Cause, WriteRefusal};

/// The refusal of one write, if the error is its fault. With `blames`, unclear errors are; those of the
/// environment never are.
pub(super) fn judge(conn: &Connection, error: &Error, blames: bool) -> Option<WriteRefusal> {
    let cause = match conn {
        Connection::Sqlite(_) => sqlite::cause(error),
        Connection::Postgres(_) => postgres::cause(error),
    };
    let held = || (blames && !is_environment(conn, error)).then_some(Cause::Held);
    Some(refusal(cause.or_else(held)?, error))
}

/// Whether it lies with the disk, the file, a lock or the connection, so that the same write may succeed
/// later.
pub(super) fn is_environment(conn: &Connection, error: &Error) -> bool {
    match conn {
        Connection::Sqlite(_) => sqlite::is_environment(error),
        Connection::Postgres(_) => postgres::is_environment(error),
    }
}

/// Whether a constraint of the schema said no.
pub(super) fn is_violation(kind: &DatabaseErrorKind) -> bool {
    matches!(
        kind,
        DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::RestrictViolation
            | DatabaseErrorKind::ExclusionViolation
    )
}

/// The refusal of a write in the words of the database.
pub(super) fn refusal(cause: Cause, error: &Error) -> WriteRefusal {
    let message = error.to_string();
    let named = match error {
        Error::DatabaseError(_, info) => info.constraint_name().map(str::to_owned),
        _ => None,
    };
    WriteRefusal {
        constraint: named.or_else(|| sqlite::constraint(&message)),
        ..WriteRefusal::new(cause, message)
    }
}

/// An error of the database as a whole.
pub(crate) fn store_error(error: &Error) -> StoreError {
    let detail = error.to_string();
    let gone = matches!(
        error,
        Error::DatabaseError(
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
            _
        ) | Error::BrokenTransactionManager
    );
    if gone || detail.contains("locked") || detail.contains("locking protocol") {
        StoreError::Unavailable { detail }
    } else if detail == "database or disk is full" || postgres::is_disk_full(&detail) {
        StoreError::DiskFull { detail }
    } else if postgres::is_outage(&detail) || postgres::is_delay(&detail) {
        StoreError::Unavailable { detail }
    } else {
        StoreError::Database { detail }
    }
}
