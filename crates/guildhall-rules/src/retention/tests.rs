//! What is forgotten, compared with the rule as a sentence would say it.

use proptest::prelude::*;

use super::*;

fn limits(lines: usize, age: i64) -> RetentionLimits {
    RetentionLimits {
        history_lines_max: lines,
        history_age_max_us: age,
        refused_lines_max: lines,
        refused_lines_per_account_max: lines,
        refused_age_max_us: age,
        batches_age_max_us: age,
    }
}

/// Newest first, with numbers that fall.
fn history() -> impl Strategy<Value = Vec<HistoryLine>> {
    let line = (0_i64..100, any::<bool>());
    prop::collection::vec(line, 0..30).prop_map(|lines| {
        let mut numbers: Vec<i64> = (0..).take(lines.len()).collect();
        numbers.reverse();
        let line = |(id, (at_us, has_state))| HistoryLine {
            id,
            at_us,
            has_state,
        };
        numbers.into_iter().zip(lines).map(line).collect()
    })
}

proptest! {
    #[test]
    fn what_goes_is_over_a_bound_and_what_stays_is_within_both_or_the_newest(
        lines in history(), max in 1_usize..10, age in 0_i64..100,
    ) {
        let now = 100;
        let gone = superfluous(&lines, &limits(max, age), now);
        for (rank, line) in lines.iter().enumerate() {
            let earlier = lines.iter().take(rank);
            let newest = rank == 0;
            let newest_state = line.has_state && !earlier.clone().any(|line| line.has_state);
            let over = rank >= max || now - line.at_us > age;
            prop_assert_eq!(gone.contains(&line.id), over && !newest && !newest_state);
        }
    }

    #[test]
    fn a_second_pass_finds_nothing_more_than_age_has_made_superfluous(
        lines in history(), max in 1_usize..10, age in 0_i64..100,
    ) {
        let limits = limits(max, age);
        let gone = superfluous(&lines, &limits, 100);
        let left: Vec<_> = lines.into_iter().filter(|line| !gone.contains(&line.id)).collect();
        // The newest state may stand beyond the count: then it is the only one that does.
        prop_assert!(left.len() <= max + 1);
        prop_assert!(superfluous(&left, &limits, 100).is_empty());
    }
}

#[test]
fn a_clock_that_was_set_back_makes_nothing_old() {
    assert!(!is_over(1_000, 10, 5));
    assert!(is_over(i64::MIN, 10, i64::MAX));
}
