//! Words that must not stand in the code: unfinished work, ignored tests, sleeping tests; and exceptions that nothing
//! needs any more.

use super::Finding;
use super::code;
use super::lists::{Exception, FUNCTION_LINES_MAX, LONG, SLEEPS};
use super::picture::{File, Picture};
use super::shape::lines_max;

const UNFINISHED: [&str; 4] = ["todo!", "unimplemented!", "dbg!", "#[ignore"];
const SLEEPING: [&str; 2] = ["sleep", "sleep_until"];
const TEST_KIT: &str = "crates/guildhall-testkit/";

pub fn unfinished(picture: &Picture) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in picture.rust() {
        for word in UNFINISHED {
            for line in code::lines_with(&file.code, word) {
                findings.push(Finding::at(&file.path, line, format!("`{word}`")));
            }
        }
    }
    findings
}

pub fn sleeps(picture: &Picture) -> Vec<Finding> {
    sleeps_except(picture, SLEEPS)
}

fn sleeps_except(picture: &Picture, exceptions: &[Exception]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in picture.rust().filter(|file| waits_for_tests(file)) {
        let functions = code::functions(&file.code);
        for line in SLEEPING
            .iter()
            .flat_map(|word| code::lines_with(&file.code, word))
        {
            let excused = exceptions.iter().any(|exception| {
                exception.path == file.path && covers(exception.function, &functions, line)
            });
            if !excused {
                let sentence = "sleeps: wait for the event, with a deadline";
                findings.push(Finding::at(&file.path, line, sentence));
            }
        }
    }
    findings
}

fn waits_for_tests(file: &File) -> bool {
    file.is_test() || file.path.starts_with(TEST_KIT)
}

fn covers(name: &str, functions: &[code::Function], line: usize) -> bool {
    name.is_empty()
        || functions.iter().any(|function| {
            let end = function.line + function.lines;
            function.name == name && (function.line..end).contains(&line)
        })
}

pub fn stale_exceptions(picture: &Picture) -> Vec<Finding> {
    stale(picture, LONG, SLEEPS)
}

fn stale(picture: &Picture, long: &[Exception], sleeps: &[Exception]) -> Vec<Finding> {
    let long = long.iter().filter(|one| !is_long(picture, one));
    let sleeps = sleeps.iter().filter(|one| !does_sleep(picture, one));
    long.chain(sleeps)
        .map(|one| {
            let sentence = format!("{} is excused ({}) without need", one.function, one.reason);
            Finding::new(one.path, sentence)
        })
        .collect()
}

fn is_long(picture: &Picture, exception: &Exception) -> bool {
    excused_file(picture, exception).is_some_and(|file| match exception.function {
        "" => file.text.lines().count() > lines_max(&file.path),
        name => code::functions(&file.code)
            .iter()
            .any(|function| function.name == name && function.lines > FUNCTION_LINES_MAX),
    })
}

fn does_sleep(picture: &Picture, exception: &Exception) -> bool {
    excused_file(picture, exception).is_some_and(|file| {
        let functions = code::functions(&file.code);
        SLEEPING
            .iter()
            .flat_map(|word| code::lines_with(&file.code, word))
            .any(|line| covers(exception.function, &functions, line))
    })
}

fn excused_file<'a>(picture: &'a Picture, exception: &Exception) -> Option<&'a File> {
    picture
        .files
        .iter()
        .find(|file| file.path == exception.path)
}

#[cfg(test)]
mod tests;
