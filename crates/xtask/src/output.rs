//! Copies what a child prints to our own output line by line and counts the tests that it reports.

use std::io::{BufRead, BufReader, Read, Write};

/// How many tests (or checks) held and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub passed: u64,
    pub failed: u64,
}

impl Count {
    pub fn one(held: bool) -> Self {
        Self {
            passed: held.into(),
            failed: (!held).into(),
        }
    }

    pub fn add(&mut self, other: Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
    }
}

/// Who runs the tests, and so how the summary looks. Only that runner's summary counts: nextest also repeats the
/// libtest summary of each test that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// `test result: ok. 5 passed; 0 failed; …`, once per binary.
    Libtest,
    /// `Summary [ 1.2s] 6 tests run: 5 passed, 1 failed, 0 skipped`, once.
    Nextest,
}

/// Reads `from` to its end; bytes that are not UTF-8 are copied as they are.
pub fn copy_and_count(runner: Runner, from: impl Read, mut to: impl Write) -> Count {
    let mut count = Count::default();
    let mut line = Vec::new();
    let mut from = BufReader::new(from);
    while from.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
        // A closed output of ours is no reason to stop the tests.
        let _ = to.write_all(&line);
        count.add(of_line(runner, &String::from_utf8_lossy(&line)));
        line.clear();
    }
    count
}

/// The numbers in a summary line of `runner`; nothing for every other line.
fn of_line(runner: Runner, line: &str) -> Count {
    let line = line.trim_start();
    let figures = match runner {
        Runner::Libtest => line.strip_prefix("test result:"),
        Runner::Nextest if line.starts_with("Summary [") => {
            line.split_once("run:").map(|(_, rest)| rest)
        }
        Runner::Nextest => None,
    };
    let figures = figures.unwrap_or_default();
    Count {
        passed: before(figures, "passed"),
        failed: before(figures, "failed").saturating_add(before(figures, "timed out")),
    }
}

/// The number that stands before `word`; 0 when there is none.
fn before(figures: &str, word: &str) -> u64 {
    figures
        .split_once(word)
        .and_then(|(head, _)| head.split_whitespace().next_back())
        .and_then(|figure| figure.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
