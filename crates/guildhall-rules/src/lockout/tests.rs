//! Tests of `lockout`: the wait grows, ends, and is forgotten.

use proptest::prelude::*;

use super::*;

const LIMITS: LockoutLimits = LockoutLimits {
    free: 3,
    first_delay: Duration::from_secs(1),
    delay_max: Duration::from_secs(300),
    forgotten_after: Duration::from_secs(600),
};

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Fails at once whenever it may; the waits.
fn waits(attempts: &mut Attempts, mut now: Duration, times: usize) -> Vec<u64> {
    let mut waits = Vec::new();
    for _ in 0..times {
        attempts.fail(now, &LIMITS);
        let wait = attempts.wait(now).unwrap_or_default();
        waits.push(wait.as_secs());
        now += wait;
    }
    waits
}

#[test]
fn some_failures_are_free_and_then_the_wait_doubles_up_to_its_bound() {
    let waits = waits(&mut Attempts::default(), s(0), 14);
    assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
}

#[test]
fn a_rest_forgets_failures_one_by_one_and_in_the_end_all() {
    let mut attempts = Attempts::default();
    waits(&mut attempts, s(0), 6);
    assert_eq!(attempts.remembered(s(7), &LIMITS), 6);
    let last = attempts.last;
    assert_eq!(attempts.remembered(last + s(600), &LIMITS), 5);
    assert_eq!(attempts.remembered(last + s(3_600), &LIMITS), 0);
    assert_eq!(attempts.fades_at(), last + s(3_600));
    attempts.fail(last + s(3_600), &LIMITS);
    assert_eq!(attempts.wait(last + s(3_600)), None);
}

#[test]
fn an_attempt_that_was_not_decided_leaves_what_was() {
    let mut attempts = Attempts::default();
    waits(&mut attempts, s(0), 3);
    attempts.fail(s(1), &LIMITS);
    assert_eq!(attempts.wait(s(1)), Some(s(1)));
    attempts.take_back(s(1), &LIMITS);
    assert_eq!(attempts.wait(s(1)), None);
    assert_eq!(attempts.remembered(s(1), &LIMITS), 3);
}

#[test]
fn limits_at_the_end_of_what_can_be_told_do_not_overflow() {
    let limits = LockoutLimits {
        free: u32::MAX,
        first_delay: Duration::MAX,
        delay_max: Duration::MAX,
        forgotten_after: Duration::ZERO,
    };
    let mut attempts = Attempts::default();
    for now in [Duration::ZERO, Duration::MAX] {
        attempts.fail(now, &limits);
        attempts.take_back(now, &limits);
        assert_eq!(attempts.remembered(now, &limits), 0);
    }
    let limits = LockoutLimits { free: 0, ..limits };
    attempts.fail(Duration::ZERO, &limits);
    assert_eq!(attempts.wait(Duration::ZERO), Some(Duration::MAX));
}

proptest! {
    /// However somebody goes about it, within a day no more guesses are made than the free ones, those of the
    /// doubling, one for each longest wait, and one for each failure that rest has forgotten.
    #[test]
    fn guesses_in_a_day_are_bounded(pauses_s in proptest::collection::vec(0_u64..2_000, 1..2_000)) {
        let (mut attempts, mut now, mut guesses) = (Attempts::default(), s(0), 0_u64);
        for pause_s in pauses_s {
            now += s(pause_s);
            if now > s(86_400) {
                break;
            }
            if attempts.wait(now).is_none() {
                guesses += 1;
                attempts.fail(now, &LIMITS);
            }
        }
        let bound = 3 + 10 + 86_400 / 300 + 86_400 / 600;
        prop_assert!(guesses <= bound, "{guesses} guesses");
    }

    #[test]
    fn a_lock_is_never_longer_than_the_bound_and_more_failures_never_shorten_it(
        failures in 0_u32..100, at_s in 0_u64..100_000,
    ) {
        prop_assert!(LIMITS.delay(failures) <= LIMITS.delay(failures + 1));
        let mut attempts = Attempts::default();
        for _ in 0..failures {
            attempts.fail(s(at_s), &LIMITS);
        }
        prop_assert!(attempts.wait(s(at_s)).unwrap_or_default() <= LIMITS.delay_max);
        prop_assert!(attempts.fades_at() <= s(at_s) + LIMITS.forgotten_after * 13);
    }
}
