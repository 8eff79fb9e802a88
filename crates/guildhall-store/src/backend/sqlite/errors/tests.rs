//! Which error of SQLite is whose fault.

use super::*;

fn unknown(message: &str) -> Error {
    Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()))
}

#[test]
fn busy_full_and_io_are_nobodys_fault() {
    for message in [
        "database is locked",
        "database or disk is full",
        "disk I/O error",
    ] {
        assert!(judge(&unknown(message)).is_err(), "{message}");
    }
}

#[test]
fn a_triggers_own_words_are_the_writes_fault_even_when_they_speak_of_locks() {
    let refusal = judge(&unknown("this database is locked up for the night")).unwrap();
    assert_eq!(refusal.cause, Cause::Trigger);
}

#[test]
fn the_constraint_is_what_stands_after_the_colon() {
    let error = Error::DatabaseError(
        DatabaseErrorKind::UniqueViolation,
        Box::new("UNIQUE constraint failed: names.realm_id, names.name_key".to_owned()),
    );
    let refusal = judge(&error).unwrap();
    assert_eq!(refusal.cause, Cause::Unique);
    assert_eq!(
        refusal.constraint.as_deref(),
        Some("names.realm_id, names.name_key")
    );
}
