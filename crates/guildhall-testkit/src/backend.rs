//! Which database the tests of this process run on.

/// `sqlite` or `postgres`; not set means SQLite.
pub(crate) const VARIABLE: &str = "GUILDHALL_TEST_BACKEND";

/// A database that the server can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// The database that a test uses when it is not about one of the two.
///
/// # Panics
/// When the variable names something else.
pub fn backend() -> Backend {
    match std::env::var(VARIABLE).as_deref() {
        Err(_) | Ok("sqlite") => Backend::Sqlite,
        Ok("postgres") => Backend::Postgres,
        Ok(other) => panic!("{VARIABLE} is sqlite or postgres, not {other}"),
    }
}
