//! The write-behind engine against the bare work beneath it, in turns in one run, told as the median of the
//! ratios. Arguments choose measurements: `cargo bench --bench write_behind -- durable_saves_sqlite_256`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod write_behind {
    pub mod bare_postgres;
    pub mod bare_sqlite;
    pub mod engine;
    pub mod journal;
    pub mod poison;
    pub mod receipts;
    pub mod saves;
}

#[allow(dead_code, reason = "not every bench needs all of it")]
#[path = "../../../benches/main_path/report.rs"]
mod report;

use write_behind::{journal, poison, receipts, saves};

fn main() {
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let measurements: [(&str, fn()); 7] = [
        (saves::SQLITE, saves::sqlite),
        (saves::POSTGRES, saves::postgres),
        (poison::NAME, poison::measure),
        (journal::NAMES[0], || journal::measure(0)),
        (journal::NAMES[1], || journal::measure(1)),
        (receipts::SQLITE, receipts::sqlite),
        (receipts::POSTGRES, receipts::postgres),
    ];
    for (name, measure) in measurements {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            measure();
        }
    }
}
