//! The house rules: one table of checks over one picture of the workspace. A check is a function from the picture to
//! its findings and reads nothing else, so that each is tested on a small picture made in memory.
//! Everything that people may want to change (who may depend on whom, exceptions, limits) is in `tidy/lists.rs`.

mod banned;
mod code;
mod dependencies;
mod examples;
mod guarantees;
mod licences;
mod links;
mod lists;
mod names;
mod picture;
mod places;
mod shape;

use crate::output::Count;
use crate::workspace::Workspace;
use picture::Picture;

/// One violation: where, and the sentence that says what is wrong.
#[derive(Debug)]
pub struct Finding {
    place: String,
    sentence: String,
}

impl Finding {
    fn new(place: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            sentence: sentence.into(),
        }
    }

    fn at(path: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self::new(format!("{path}:{line}"), sentence)
    }
}

struct Check {
    rule: &'static str,
    find: fn(&Picture) -> Vec<Finding>,
}

#[rustfmt::skip]
const CHECKS: [Check; 20] = [
    Check { rule: "packages import only what the dependency rule draws", find: dependencies::drawn },
    Check { rule: "libraries that have one owner are dependencies of that owner only", find: dependencies::owned },
    Check { rule: "every package comes from crates.io or from this workspace", find: dependencies::sources },
    Check { rule: "Cargo.lock is present", find: dependencies::lock },
    Check { rule: "licences are on the allow list", find: licences::allowed },
    Check { rule: "a name with one home is named nowhere else", find: names::homes },
    Check { rule: "pure rules touch no clock, file, thread or random source", find: names::pure },
    Check { rule: "every Rust file opens with //! of few lines", find: shape::opening },
    Check { rule: "files are short", find: shape::files },
    Check { rule: "functions are short", find: shape::functions },
    Check { rule: "foo.rs beside foo/, never mod.rs", find: shape::no_mod_rs },
    Check { rule: "tests sit in files of their own", find: shape::tests_apart },
    Check { rule: "nothing is left unfinished or ignored", find: banned::unfinished },
    Check { rule: "no test sleeps to wait", find: banned::sleeps },
    Check { rule: "exceptions are still needed", find: banned::stale_exceptions },
    Check { rule: "no path of one machine", find: places::machine_paths },
    Check { rule: "no host of a private network or registry", find: places::private_hosts },
    Check { rule: "every public item of a crate for others has an example", find: examples::of_public_items },
    Check { rule: "every guarantee names tests, and they exist", find: guarantees::have_tests },
    Check { rule: "links and file names in the documentation resolve", find: links::resolve },
];

/// Checks everything, prints one line per finding and one per broken rule.
///
/// # Errors
/// A sentence when the sources cannot be read.
pub fn check(workspace: &Workspace) -> Result<Count, String> {
    let picture = Picture::take(workspace)?;
    let mut count = Count::default();
    for check in &CHECKS {
        let findings = (check.find)(&picture);
        count.add(Count::one(findings.is_empty()));
        if !findings.is_empty() {
            println!("broken: {}", check.rule);
        }
        for Finding { place, sentence } in findings {
            println!("  {place}: {sentence}");
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests;
