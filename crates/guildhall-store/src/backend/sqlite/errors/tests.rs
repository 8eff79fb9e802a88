//! Which error of SQLite is whose fault.

use diesel::Connection as _;

use super::*;
use crate::backend::Connection;
use crate::backend::errors;
use crate::write_behind::WriteRefusal;

fn judge(error: &Error, blames: bool) -> Option<WriteRefusal> {
    let conn = diesel::SqliteConnection::establish(":memory:").unwrap();
    errors::judge(&Connection::Sqlite(conn), error, blames)
}

fn unknown(message: &str) -> Error {
    Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()))
}

#[test]
fn the_disk_the_file_and_locks_are_never_a_writes_fault() {
    for message in [
        "database is locked",
        "database or disk is full",
        "disk I/O error",
        "attempt to write a readonly database",
        "out of memory",
        "database disk image is malformed",
        "interrupted",
        "unable to open database file",
    ] {
        for blames in [false, true] {
            assert!(judge(&unknown(message), blames).is_none(), "{message}");
        }
    }
}

#[test]
fn an_unclear_error_is_the_writes_fault_only_when_writes_are_blamed() {
    let unreadable = || Error::DeserializationError("out of range".into());
    for error in [unknown("no such table: missing"), unreadable()] {
        assert!(judge(&error, false).is_none(), "{error}");
        let refusal = judge(&error, true).unwrap();
        assert_eq!(refusal.cause, Cause::Held, "{error}");
    }
}

#[test]
fn a_triggers_own_words_are_the_writes_fault_even_when_they_speak_of_locks() {
    let refusal = judge(&unknown("this database is locked up for the night"), false).unwrap();
    assert_eq!(refusal.cause, Cause::Trigger);
}

#[test]
fn the_constraint_is_what_stands_after_the_colon() {
    let error = Error::DatabaseError(
        DatabaseErrorKind::UniqueViolation,
        Box::new("UNIQUE constraint failed: names.realm_id, names.name_key".to_owned()),
    );
    let refusal = judge(&error, false).unwrap();
    assert_eq!(refusal.cause, Cause::Unique);
    assert_eq!(
        refusal.constraint.as_deref(),
        Some("names.realm_id, names.name_key")
    );
}
