//! The groups of checks and their order: what is quick and fails most often comes first. This file says what is run;
//! `run.rs` says how.

use crate::output::Runner;
use crate::tools;
use crate::workspace::Workspace;

/// The test binary that kills real servers; it has groups of its own because its tests must not share the machine.
const CHAOS: &str = "chaos";

/// Kills of a chaos group: a hundred over both databases.
const KILLS: &str = "50";

/// The test binaries that run on both databases: in each package the one that uses it from the outside.
const ON_BOTH: &str = "--test it";

/// Modules whose tests choose their database by themselves, so that one run of them is enough.
const CHOOSING: [&str; 2] = ["sqlite::", "postgres::"];

/// The package that is made for others: it needs none of ours, so that what would be published can be compiled.
const ALONE: &str = "guildhall-process";

pub struct Group {
    pub name: &'static str,
    pub work: Work,
}

pub enum Work {
    /// What the other groups need of this machine, installed where it is missing.
    Tools,
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
        on: Backend,
        /// Variables that the tests read.
        variables: Vec<(&'static str, String)>,
    },
}

/// The database that tests run on which are not about one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
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
        group("tools", Work::Tools),
        group("fmt", holds("fmt --all --check")),
        group("tidy", Work::Tidy),
        group("clippy", holds(clippy)),
        group("tests", tests(runner, &workspace.test_binaries())),
        group("doctests", doc_tests()),
        group("models", models()),
        group("postgres", tests_on_postgres(runner)),
        group("chaos", chaos(runner, Backend::Sqlite)),
        group("chaos-pg", chaos(runner, Backend::Postgres)),
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
    run(runner, args)
}

/// The tests that are not about one database, once more on the other one.
fn tests_on_postgres(runner: Runner) -> Work {
    let mut args = run_tests(runner);
    args.extend(words(ON_BOTH));
    match runner {
        Runner::Nextest => {
            let tests = CHOOSING.map(|module| format!("test({module})"));
            let others = format!("not ({})", tests.join(" + "));
            args.extend(["--filterset".to_owned(), others]);
        }
        Runner::Libtest => {
            args.push("--".to_owned());
            args.extend(CHOOSING.map(|module| format!("--skip={module}")));
        }
    }
    on(Backend::Postgres, run(runner, args))
}

fn run(runner: Runner, args: Vec<String>) -> Work {
    Work::Tests {
        runner,
        args,
        needs_one: true,
        on: Backend::Sqlite,
        variables: Vec::new(),
    }
}

fn on(backend: Backend, mut work: Work) -> Work {
    if let Work::Tests { on, .. } = &mut work {
        *on = backend;
    }
    work
}

fn doc_tests() -> Work {
    let args = words("test --workspace --locked --no-fail-fast --doc");
    let mut work = run(Runner::Libtest, args);
    if let Work::Tests { needs_one, .. } = &mut work {
        *needs_one = false;
    }
    work
}

/// The models of the process crate, compiled once more with shuttle's locks in place of the standard ones. They have a
/// target folder of their own, because other flags would have everything else compiled again.
fn models() -> Work {
    let flags = r#"--config build.rustflags=["--cfg=shuttle"] --target-dir target/shuttle"#;
    let mut args = words("test --package guildhall-process --locked --no-fail-fast --lib models::");
    args.splice(1..1, words(flags));
    run(Runner::Libtest, args)
}

fn chaos(runner: Runner, backend: Backend) -> Work {
    let mut args = run_tests(runner);
    args.extend(["--test".to_owned(), CHAOS.to_owned()]);
    args.extend(words(match runner {
        Runner::Nextest => "--test-threads 1",
        Runner::Libtest => "-- --test-threads=1",
    }));
    with("CHAOS_KILLS", KILLS, on(backend, run(runner, args)))
}

/// One chaos test with everything that it says, for as many kills as somebody wants.
pub fn chaos_kill(runs: &str, backend: Backend, seed: Option<&str>) -> Group {
    let test = "test --locked --workspace --test chaos -- --nocapture --exact";
    let mut args = words(test);
    args.push("after_each_kill_every_receipt_is_kept_and_nothing_else_is_there".to_owned());
    let mut work = with("CHAOS_KILLS", runs, on(backend, run(Runner::Libtest, args)));
    if let Some(seed) = seed {
        work = with("GUILDHALL_SEED", seed, work);
    }
    group("chaos", work)
}

/// Other features have nearly everything compiled again, hence a target folder of its own, and no part of `test`.
pub fn tls() -> Group {
    let test = "test --package guildhall-store --features postgres-tls --locked --no-fail-fast";
    let mut args = words(test);
    args.extend(words("--target-dir target/tls --test it postgres::tls"));
    group("tls", run(Runner::Libtest, args))
}

fn with(variable: &'static str, value: &str, mut work: Work) -> Work {
    if let Work::Tests { variables, .. } = &mut work {
        variables.push((variable, value.to_owned()));
    }
    work
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
