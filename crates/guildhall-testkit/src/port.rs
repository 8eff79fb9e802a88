//! A port that nobody listens on.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

/// A loopback port that was free a moment ago. Another process may take it
/// before you do: where you can, listen on port 0 and read the address instead.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
    listener.local_addr().expect("a bound address").port()
}

/// Below those that systems give to outgoing connections (from 32768 on), so that none of these takes it while a
/// server that owns it is down.
const KEPT: (u64, u64) = (15_000, 30_000);

/// A loopback port that was free a moment ago, for a server that is stopped and started again.
pub(crate) fn port_to_keep() -> u16 {
    let (first, end) = KEPT;
    std::iter::repeat_with(|| RandomState::new().hash_one("port"))
        .filter_map(|number| u16::try_from(first + number % (end - first)).ok())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("a free loopback port")
}
