//! The write-behind engine's parts against the bare work beneath them, in turns in one run, told as the
//! median of the ratios. Arguments choose measurements: `cargo bench --bench write_behind -- journal_append_256`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod write_behind {
    pub mod journal;
}

#[allow(dead_code, reason = "not every bench needs all of it")]
#[path = "main_path/report.rs"]
mod report;

use write_behind::journal;

fn main() {
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let measurements: [(&str, fn()); 2] = [
        (journal::NAMES[0], || journal::measure(0)),
        (journal::NAMES[1], || journal::measure(1)),
    ];
    for (name, measure) in measurements {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            measure();
        }
    }
}
