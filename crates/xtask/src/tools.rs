//! The tools that the tests need. What is missing and small is installed; what is merely better is used when present.

use std::fs;
use std::process::{Command, Stdio};

/// What the tests need of the system: the package of Debian that has it, and how it is looked for.
const PACKAGES: [Package; 2] = [("postgresql-15", has_postgres), ("faketime", has_faketime)];
type Package = (&'static str, fn() -> bool);

/// Names the folder of PostgreSQL's programs; read by the test kit too.
const POSTGRES_VARIABLE: &str = "GUILDHALL_PG_BIN";

/// Where Debian and Ubuntu put each version of PostgreSQL.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

/// Adds rustfmt and clippy to the toolchain where a minimal installation left them out, and to the system what
/// tests start beside the server.
///
/// # Errors
/// A sentence that says what to install by hand.
pub fn install_missing() -> Result<(), String> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !has_subcommand(subcommand) {
            add_component(component)?;
        }
    }
    let missing = PACKAGES.iter().filter(|(_, is_there)| !is_there());
    let missing: Vec<_> = missing.map(|(package, _)| *package).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => add_packages(&missing),
    }
}

/// Without the lists of the system's packages a first try fails; a system that keeps them up needs no second one.
fn add_packages(packages: &[&str]) -> Result<(), String> {
    let install = || {
        let mut install = Command::new("apt-get");
        install
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages);
        install.env("DEBIAN_FRONTEND", "noninteractive");
        install.status().is_ok_and(|status| status.success())
    };
    let update = || Command::new("apt-get").arg("update").status();
    if install() || (update().is_ok_and(|status| status.success()) && install()) {
        return Ok(());
    }
    let packages = packages.join(" ");
    Err(format!(
        "the tests need {packages} and cannot install it; as root: apt-get install {packages}, or name the folder \
         of PostgreSQL's programs in {POSTGRES_VARIABLE}"
    ))
}

fn has_postgres() -> bool {
    let mut versions = fs::read_dir(POSTGRES_VERSIONS)
        .into_iter()
        .flatten()
        .flatten();
    std::env::var_os(POSTGRES_VARIABLE).is_some()
        || versions.any(|version| version.path().join("bin/initdb").is_file())
        || answers("initdb")
}

fn has_faketime() -> bool {
    answers("faketime")
}

fn answers(program: &str) -> bool {
    let mut program = Command::new(program);
    program
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    program.status().is_ok_and(|status| status.success())
}

/// Whether `cargo nextest` can be used; without it the tests run under plain `cargo test`.
pub fn has_nextest() -> bool {
    has_subcommand("nextest")
}

fn add_component(component: &str) -> Result<(), String> {
    let added = Command::new("rustup")
        .args(["component", "add", component])
        .status();
    match added {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!(
            "{component} is missing and rustup cannot add it; install it for this toolchain"
        )),
    }
}

fn has_subcommand(name: &str) -> bool {
    cargo()
        .args([name, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The cargo that runs this program.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
