//! The groups of checks and their order: what is quick and fails most often comes first. This file says what is run;
//! `run.rs` says how.

use crate::output::Runner;
use crate::tools;
use crate::workspace::Workspace;

/// The test binary that kills real servers; it has a group of its own because its tests must not share the machine.
const CHAOS: &str = "chaos";

/// The package that is made for others: it needs none of ours, so that what would be published can be compiled.
const ALONE: &str = "guildhall-process";

pub struct Group {
    pub name: &'static str,
    pub work: Work,
}

pub enum Work {
    /// The house rules, checked inside this program.
    Tidy,
    /// A cargo command that holds or does not.
    Holds(Vec<String>),
    /// A cargo command that runs tests and reports their numbers.
    Tests {
        runner: Runner,
        args: Vec<String>,
        /// Whether a run of no test at all is a failure.
        needs_one: bool,
    },
}

pub fn for_tidy(_: &Workspace) -> Vec<Group> {
    vec![group("tidy", Work::Tidy)]
}

pub fn for_test(workspace: &Workspace) -> Vec<Group> {
    let runner = match tools::has_nextest() {
        true => Runner::Nextest,
        false => Runner::Libtest,
    };
    let clippy = "clippy --workspace --all-targets --locked -- -D warnings";
    vec![
        group("fmt", holds("fmt --all --check")),
        group("tidy", Work::Tidy),
        group("clippy", holds(clippy)),
        group("tests", tests(runner, &workspace.test_binaries())),
        group("doctests", doc_tests()),
        group("models", models()),
        group("chaos", chaos(runner)),
    ]
}

pub fn for_ci(workspace: &Workspace) -> Vec<Group> {
    let mut groups = for_test(workspace);
    groups.push(group("docs", holds("doc --workspace --no-deps --locked")));
    for package in workspace.published() {
        let list = format!("package --list --allow-dirty --package {package}");
        groups.push(group("package", holds(&list)));
    }
    let whole = format!("package --locked --allow-dirty --package {ALONE}");
    groups.push(group("package", holds(&whole)));
    groups
}

fn group(name: &'static str, work: Work) -> Group {
    Group { name, work }
}

fn holds(command: &str) -> Work {
    Work::Holds(words(command))
}

/// Libraries, programs and every test binary but chaos. Benches are compiled by clippy and not run.
fn tests(runner: Runner, binaries: &[String]) -> Work {
    let mut args = run_tests(runner);
    args.extend(words("--lib --bins"));
    for name in binaries.iter().filter(|name| *name != CHAOS) {
        args.extend(["--test".to_owned(), name.clone()]);
    }
    Work::Tests {
        runner,
        args,
        needs_one: true,
    }
}

fn doc_tests() -> Work {
    Work::Tests {
        runner: Runner::Libtest,
        args: words("test --workspace --locked --no-fail-fast --doc"),
        needs_one: false,
    }
}

/// The models of the process crate, compiled once more with shuttle's locks in place of the standard ones. They have a
/// target folder of their own, because other flags would have everything else compiled again.
fn models() -> Work {
    let flags = r#"--config build.rustflags=["--cfg=shuttle"] --target-dir target/shuttle"#;
    let mut args = words("test --package guildhall-process --locked --no-fail-fast --lib models::");
    args.splice(1..1, words(flags));
    Work::Tests {
        runner: Runner::Libtest,
        args,
        needs_one: true,
    }
}

fn chaos(runner: Runner) -> Work {
    let mut args = run_tests(runner);
    args.extend(["--test".to_owned(), CHAOS.to_owned()]);
    args.extend(words(match runner {
        Runner::Nextest => "--test-threads 1",
        Runner::Libtest => "-- --test-threads=1",
    }));
    Work::Tests {
        runner,
        args,
        needs_one: true,
    }
}

/// Always the whole workspace: with the same features everywhere nothing is compiled twice.
fn run_tests(runner: Runner) -> Vec<String> {
    let mut args = words(match runner {
        Runner::Nextest => "nextest run",
        Runner::Libtest => "test",
    });
    args.extend(words("--workspace --locked --no-fail-fast"));
    args
}

fn words(command: &str) -> Vec<String> {
    command.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
