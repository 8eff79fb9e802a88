//! Licence expressions as they occur in the dependency graph, and some that must be refused.

use super::*;

#[test]
fn expressions_that_the_list_satisfies() {
    for expression in [
        "MIT",
        "MIT/Apache-2.0",
        "Unlicense OR MIT",
        "(Apache-2.0 OR MIT) AND BSD-3-Clause",
        "MIT OR Apache-2.0 OR LGPL-2.1-or-later",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(satisfied(expression), "{expression}");
    }
}

#[test]
fn expressions_that_it_does_not() {
    for expression in [
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "(MIT OR Apache-2.0) AND AGPL-3.0",
        "GPL-2.0 OR LGPL-3.0 AND MIT",
        "MIT OR",
        "(MIT",
        "MIT Apache-2.0",
        "",
    ] {
        assert!(!satisfied(expression), "{expression}");
    }
}
