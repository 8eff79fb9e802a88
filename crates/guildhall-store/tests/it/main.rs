//! The store on real databases: what is durable is there, what is refused is refused alone. All of it
//! runs on the database that `GUILDHALL_TEST_BACKEND` names, but for `sqlite` and `postgres`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod admission;
mod backups;
mod bad_input;
mod blobs;
mod chains;
mod changes;
mod commits;
mod copies;
mod escrows;
mod explains;
mod groups;
mod guilds;
mod incident;
mod isolation;
mod journal;
mod names;
mod opening;
mod pipelines;
mod plays;
mod postgres;
mod random_batches;
mod restores;
mod retention;
mod scrubs;
mod sqlite;
mod whole_batch;
mod world;
