//! Which error of PostgreSQL is whose fault.

use super::*;

struct Told {
    message: &'static str,
    details: Option<&'static str>,
}

impl DatabaseErrorInformation for Told {
    fn message(&self) -> &str {
        self.message
    }
    fn details(&self) -> Option<&str> {
        self.details
    }
    fn hint(&self) -> Option<&str> {
        None
    }
    fn table_name(&self) -> Option<&str> {
        None
    }
    fn column_name(&self) -> Option<&str> {
        None
    }
    fn constraint_name(&self) -> Option<&str> {
        None
    }
    fn statement_position(&self) -> Option<i32> {
        None
    }
}

fn error(kind: DatabaseErrorKind, message: &'static str, details: Option<&'static str>) -> Error {
    Error::DatabaseError(kind, Box::new(Told { message, details }))
}

fn unknown(message: &'static str) -> Error {
    error(DatabaseErrorKind::Unknown, message, None)
}

#[test]
fn the_machine_and_the_connection_are_never_a_writes_fault() {
    for message in [
        "could not extend file \"base/1/2\": No space left on device",
        "could not write to file \"base/pgsql_tmp/1\": Disk quota exceeded",
        "server closed the connection unexpectedly",
        "terminating connection due to administrator command",
        "the database system is starting up",
        "cannot execute UPDATE in a read-only transaction",
        "deadlock detected",
        "canceling statement due to lock timeout",
        "canceling statement due to statement timeout",
        "canceling statement due to user request",
    ] {
        assert_eq!(cause(&unknown(message)), None, "{message}");
        assert!(is_environment(&unknown(message)), "{message}");
    }
    let closed = error(DatabaseErrorKind::ClosedConnection, "gone", None);
    assert!(is_environment(&closed));
}

#[test]
fn raised_exceptions_are_nobodys_fault_until_somebody_is_blamed() {
    let raised = unknown("the harbour is closed");
    assert_eq!(cause(&raised), None);
    assert!(!is_environment(&raised));
}

#[test]
fn of_all_delays_only_a_statement_that_took_too_long_may_be_its_own() {
    let slow = "canceling statement due to statement timeout";
    assert!(is_too_slow(&unknown(slow)));
    for message in [
        "canceling statement due to lock timeout",
        "deadlock detected",
    ] {
        assert!(!is_too_slow(&unknown(message)), "{message}");
    }
}

#[test]
fn a_row_that_is_refused_is_found_by_its_first_column() {
    let id = "01970000-0000-7000-8000-000000000001";
    let details = "Failing row contains (01970000-0000-7000-8000-000000000001, x, (y), null).";
    let named = error(DatabaseErrorKind::CheckViolation, "refused", Some(details));
    assert_eq!(named_row(&named), Some(Uuid::try_parse(id).unwrap()));
    for details in [
        None,
        Some("Failing row contains (1, 2)."),
        Some("Key (a)=(b) already exists."),
    ] {
        let unnamed = error(DatabaseErrorKind::CheckViolation, "refused", details);
        assert_eq!(named_row(&unnamed), None);
    }
}
