//! The program. What it can be told is in `cli`, one file per command.

use std::process::ExitCode;

mod cli;

/// What is logged when `RUST_LOG` says nothing. The HTTP layer calls the planned end of every websocket an
/// error of its body; sessions log their ends themselves.
const LOG_FILTER: &str = "info,actix_server=warn,actix_http::h1::dispatcher=off";

fn main() -> ExitCode {
    let env = env_logger::Env::default().default_filter_or(LOG_FILTER);
    env_logger::Builder::from_env(env).init();
    cli::run()
}
