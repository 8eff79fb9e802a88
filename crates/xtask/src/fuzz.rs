//! `cargo xtask fuzz`: searches for bytes for which a target of `guildhall-fuzz` does not hold, and keeps what it finds
//! worth keeping. It needs a nightly toolchain and cargo-fuzz, which it installs where they are missing.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::workspace::Workspace;

const USAGE: &str =
    "usage: cargo xtask fuzz [--minutes N] [TARGET…]   (all targets, 10 minutes each)";

const FOLDER: &str = "crates/guildhall-fuzz";
const MINUTES: u64 = 10;
/// Longer inputs find nothing that shorter ones do not, and are slow.
const BYTES_MAX: &str = "-max_len=16384";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    minutes: u64,
    targets: Vec<String>,
}

/// Fuzzes one target after the other and stops at the first finding.
///
/// # Errors
/// How to ask, what is missing, or the target that has a finding.
pub fn run(args: impl Iterator<Item = String>) -> Result<(), String> {
    let workspace = Workspace::read()?;
    let known = targets(workspace.root())?;
    let Asked { minutes, targets } = asked(args, &known)?;
    install_missing()?;
    for target in targets {
        println!("== {target}, {minutes} min");
        fuzz(workspace.root(), &target, minutes)?;
    }
    Ok(())
}

/// The names of the targets: those of their corpora.
fn targets(root: &Path) -> Result<Vec<String>, String> {
    let corpus = root.join(FOLDER).join("corpus");
    let folders =
        fs::read_dir(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
    let names = folders.flatten().map(|folder| folder.file_name());
    let mut names: Vec<_> = names.flat_map(|name| name.into_string()).collect();
    names.sort();
    Ok(names)
}

fn asked(args: impl Iterator<Item = String>, known: &[String]) -> Result<Asked, String> {
    let (mut minutes, mut targets) = (MINUTES, Vec::new());
    let mut args = args.peekable();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--minutes" => {
                let told = args.next().and_then(|told| told.parse().ok());
                minutes = told.filter(|told| *told > 0).ok_or(USAGE)?;
            }
            _ if known.contains(&arg) => targets.push(arg),
            _ => return Err(format!("{USAGE}\ntargets: {}", known.join(" "))),
        }
    }
    if targets.is_empty() {
        targets = known.to_vec();
    }
    Ok(Asked { minutes, targets })
}

fn install_missing() -> Result<(), String> {
    let has = |command: &mut Command| command.output().is_ok_and(|it| it.status.success());
    let add = |what: &str, command: &mut Command| match command.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("{what} is missing and cannot be installed")),
    };
    if !has(nightly().arg("--version")) {
        let mut toolchain = Command::new("rustup");
        toolchain.args(["toolchain", "install", "nightly", "--profile", "minimal"]);
        add("the nightly toolchain", &mut toolchain)?;
    }
    if !has(nightly().args(["fuzz", "--version"])) {
        add(
            "cargo-fuzz",
            nightly().args(["install", "cargo-fuzz", "--locked"]),
        )?;
    }
    Ok(())
}

/// The nightly's cargo; not the one that runs this program, whose variables name another toolchain.
fn nightly() -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo"]);
    for variable in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC", "RUSTDOC"] {
        command.env_remove(variable);
    }
    command
}

fn fuzz(root: &Path, target: &str, minutes: u64) -> Result<(), String> {
    let corpus = root.join(FOLDER).join("corpus").join(target);
    let mut command = nightly();
    command.args(["fuzz", "run", "--fuzz-dir"]);
    command.arg(root.join(FOLDER).join("libfuzzer"));
    command
        .arg("--target-dir")
        .arg(root.join("target").join("fuzz"));
    command.arg(target).arg(corpus);
    let seconds = minutes.saturating_mul(60);
    command.args(["--", BYTES_MAX, &format!("-max_total_time={seconds}")]);
    match command.current_dir(root).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!(
            "{target}: a finding, or it could not run; see above"
        )),
        Err(error) => Err(format!("{target}: {error}")),
    }
}

#[cfg(test)]
mod tests;
