//! Frames as bytes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{RawFrame, RawSocket};

const DEADLINE: Duration = Duration::from_secs(10);
const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A server that answers the handshake with these bytes; the request it got.
async fn answering(listener: &TcpListener, answer: &[u8]) -> (TcpStream, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_buf(&mut request).await.unwrap();
    }
    stream.write_all(answer).await.unwrap();
    (stream, String::from_utf8(request).unwrap())
}

async fn upgraded(then: &[u8]) -> (RawSocket, TcpStream) {
    let (listener, address) = listener().await;
    let answer = [UPGRADED, then].concat();
    let handshake = RawSocket::handshake(address, "/v1/socket", &[]);
    let (socket, (stream, _)) = tokio::join!(handshake, answering(&listener, &answer));
    (socket.unwrap(), stream)
}

#[test]
fn frames_have_the_bytes_of_the_rfcs_examples() {
    let unmasked = |frame: RawFrame| {
        RawFrame {
            masked: false,
            ..frame
        }
        .encode()
    };
    // RFC 6455 §5.7.
    assert_eq!(unmasked(RawFrame::text("Hello")), b"\x81\x05Hello");
    assert_eq!(unmasked(RawFrame::ping(b"Hello")), b"\x89\x05Hello");
    assert_eq!(
        unmasked(RawFrame::binary(&[0; 256]))[..4],
        [0x82, 0x7E, 1, 0]
    );
    let long = unmasked(RawFrame::binary(&[0; 65_536]));
    assert_eq!(long[..10], [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]);
    let fragment = RawFrame {
        fin: false,
        ..RawFrame::text("Hel")
    };
    assert_eq!(unmasked(fragment), b"\x01\x03Hel");
}

#[test]
fn a_masked_payload_is_the_payload_again_under_its_mask() {
    let bytes = RawFrame::text("Hello").encode();
    assert_eq!(bytes[..2], [0x81, 0x85]);
    let unmasked: Vec<u8> = bytes[6..]
        .iter()
        .zip(bytes[2..6].iter().cycle())
        .map(|(a, b)| a ^ b)
        .collect();
    assert_eq!(unmasked, b"Hello");
    assert_ne!(&bytes[6..], b"Hello");
}

#[test]
fn a_header_can_claim_a_tebibyte_and_reserved_bits() {
    let claimed_length = Some(1 << 40);
    let lie = RawFrame {
        claimed_length,
        reserved: 4,
        ..RawFrame::binary(b"x")
    };
    assert_eq!(lie.encode()[..10], [0xC2, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0]);
}

#[tokio::test]
async fn the_handshake_carries_the_given_headers() {
    let (listener, address) = listener().await;
    let headers = [
        ("Authorization", "Bearer t"),
        ("Origin", "https://a.example"),
    ];
    let handshake = RawSocket::handshake(address, "/v1/socket", &headers);
    let (socket, (_, request)) = tokio::join!(handshake, answering(&listener, UPGRADED));
    socket.unwrap();
    assert!(
        request.starts_with("GET /v1/socket HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("\r\nAuthorization: Bearer t\r\nOrigin: https://a.example\r\n"));
}

#[tokio::test]
async fn a_refusal_is_read_with_its_body() {
    let (listener, address) = listener().await;
    let answer = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 5\r\n\r\nno no";
    let handshake = RawSocket::handshake_with_receive_buffer(address, "/", &[], 4_096);
    let (refused, _) = tokio::join!(handshake, answering(&listener, answer));
    let refusal = refused.unwrap_err();
    assert_eq!((refusal.status, refusal.body.as_str()), (403, "no no"));
}

#[tokio::test]
async fn frames_of_every_length_are_read_and_then_the_end() {
    let frames = b"\x81\x02hi\x89\x00\x82\x7E\x00\x80";
    let sent = [&frames[..], &[7; 128], b"\x88\x06\x0F\xA0gone"].concat();
    let (mut socket, stream) = upgraded(&sent).await;
    drop(stream);
    assert_eq!(
        socket.read_frame(DEADLINE).await.unwrap().text(),
        Some("hi")
    );
    assert_eq!(socket.read_frame(DEADLINE).await.unwrap().opcode, 9);
    assert_eq!(
        socket.read_close(DEADLINE).await,
        Some((4000, "gone".into()))
    );
    assert_eq!(socket.read_frame(DEADLINE).await, None);
}

#[tokio::test]
async fn a_half_close_is_an_end_of_stream_and_reading_goes_on() {
    let (mut socket, mut stream) = upgraded(&[]).await;
    socket.half_close().await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    stream.write_all(b"\x81\x02hi").await.unwrap();
    assert_eq!(
        socket.read_frame(DEADLINE).await.unwrap().text(),
        Some("hi")
    );
}

#[tokio::test]
async fn a_close_is_a_fin_and_a_reset_is_a_reset() {
    let (socket, mut stream) = upgraded(&[]).await;
    socket.close();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);

    let (socket, mut stream) = upgraded(&[]).await;
    socket.reset();
    let error = stream.read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}
