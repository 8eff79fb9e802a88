//! Tests of `address`: whom a header is believed, and who is one.

use actix_web::http::header::{HeaderName, HeaderValue};

use super::*;

const PROXY: &str = "10.0.0.1";
const OUTER: &str = "10.0.0.2";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Where a request of this peer with these header lines comes from.
fn from(peer: &str, lines: &[&str]) -> IpAddr {
    let mut headers = HeaderMap::new();
    for line in lines {
        let value = HeaderValue::from_bytes(line.as_bytes()).unwrap();
        headers.append(HeaderName::from_static(FORWARDED_FOR), value);
    }
    client(ip(peer), &headers, &[ip(PROXY), ip(OUTER)])
}

#[test]
fn a_header_is_believed_from_a_trusted_proxy_only() {
    assert_eq!(from("192.0.2.7", &["203.0.113.9"]), ip("192.0.2.7"));
    assert_eq!(from(PROXY, &["203.0.113.9"]), ip("203.0.113.9"));
    assert_eq!(from("::ffff:10.0.0.1", &["203.0.113.9"]), ip("203.0.113.9"));
    assert_eq!(from(PROXY, &[]), ip(PROXY));
}

#[test]
fn the_last_address_that_is_no_proxy_counts_and_what_the_client_wrote_before_it_does_not() {
    let lied = "1.1.1.1, 203.0.113.9";
    assert_eq!(from(PROXY, &[lied]), ip("203.0.113.9"));
    assert_eq!(from(PROXY, &["1.1.1.1", "203.0.113.9"]), ip("203.0.113.9"));
    assert_eq!(
        from(PROXY, &["1.1.1.1, 203.0.113.9, 10.0.0.2"]),
        ip("203.0.113.9")
    );
    assert_eq!(
        from(PROXY, &["1.1.1.1, 203.0.113.9", "10.0.0.2"]),
        ip("203.0.113.9")
    );
    assert_eq!(from(PROXY, &["10.0.0.2"]), ip(OUTER));
}

#[test]
fn what_is_no_address_ends_the_chain_where_it_is_trusted() {
    for garbage in [
        "unknown",
        "",
        "1.1.1.1, ",
        "1.1.1.1:80",
        "\u{e9}",
        "1.1.1.1,,",
    ] {
        assert_eq!(from(PROXY, &[garbage]), ip(PROXY), "{garbage:?}");
    }
    assert_eq!(from(PROXY, &["nonsense, 10.0.0.2"]), ip(OUTER));
}

#[test]
fn an_address_is_one_of_ipv4_or_a_network_of_ipv6() {
    let of = |text: &str| Address::from(ip(text));
    assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
    assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
}
