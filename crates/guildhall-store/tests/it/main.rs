//! The store on real files: what is durable is there, what is refused is refused alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod blobs;
mod chains;
mod changes;
mod copies;
mod escrows;
mod groups;
mod guilds;
mod isolation;
mod journal;
mod names;
mod opening;
mod pipelines;
mod plays;
mod random_batches;
mod restores;
mod retention;
mod whole_batch;
mod world;
