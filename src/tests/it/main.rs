//! The server's tests over real sockets, a real database and real board files. `harness` starts a
//! server in this process; `program` starts the built binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod bad_input;
mod crowd;
mod domain;
mod harness;
mod incidents;
mod journeys;
mod link_death;
mod names;
mod operators;
mod outages;
mod program;
mod sessions;
