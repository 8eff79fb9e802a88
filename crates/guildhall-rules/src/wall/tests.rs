//! Tests of `wall`: what is believed, at the bounds and anywhere.

use proptest::prelude::*;

use super::*;

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;
const KNOWN_US: i64 = 1_700_000_000_000_000;

fn of(difference_us: i64) -> Standing {
    judge(KNOWN_US + difference_us, KNOWN_US, &WallLimits::default())
}

#[test]
fn a_clock_that_is_off_by_hours_or_by_a_holiday_is_believed() {
    for difference_us in [0, HOUR_US, -HOUR_US, -DAY_US, 14 * DAY_US] {
        assert_eq!(of(difference_us), Standing::Agrees, "{difference_us}");
    }
}

#[test]
fn a_clock_beyond_the_bounds_is_not_believed() {
    let by_us = (14 * DAY_US + 1).unsigned_abs();
    assert_eq!(of(14 * DAY_US + 1), Standing::Ahead { by_us });
    let by_us = (DAY_US + 1).unsigned_abs();
    assert_eq!(of(-DAY_US - 1), Standing::Behind { by_us });
    let ten_years_us = 3_652 * DAY_US;
    let by_us = ten_years_us.unsigned_abs();
    assert_eq!(of(ten_years_us), Standing::Ahead { by_us });
    assert_eq!(of(-ten_years_us), Standing::Behind { by_us });
}

#[test]
fn times_at_the_ends_of_what_can_be_told_are_judged_too() {
    let limits = WallLimits::default();
    let by_us = u64::MAX;
    assert_eq!(
        judge(i64::MAX, i64::MIN, &limits),
        Standing::Ahead { by_us }
    );
    assert_eq!(
        judge(i64::MIN, i64::MAX, &limits),
        Standing::Behind { by_us }
    );
}

#[test]
fn the_time_is_noted_when_the_newest_record_is_an_hour_off_in_either_direction() {
    let limits = WallLimits::default();
    assert!(!limits.is_note_due(KNOWN_US, KNOWN_US + HOUR_US));
    assert!(limits.is_note_due(KNOWN_US, KNOWN_US + HOUR_US + 1));
    assert!(limits.is_note_due(KNOWN_US, KNOWN_US - HOUR_US - 1));
}

proptest! {
    #[test]
    fn whatever_is_believed_is_within_the_bounds_and_the_rest_is_told_with_its_distance(
        system_us: i64, known_us: i64, ahead_max_ms in 1_u64..1 << 40, behind_max_ms in 1_u64..1 << 40,
    ) {
        let limits = WallLimits { ahead_max_ms, behind_max_ms, ..WallLimits::default() };
        let apart = i128::from(system_us) - i128::from(known_us);
        let (ahead, behind) = (i128::from(ahead_max_ms) * 1000, i128::from(behind_max_ms) * 1000);
        match judge(system_us, known_us, &limits) {
            Standing::Agrees => prop_assert!(-behind <= apart && apart <= ahead),
            Standing::Ahead { by_us } => prop_assert!(apart > ahead && i128::from(by_us) == apart),
            Standing::Behind { by_us } => prop_assert!(-apart > behind && i128::from(by_us) == -apart),
        }
    }
}
