//! The system's clock as the database keeps times. What belongs to a world asks `clock` instead, which does
//! not jump.

/// Microseconds since 1970-01-01 UTC by the system's clock, which may be set at any time.
pub fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
