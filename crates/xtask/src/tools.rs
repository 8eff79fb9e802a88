//! The tools that the tests need. What is missing and small is installed; what is merely better is used when present.

use std::process::{Command, Stdio};

/// Adds rustfmt and clippy to the toolchain where a minimal installation left them out.
///
/// # Errors
/// A sentence that says what to install by hand.
pub fn install_missing() -> Result<(), String> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !has_subcommand(subcommand) {
            add_component(component)?;
        }
    }
    Ok(())
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
