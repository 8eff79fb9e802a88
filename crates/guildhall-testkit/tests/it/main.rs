//! The test kit as another process uses it.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test that cannot do its work fails the test"
)]

mod throwaway_postgres;
