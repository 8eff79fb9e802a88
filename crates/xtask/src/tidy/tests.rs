//! Positive controls: every check of the table must find something in a workspace where everything is wrong, and
//! nothing in one where everything is right.

use super::picture::{File, Need, Package};
use super::*;

const RIGHT: &str = "//! Right.\n\nfn f() {}\n";

fn package(name: &str, licence: Option<&str>, source: Option<&str>, need: &str) -> Package {
    Package {
        name: name.to_owned(),
        licence: licence.map(str::to_owned),
        source: source.map(str::to_owned),
        ours: source.is_none(),
        needs: vec![Need {
            name: need.to_owned(),
            dev: false,
        }],
    }
}

fn right() -> Picture {
    Picture {
        files: vec![
            File::new("Cargo.lock", "version = 4"),
            File::new("README.md", "[tree](src/tree.rs)"),
            File::new("src/tree.rs", RIGHT),
        ],
        packages: vec![
            package("guildhall-store", Some("MIT"), None, "diesel"),
            package(
                "diesel",
                Some("MIT OR Apache-2.0"),
                Some(lists::CRATES_IO),
                "time",
            ),
        ],
    }
}

fn wrong() -> Picture {
    let long = "fn f() {\n".to_owned() + &"use diesel::x;\n".repeat(700) + "}\n";
    // Put together here, so that this file does not break the rules itself.
    let path = ["", "home", "ann", "x"].join("/");
    let word = ["replace", "with"].join("-");
    Picture {
        files: vec![
            File::new("README.md", format!("[gone](gone.md) {path} {word}")),
            File::new("src/tree/mod.rs", long),
            File::new("src/tree.rs", "mod tests {}"),
            File::new("src/tree/tests.rs", "#[ignore] fn f() { sleep(x); }"),
            File::new("crates/guildhall-rules/src/lib.rs", "use std::fs;"),
            File::new(lists::GUARANTEES, "- Links hold."),
            File::new(
                "crates/guildhall-process/src/lib.rs",
                "\npub use x::X;\npub struct X;",
            ),
        ],
        packages: vec![
            package("guildhall-rules", None, None, "guildhall-store"),
            package("guildhall-store", Some("GPL-3.0-only"), None, "actix"),
            package("x", Some("MIT"), Some("git+https://example.com/x"), "y"),
        ],
    }
}

/// The check of exceptions needs an exception in the list; it has tests of its own in `banned/tests.rs`.
const NEEDS_A_LIST: &str = "exceptions are still needed";

#[test]
fn every_check_finds_its_violation() {
    let picture = wrong();
    for check in CHECKS.iter().filter(|check| check.rule != NEEDS_A_LIST) {
        assert!(!(check.find)(&picture).is_empty(), "{}", check.rule);
    }
}

#[test]
fn no_check_finds_anything_in_a_workspace_that_is_right() {
    let picture = right();
    for check in CHECKS.iter().filter(|check| check.rule != NEEDS_A_LIST) {
        let findings = (check.find)(&picture);
        assert!(findings.is_empty(), "{}: {findings:?}", check.rule);
    }
}
