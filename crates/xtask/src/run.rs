//! Runs groups one after the other, stops at the first that fails, and says at the end what held and how long it took.

use crate::groups::{Backend, Group, Work};
use crate::output::{Count, Runner, copy_and_count};
use crate::postgres::SharedPostgres;
use crate::tidy;
use crate::tools;
use crate::workspace::Workspace;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long the output of a test run may stay open after cargo itself has ended.
const OUTPUT_END_MAX: Duration = Duration::from_secs(10);

/// Read by the test kit.
const BACKEND_VARIABLE: &str = "GUILDHALL_TEST_BACKEND";

struct Line {
    group: &'static str,
    count: Count,
    took: Duration,
    held: bool,
}

/// Runs the groups that `choose` names.
///
/// # Errors
/// A sentence that names the first group that failed, or says why none could be run.
pub fn all(choose: fn(&Workspace) -> Vec<Group>) -> Result<(), String> {
    let workspace = Workspace::read()?;
    these(choose(&workspace), &workspace)
}

/// Runs one group.
///
/// # Errors
/// As [`all`].
pub fn one(group: Group) -> Result<(), String> {
    these(vec![group], &Workspace::read()?)
}

fn these(groups: Vec<Group>, workspace: &Workspace) -> Result<(), String> {
    let began = Instant::now();
    let mut lines = Vec::new();
    for group in groups {
        println!("== {}", group.name);
        let line = run(&group, workspace)
            .map_err(|sentence| format!("FAILED: {}: {sentence}", group.name))?;
        let held = line.held;
        lines.push(line);
        if !held {
            break;
        }
    }
    summary(&lines, began.elapsed())
}

fn run(group: &Group, workspace: &Workspace) -> Result<Line, String> {
    let began = Instant::now();
    let (count, held) = match &group.work {
        Work::Tools => {
            tools::install_missing()?;
            (Count::one(true), true)
        }
        Work::Tidy => {
            let count = tidy::check(workspace)?;
            (count, count.failed == 0)
        }
        Work::Holds(args) => {
            let held = holds(args, workspace.root())?;
            (Count::one(held), held)
        }
        Work::Tests {
            runner,
            args,
            needs_one,
            on,
            variables,
        } => {
            let server = match on {
                Backend::Sqlite => None,
                Backend::Postgres => Some(SharedPostgres::start(workspace)?),
            };
            let mut command = tools::cargo();
            command.args(args).current_dir(workspace.root());
            command.env(BACKEND_VARIABLE, on.word());
            command.envs(variables.iter().map(|(name, value)| (name, value)));
            command.envs(server.iter().map(SharedPostgres::variable));
            println!("cargo {}", args.join(" "));
            let (count, held) = tests(*runner, command)?;
            let enough = count.passed > 0 || !needs_one;
            if held && !enough {
                eprintln!("no test was run");
            }
            (count, held && enough)
        }
    };
    Ok(Line {
        group: group.name,
        count,
        took: began.elapsed(),
        held,
    })
}

/// The output is the child's own, with its colours.
fn holds(args: &[String], root: &Path) -> Result<bool, String> {
    println!("cargo {}", args.join(" "));
    tools::cargo()
        .args(args)
        .env("RUSTDOCFLAGS", "-D warnings") // read by `cargo doc` only
        .current_dir(root)
        .status()
        .map(|status| status.success())
        .map_err(|error| format!("cargo cannot be started: {error}"))
}

/// The output goes through us, because libtest counts on its output and nextest on its error output.
fn tests(runner: Runner, mut command: Command) -> Result<(Count, bool), String> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    let (done, counts) = mpsc::channel();
    count_apart(runner, child.stdout.take(), std::io::stdout(), done.clone());
    count_apart(runner, child.stderr.take(), std::io::stderr(), done);
    let status = child
        .wait()
        .map_err(|error| format!("cargo was lost: {error}"))?;
    let mut count = Count::default();
    // Both ends are closed by now, unless a process that a test started and forgot still holds them.
    for _ in 0..2 {
        let part = counts.recv_timeout(OUTPUT_END_MAX);
        count.add(part.map_err(|_| "a test left a process behind that still writes".to_owned())?);
    }
    Ok((count, status.success()))
}

fn count_apart<R, W>(runner: Runner, from: Option<R>, to: W, done: mpsc::Sender<Count>)
where
    R: Read + Send + 'static,
    W: Write + Send + 'static,
{
    thread::spawn(move || {
        let count = from.map(|from| copy_and_count(runner, from, to));
        done.send(count.unwrap_or_default())
    });
}

fn summary(lines: &[Line], took: Duration) -> Result<(), String> {
    println!("== summary");
    let mut total = Count::default();
    for line in lines {
        let Count { passed, failed } = line.count;
        let seconds = line.took.as_secs_f64();
        println!(
            "{:<10} {passed} passed, {failed} failed ({seconds:.1} s)",
            line.group
        );
        total.add(line.count);
    }
    let Count { passed, failed } = total;
    println!(
        "{:<10} {passed} passed, {failed} failed ({:.1} s)",
        "total",
        took.as_secs_f64()
    );
    match lines.iter().find(|line| !line.held) {
        Some(line) => Err(format!("FAILED: {}", line.group)),
        None => Ok(()),
    }
}
