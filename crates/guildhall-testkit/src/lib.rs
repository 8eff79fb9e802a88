//! What Guildhall's tests share: waiting with a deadline, random input from a
//! printed seed, small maps good and bad, a server as a child process, a real
//! PostgreSQL, a proxy and a disk that fail on demand, and a websocket client
//! that may break every rule. Knows nothing of Guildhall.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that cannot do its work must fail the test that called it"
)]

mod backend;
mod child;
mod eventually;
mod map;
mod png;
mod port;
pub mod postgres;
mod proxy;
mod raw_socket;
mod seed;
mod small_disk;
mod sql;
mod world;

pub use backend::{Backend, backend};
pub use child::ChildServer;
pub use eventually::{Observed, eventually, eventually_blocking};
pub use map::{MapSpec, bad_maps, map_with, small_map};
pub use png::grey_png;
pub use port::free_port;
pub use proxy::{Carriage, Proxy};
pub use raw_socket::{RawFrame, RawRefusal, RawSocket, ReadFrame};
pub use seed::Seed;
pub use small_disk::SmallDisk;
pub use sql::{Cell, Sql, Then, quoted};
pub use world::TestWorld;
