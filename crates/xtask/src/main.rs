//! `cargo xtask <task>`: the tasks of this workspace. `tidy` checks the house rules, `test` runs everything that
//! must hold before a change is merged, `ci` adds what only a release needs. Nothing here is part of the server.

mod chaos;
mod fuzz;
mod groups;
mod output;
mod postgres;
mod run;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <task>

  test   formatting, house rules, lints, all tests on both databases, doc tests, chaos tests
  ci     test, then the documentation and the contents of the published packages
  tidy   only the house rules (dependency rule, names, sizes, licences, links)
  chaos  kill --runs N --backend sqlite|postgres [--seed S]: kills the server, and PostgreSQL, under load N times,
         and looks each time for what was promised and is not there
  fuzz   [--minutes N] [TARGET…]: searches for bytes from outside that break a promise, 10 minutes for each target
  tls    the store's tests about encrypted connections to PostgreSQL, compiled with OpenSSL in a folder of their own";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let task = args.next();
    let outcome = match task.as_deref() {
        Some("test") => run::all(groups::for_test),
        Some("ci") => run::all(groups::for_ci),
        Some("tidy") => run::all(groups::for_tidy),
        Some("tls") => run::one(groups::tls()),
        Some("fuzz") => fuzz::run(args),
        Some("chaos") => chaos::group(args).and_then(run::one),
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
