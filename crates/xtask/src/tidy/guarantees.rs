//! The page of guarantees: each of its items (`- …`) names the tests that hold it, as `module::test_name` in the
//! crate's test binary or, for unit tests and models, in its sources; all of them exist. The section about what cannot
//! hold may name tests, but need not.

use super::Finding;
use super::lists::{GUARANTEED_CRATE, GUARANTEES, NOT_GUARANTEED};
use super::picture::{File, Picture};

pub fn have_tests(picture: &Picture) -> Vec<Finding> {
    let page = picture.files.iter().find(|file| file.path == GUARANTEES);
    let Some(page) = page else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for item in items(&page.text) {
        if item.wants_test && item.tests.is_empty() {
            findings.push(Finding::at(GUARANTEES, item.line, "names no test"));
        }
        for test in item.tests.iter().filter(|test| !exists(picture, test)) {
            let sentence = format!("there is no test {test}");
            findings.push(Finding::at(GUARANTEES, item.line, sentence));
        }
    }
    findings
}

struct Item<'a> {
    /// From 1.
    line: usize,
    wants_test: bool,
    tests: Vec<&'a str>,
}

/// The items of the page; what stands outside of one counts as an item that wants no test.
fn items(text: &str) -> Vec<Item<'_>> {
    let mut items: Vec<Item> = Vec::new();
    let mut guaranteed = true;
    for (text, line) in text.lines().zip(1..) {
        if text.starts_with('#') {
            guaranteed = !text.contains(NOT_GUARANTEED);
        }
        let begins = text.starts_with("- ");
        if begins || !text.starts_with("  ") {
            let wants_test = begins && guaranteed;
            let tests = Vec::new();
            items.push(Item {
                line,
                wants_test,
                tests,
            });
        }
        if let Some(item) = items.last_mut() {
            item.tests.extend(named(text));
        }
    }
    items
}

/// What stands between backticks and looks like the path of a function in a module.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let is_path = |name: &&str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == ':';
        name.contains("::") && name.chars().all(plain)
    };
    line.split('`').skip(1).step_by(2).filter(is_path)
}

fn exists(picture: &Picture, test: &str) -> bool {
    let Some((module, name)) = test.rsplit_once("::") else {
        return false;
    };
    let module = module.replace("::", "/");
    let homes = ["tests/it", "src"].map(|root| format!("{GUARANTEED_CRATE}{root}/{module}.rs"));
    let mut files = picture.rust().filter(|file| homes.contains(&file.path));
    files.any(|file| has_test(file, name))
}

fn has_test(file: &File, name: &str) -> bool {
    let declaration = format!("fn {name}(");
    let mut marked = false;
    file.code.lines().map(str::trim).any(|line| {
        if line.starts_with("#[") {
            marked |= line == "#[test]";
            return false;
        }
        std::mem::take(&mut marked) && line.contains(&declaration)
    })
}

#[cfg(test)]
mod tests;
