//! "Only this file may name X", and what pure code may not name.

use super::Finding;
use super::code;
use super::lists::{HOMES, Home, IMPURE, PURE};
use super::picture::{File, Picture};

pub fn homes(picture: &Picture) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in picture.rust() {
        for home in HOMES.iter().filter(|home| forbids(home, file)) {
            let Home { name, reason, .. } = home;
            for line in code::lines_with(&file.code, name) {
                let sentence = format!("names `{name}`: {reason}");
                findings.push(Finding::at(&file.path, line, sentence));
            }
        }
    }
    findings
}

fn forbids(home: &Home, file: &File) -> bool {
    let at_home = home
        .homes
        .iter()
        .any(|place| match place.strip_prefix('*') {
            Some(end) => file.path.ends_with(end),
            None => file.path.starts_with(place),
        });
    let exempt = home.free_in_tests && (file.is_test() || file.is_bench());
    file.path.starts_with(home.within) && !at_home && !exempt
}

pub fn pure(picture: &Picture) -> Vec<Finding> {
    let mut findings = Vec::new();
    let files = picture
        .rust()
        .filter(|file| file.path.starts_with(PURE) && !file.is_test());
    for file in files {
        for name in IMPURE {
            for line in code::lines_with(&file.code, name) {
                findings.push(Finding::at(&file.path, line, format!("names `{name}`")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests;
