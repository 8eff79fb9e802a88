//! Tests of `advice`: never too early, and spread.

use std::collections::BTreeSet;

use super::*;

#[test]
fn nobody_is_told_to_come_before_it_helps_and_nobody_much_later() {
    for (wait_ms, least) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (300_000, 300)] {
        let wait = Duration::from_millis(wait_ms);
        let told = (0..1_000).map(|chance| retry_after_s(wait, chance));
        let told: BTreeSet<u64> = told.collect();
        assert_eq!(told.first(), Some(&least));
        assert_eq!(told.last(), Some(&(least + least / 2 + SPREAD_S - 1)));
        assert!(told.len() >= 4);
    }
    assert_eq!(retry_after_s(Duration::MAX, u64::MAX), u64::MAX);
}
