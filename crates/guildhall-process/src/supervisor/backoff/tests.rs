//! The waits and their growth.

use super::*;

const MS: Duration = Duration::from_millis(1);

fn exact(first: u32, max: u32) -> Backoff {
    Backoff {
        first: first * MS,
        max: max * MS,
        jitter: Jitter::None,
    }
}

/// The waits of a child that always ends after `lived`.
fn waits(backoff: Backoff, lived: Duration, count: usize) -> Vec<Duration> {
    let mut streak = Streak::default();
    let mut now = Instant::now();
    let mut wait = || {
        streak.started(now);
        now += lived;
        streak.wait(Some(backoff), now)
    };
    (0..count).map(|_| wait()).collect()
}

#[test]
fn the_wait_doubles_from_first_to_max() {
    let expected = [10, 20, 40, 80, 100, 100].map(|ms| ms * MS);
    assert_eq!(waits(exact(10, 100), MS, 6), expected);
}

#[test]
fn a_child_that_has_run_for_max_begins_anew() {
    assert_eq!(
        waits(exact(10, 100), 99 * MS, 3),
        [10 * MS, 20 * MS, 40 * MS]
    );
    assert_eq!(waits(exact(10, 100), 100 * MS, 3), [10 * MS; 3]);
}

#[test]
fn a_failed_restart_continues_the_streak() {
    let mut streak = Streak::default();
    let now = Instant::now();
    streak.started(now);
    let backoff = Some(exact(10, 100));
    assert_eq!(streak.wait(backoff, now), 10 * MS);
    // No start in between, however much time passes.
    assert_eq!(streak.wait(backoff, now + 1_000 * MS), 20 * MS);
}

#[test]
fn without_backoff_or_with_first_zero_there_is_no_wait() {
    assert_eq!(Streak::default().wait(None, Instant::now()), Duration::ZERO);
    assert_eq!(waits(exact(0, 100), MS, 3), [Duration::ZERO; 3]);
}

#[test]
fn the_longest_streak_and_the_longest_bound_do_not_overflow() {
    let huge = Backoff {
        first: Duration::MAX,
        max: Duration::MAX,
        jitter: Jitter::None,
    };
    assert_eq!(huge.wait(u32::MAX), Duration::MAX);
    assert_eq!(exact(10, 100).wait(u32::MAX), 100 * MS);
    let full = Backoff::new(Duration::MAX, Duration::MAX);
    assert!(full.wait(u32::MAX) < Duration::MAX);
}

#[test]
fn full_jitter_fills_the_whole_range_below_the_bound() {
    for jitter in [Jitter::Full, Jitter::Seeded(7)] {
        // Streaks beyond 7 have the same bound, but other dice.
        let backoff = Backoff {
            jitter,
            ..exact(1, 100)
        };
        let waits: Vec<_> = (8..1_008).map(|streak| backoff.wait(streak)).collect();
        assert!(waits.iter().all(|wait| *wait < 100 * MS), "{jitter:?}");
        for tenth in 0..10 {
            let range = tenth * 10 * MS..(tenth + 1) * 10 * MS;
            let hits = waits.iter().filter(|wait| range.contains(wait)).count();
            assert!((50..200).contains(&hits), "{jitter:?}: {hits} in {range:?}");
        }
    }
}

#[test]
fn equal_seeds_give_equal_waits_and_others_do_not() {
    let seeded = |seed| {
        let jitter = Jitter::Seeded(seed);
        let backoff = Backoff {
            jitter,
            ..exact(10, 100)
        };
        waits(backoff, MS, 10)
    };
    assert_eq!(seeded(1), seeded(1));
    assert_ne!(seeded(1), seeded(100));
}
