//! The client against a server that does what the test says: answers in any
//! order, refusals, close frames, silence, bytes that do not match their hash.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod answers;
mod downloads;
mod endings;
mod events;
mod handshakes;
mod server;
mod uploads;
