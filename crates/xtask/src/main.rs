//! `cargo xtask <task>`: the tasks of this workspace. `tidy` checks the house rules, `test` runs everything that
//! must hold before a change is merged, `ci` adds what only a release needs. Nothing here is part of the server.

mod groups;
mod output;
mod run;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <task>

  test   formatting, house rules, lints, all tests, doc tests, chaos tests
  ci     test, then the documentation and the contents of the published packages
  tidy   only the house rules (dependency rule, names, sizes, licences, links)";

fn main() -> ExitCode {
    let task = std::env::args().nth(1);
    let outcome = match task.as_deref() {
        Some("test") => run::all(groups::for_test),
        Some("ci") => run::all(groups::for_ci),
        Some("tidy") => run::all(groups::for_tidy),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}
