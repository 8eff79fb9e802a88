//! The wire as a client and a server see it: every message there and back,
//! frozen texts that must never change, and what becomes of bad input.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod chunks;
mod codes;
mod frozen;
mod requests;
mod round_trips;
mod routes;
mod samples;
