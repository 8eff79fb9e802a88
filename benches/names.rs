//! The index of names: bytes for each, nanoseconds for a look, and its loading against a bare cursor that
//! reads the same columns. `cargo bench --bench names`; `GUILDHALL_BENCH_NAMES=10000000` for ten millions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod names {
    pub mod index;
    pub mod load;
    pub mod world;
}

#[allow(dead_code, reason = "another bench needs the rest of it")]
#[path = "main_path/report.rs"]
mod report;

fn main() {
    let count = std::env::var("GUILDHALL_BENCH_NAMES");
    let count: u64 = count.map_or(1_000_000, |count| count.parse().unwrap());
    println!("{count} names");
    names::index::measure(count);
    names::load::sqlite(count);
    names::load::postgres(count);
}
