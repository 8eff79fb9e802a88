//! The wall clock as the database keeps it.

/// Microseconds since 1970-01-01 UTC: what every time column holds.
pub fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
