//! The index of names: bytes for each, nanoseconds for a look, and its loading against a bare cursor that
//! reads the same columns. `cargo bench --bench names`; `GUILDHALL_BENCH_NAMES=10000000` for ten millions.
//! Arguments choose measurements: `-- index`, `-- load`, `-- load_postgres`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod names {
    pub mod bare;
    pub mod index;
    pub mod load;
    pub mod world;
}

#[allow(dead_code, reason = "another bench needs the rest of it")]
#[path = "../../../benches/main_path/report.rs"]
mod report;

/// Its name, and what it measures of so many names.
type Measurement = (&'static str, fn(u64));

fn main() {
    let count = std::env::var("GUILDHALL_BENCH_NAMES");
    let count: u64 = count.map_or(1_000_000, |count| count.parse().unwrap());
    println!("{count} names");
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let measurements: [Measurement; 3] = [
        ("index", names::index::measure),
        ("load", names::load::sqlite),
        ("load_postgres", names::load::postgres),
    ];
    for (name, measure) in measurements {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            measure(count);
        }
    }
}
