//! The summary lines as the two test runners print them.

use super::*;

fn count(passed: u64, failed: u64) -> Count {
    Count { passed, failed }
}

const LIBTEST: &str =
    "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out";
const NEXTEST: &str =
    "     Summary [   0.512s] 10 tests run: 7 passed (1 slow), 2 failed, 1 timed out, 4 skipped";

#[test]
fn each_runner_is_read_by_its_own_summary_only() {
    assert_eq!(of_line(Runner::Libtest, LIBTEST), count(12, 3));
    assert_eq!(of_line(Runner::Libtest, NEXTEST), count(0, 0));
    assert_eq!(of_line(Runner::Nextest, NEXTEST), count(7, 3));
    assert_eq!(of_line(Runner::Nextest, LIBTEST), count(0, 0));
}

#[test]
fn a_line_that_only_looks_like_a_summary_counts_nothing() {
    for runner in [Runner::Libtest, Runner::Nextest] {
        assert_eq!(of_line(runner, "test saves::5 passed ... ok"), count(0, 0));
        assert_eq!(of_line(runner, "3 passed, 4 failed"), count(0, 0));
    }
}

#[test]
fn several_summaries_are_added_and_all_bytes_are_copied() {
    let text = b"test result: ok. 2 passed; 0 failed;\n\xff\ntest result: ok. 3 passed; 0 failed;";
    let mut copy = Vec::new();
    let counted = copy_and_count(Runner::Libtest, &text[..], &mut copy);
    assert_eq!(counted, count(5, 0));
    assert_eq!(copy, text);
}
