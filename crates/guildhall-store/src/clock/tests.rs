//! Tests of `clock`: from where it goes on, and what sets it right.

use super::*;

const YEAR_US: i64 = 365 * 24 * 3_600 * 1_000_000;
const MINUTE_US: i64 = 60_000_000;

fn is_about(at_us: i64, expected_us: i64) -> bool {
    at_us.abs_diff(expected_us) < MINUTE_US.unsigned_abs()
}

/// A clock that was set beside a record of this age.
fn beside(age_us: i64) -> (Clock, i64) {
    let clock = Clock::of_system();
    let newest_us = now_us().saturating_sub(age_us);
    clock.set_beside(newest_us, &WallLimits::default());
    (clock, newest_us)
}

#[test]
fn a_record_of_yesterday_has_it_go_by_the_system() {
    let (clock, _) = beside(MINUTE_US * 60 * 24);
    let read = clock.read();
    assert!(!read.is_held);
    assert!(is_about(read.at_us, read.system_us));
}

#[test]
fn a_record_that_is_years_old_or_years_ahead_has_it_go_on_from_there() {
    for age_us in [10 * YEAR_US, -10 * YEAR_US] {
        let (clock, newest_us) = beside(age_us);
        assert!(clock.read().is_held);
        assert!(clock.now_us() >= newest_us);
        assert!(is_about(clock.now_us(), newest_us));
        assert!(!clock.release_if_plausible(&WallLimits::default()));
        assert!(is_about(clock.clone().now_us(), newest_us));
    }
}

#[test]
fn a_held_clock_goes_by_the_system_when_that_is_plausible_again_or_somebody_says_so() {
    let far = WallLimits {
        ahead_max_ms: u64::MAX,
        ..WallLimits::default()
    };
    let (clock, _) = beside(10 * YEAR_US);
    assert!(clock.release_if_plausible(&far));
    assert!(!clock.read().is_held);
    assert!(is_about(clock.now_us(), now_us()));
    assert!(!clock.release_if_plausible(&far));

    let (clock, _) = beside(-10 * YEAR_US);
    clock.accept_system();
    assert!(!clock.read().is_held);
    assert!(is_about(clock.now_us(), now_us()));
}
