//! From where a request comes, as far as that can be known: the peer, or what a proxy that is trusted says of it.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::http::header::HeaderMap;

/// What proxies write the chain of addresses in, the nearest one last.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// An address as those who are limited are told apart: an IPv4 address, or the first 64 bits of an IPv6 one, of which
/// everybody has so many that the rest means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(u128);

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(v4.to_ipv6_mapped().to_bits()),
            IpAddr::V6(v6) => Self(v6.to_bits() >> 64 << 64),
        }
    }
}

/// Where a request comes from. A header is believed from a trusted proxy only, and of it the last address that is no
/// such proxy: what stands before was written by whoever is there.
pub fn of(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpAddr]) -> Address {
    let peer = peer.unwrap_or(Ipv6Addr::UNSPECIFIED.into());
    client(peer, headers, trusted).into()
}

fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let is_trusted = |address: &IpAddr| {
        let mut proxies = trusted.iter().map(IpAddr::to_canonical);
        proxies.any(|proxy| proxy == address.to_canonical())
    };
    let mut nearest = peer;
    let lines: Vec<_> = headers.get_all(FORWARDED_FOR).collect();
    for line in lines.into_iter().rev() {
        for hop in line.to_str().unwrap_or_default().rsplit(',') {
            if !is_trusted(&nearest) {
                return nearest;
            }
            // What is no address was written by nobody who is trusted.
            let Ok(hop) = hop.trim().parse() else {
                return nearest;
            };
            nearest = hop;
        }
    }
    nearest
}

#[cfg(test)]
mod tests;
