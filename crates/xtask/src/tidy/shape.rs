//! The shape of source files: opening, length, place.

use super::Finding;
use super::code;
use super::lists::{FILE_LINES_MAX, FUNCTION_LINES_MAX, LONG, OPENING_LINES_MAX, SHORT};
use super::picture::{File, Picture};

pub fn opening(picture: &Picture) -> Vec<Finding> {
    picture
        .rust()
        .filter_map(|file| {
            let lines = file.text.lines().take_while(|line| line.starts_with("//!"));
            let sentence = match lines.count() {
                0 => "does not open with //!".to_owned(),
                1..=OPENING_LINES_MAX => return None,
                more => format!("opens with {more} lines of //!, {OPENING_LINES_MAX} at most"),
            };
            Some(Finding::new(&file.path, sentence))
        })
        .collect()
}

pub fn files(picture: &Picture) -> Vec<Finding> {
    measured(picture)
        .filter_map(|file| {
            let lines = file.text.lines().count();
            let max = lines_max(&file.path);
            let long = lines > max && !listed(&file.path, "");
            long.then(|| too_long(&file.path, lines, max))
        })
        .collect()
}

pub fn functions(picture: &Picture) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in measured(picture) {
        for function in code::functions(&file.code) {
            if function.lines > FUNCTION_LINES_MAX && !listed(&file.path, &function.name) {
                let place = format!("{}:{} {}", file.path, function.line, function.name);
                findings.push(too_long(&place, function.lines, FUNCTION_LINES_MAX));
            }
        }
    }
    findings
}

/// Tests may be long: a table of cases is read from top to bottom.
fn measured(picture: &Picture) -> impl Iterator<Item = &File> {
    picture.rust().filter(|file| !file.is_test())
}

/// How long a file may be.
pub fn lines_max(path: &str) -> usize {
    let short = SHORT.iter().find(|(start, _)| path.starts_with(start));
    short.map_or(FILE_LINES_MAX, |(_, max)| *max)
}

fn too_long(place: &str, lines: usize, max: usize) -> Finding {
    Finding::new(place, format!("has {lines} lines, {max} at most"))
}

fn listed(path: &str, function: &str) -> bool {
    LONG.iter()
        .any(|exception| exception.path == path && exception.function == function)
}

pub fn no_mod_rs(picture: &Picture) -> Vec<Finding> {
    picture
        .rust()
        .filter(|file| file.path.ends_with("/mod.rs"))
        .map(|file| Finding::new(&file.path, "name it after its folder, beside the folder"))
        .collect()
}

pub fn tests_apart(picture: &Picture) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in measured(picture) {
        for line in code::lines_with(&file.code, "mod tests {") {
            findings.push(Finding::at(
                &file.path,
                line,
                "move the tests to foo/tests.rs",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests;
