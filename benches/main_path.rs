//! The main path against the bare work beneath it: an upload, request and answer. Each pair is measured
//! in one run, in turns, and told as the median of its ratios; durable saves have a bench of their own,
//! `write_behind`. Arguments choose measurements: `cargo bench --bench main_path -- upload_64mib`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod main_path {
    pub mod echo;
    pub mod peer;
    pub mod report;
    pub mod requests;
    pub mod upload;
}

/// The servers of the tests: what is measured is what is tested.
#[allow(dead_code, reason = "the tests need more of it than the benches")]
#[path = "../src/tests/it/harness.rs"]
mod harness;

use main_path::{requests, upload};

fn main() {
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let measurements: [(&str, fn()); 2] = [
        (upload::NAME, upload::measure),
        (requests::NAME, requests::measure),
    ];
    for (name, measure) in measurements {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            measure();
        }
    }
}

/// What the clients of a bench run on: one thread, beside those of the server.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
