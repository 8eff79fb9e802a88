//! The summary lines as the two test runners print them.

use super::*;

fn count(passed: u64, failed: u64) -> Count {
    Count { passed, failed }
}

#[test]
fn a_summary_of_libtest_is_read() {
    let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out";
    assert_eq!(of_line(line), count(12, 3));
}

#[test]
fn a_summary_of_nextest_is_read() {
    let line = "     Summary [   0.512s] 10 tests run: 7 passed (1 slow), 2 failed, 1 timed out, 4 skipped";
    assert_eq!(of_line(line), count(7, 3));
}

#[test]
fn a_line_that_only_looks_like_a_summary_counts_nothing() {
    assert_eq!(of_line("test saves::five passed ... ok"), count(0, 0));
    assert_eq!(of_line("println: 3 passed"), count(0, 0));
}

#[test]
fn several_summaries_are_added_and_all_bytes_are_copied() {
    let text = b"test result: ok. 2 passed; 0 failed;\n\xff\ntest result: ok. 3 passed; 0 failed;";
    let mut copy = Vec::new();
    assert_eq!(copy_and_count(&text[..], &mut copy), count(5, 0));
    assert_eq!(copy, text);
}
