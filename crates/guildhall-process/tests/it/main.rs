//! What OTP guarantees, replayed. The figures and reasons in the tables are what Erlang/OTP 25
//! printed for the same experiments.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod arbiters;
mod blocking;
mod calls;
mod crashes;
mod dynamic;
#[cfg(feature = "testing")]
mod examples;
mod groups;
mod info;
mod kit;
mod links;
mod mailboxes;
mod oracle;
mod partitions;
mod ports;
mod random_trees;
mod registry;
mod reports;
mod storms;
mod supervisors;
#[cfg(feature = "testing")]
mod testing;
mod timers;
mod traces;
mod turns;
