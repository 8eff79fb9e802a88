//! Kernel settings of an accepted connection: what ends a peer that never reads, when nobody polls the
//! socket process any more.

use std::any::Any;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use socket2::{SockRef, TcpKeepalive};

/// Unacknowledged data for this long ends the connection. Shorter values end slow readers that live
/// (20 kB/s under backlog died at 3.5 s); the session's own deadline is the sharper one.
const USER_TIMEOUT: Duration = Duration::from_secs(20);
/// A silent peer is probed after this long, at this interval.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// The kernel would queue 2.8 MB for a peer that does not read; with this it is about 90 kB.
const SEND_BUFFER_BYTES: usize = 64 * 1024;

/// Called for every accepted connection. A setting that the kernel refuses is logged and does without.
pub fn tune(connection: &dyn Any) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else {
        return;
    };
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE);
    let settings = [
        (
            "TCP_USER_TIMEOUT",
            socket.set_tcp_user_timeout(Some(USER_TIMEOUT)),
        ),
        ("SO_KEEPALIVE", socket.set_tcp_keepalive(&keepalive)),
        ("SO_SNDBUF", socket.set_send_buffer_size(SEND_BUFFER_BYTES)),
        ("TCP_NODELAY", socket.set_tcp_nodelay(true)),
    ];
    for (name, set) in settings {
        if let Err(error) = set {
            log::warn!("{name} could not be set: {error}");
        }
    }
}
