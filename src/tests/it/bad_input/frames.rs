//! Frames that break RFC 6455 or the limits: the close code says which, the session is gone, and what was
//! announced is not what is allocated.

use std::path::Path;
use std::time::Duration;

use guildhall_client::HttpClient;
use guildhall_protocol::http::SOCKET_PATH;
use guildhall_protocol::{CloseCode, SUB_PROTOCOL};
use guildhall_testkit::{ChildServer, RawFrame, RawSocket, eventually};

use super::Bystander;
use crate::harness::{PASSWORD, PATIENCE, Server, Wire};

const MIB: usize = 1024 * 1024;

/// Bytes that must end the connection, and how.
type Case = (&'static str, Vec<u8>, CloseCode);

fn frame(opcode: u8, payload: &[u8], change: impl FnOnce(&mut RawFrame)) -> Vec<u8> {
    let mut frame = RawFrame::new(opcode, payload);
    change(&mut frame);
    frame.encode()
}

fn broken_frames() -> Vec<Case> {
    let protocol = CloseCode::PROTOCOL_ERROR;
    let plain = |_: &mut RawFrame| {};
    let open = |frame: &mut RawFrame| frame.fin = false;
    let first = frame(1, b"{", open);
    vec![
        (
            "unmasked text",
            frame(1, b"{}", |f| f.masked = false),
            protocol,
        ),
        (
            "unmasked and empty",
            frame(1, b"", |f| f.masked = false),
            protocol,
        ),
        ("opcode 3", frame(3, b"x", plain), protocol),
        ("opcode 7", frame(7, b"", plain), protocol),
        ("opcode 11", frame(11, b"x", plain), protocol),
        ("opcode 15", frame(15, b"", plain), protocol),
        ("RSV1", frame(1, b"{}", |f| f.reserved = 4), protocol),
        ("RSV2", frame(2, b"x", |f| f.reserved = 2), protocol),
        ("RSV3", frame(9, b"x", |f| f.reserved = 1), protocol),
        ("fragmented ping", frame(9, b"x", open), protocol),
        ("fragmented close", frame(8, b"\x03\xe8", open), protocol),
        ("ping of 126 bytes", frame(9, &[b'x'; 126], plain), protocol),
        ("continuation of nothing", frame(0, b"x", plain), protocol),
        (
            "text within text",
            [first.clone(), frame(1, b"}", plain)].concat(),
            protocol,
        ),
        (
            "binary within text",
            [first.clone(), frame(2, b"}", plain)].concat(),
            protocol,
        ),
        (
            "64-bit length with its top bit",
            frame(2, b"x", |f| f.claimed_length = Some(1 << 63)),
            protocol,
        ),
        (
            "not a websocket any more",
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            protocol,
        ),
        (
            "text that is not UTF-8",
            frame(1, b"\"\xff\"", plain),
            CloseCode::INVALID_UTF8,
        ),
        (
            "a lone surrogate",
            frame(1, b"\xed\xa0\x80", plain),
            CloseCode::INVALID_UTF8,
        ),
        (
            "a character cut off at the end",
            [first, frame(0, b"\xc3", plain)].concat(),
            CloseCode::INVALID_UTF8,
        ),
        (
            "a frame that claims 1 TiB",
            frame(2, b"x", |f| f.claimed_length = Some(1 << 40)),
            CloseCode::TOO_BIG,
        ),
        (
            "a frame of one byte too many",
            frame(2, &vec![0; 66 * 1024 + 1], plain),
            CloseCode::TOO_BIG,
        ),
        (
            "text of 10 MB in one frame",
            frame(1, &vec![b'x'; 10_000_000], plain),
            CloseCode::TOO_BIG,
        ),
        (
            "text of 10 MB in many frames",
            fragments(10_000_000, 16 * 1024),
            CloseCode::TOO_BIG,
        ),
        (
            "text of 10 MB in large frames",
            fragments(10_000_000, 64 * 1024),
            CloseCode::TOO_BIG,
        ),
    ]
}

/// One text message in fragments.
fn fragments(bytes: usize, each: usize) -> Vec<u8> {
    let payload = vec![b'x'; bytes];
    let mut parts = payload.chunks(each).enumerate().peekable();
    let mut all = Vec::new();
    while let Some((index, part)) = parts.next() {
        let fin = parts.peek().is_none();
        all.extend(frame(u8::from(index == 0), part, |f| f.fin = fin));
    }
    all
}

#[tokio::test]
async fn a_frame_that_breaks_a_rule_closes_with_its_code_and_ends_the_session() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let account = server.account("breaker").await;
    let mut by_cause = std::collections::BTreeMap::new();
    for (what, bytes, expected) in broken_frames() {
        let mut wire = Wire::open(&server, &account).await;
        // The server may hang up before it has taken all.
        let _ = wire.socket.send(&bytes).await;
        let close = wire.socket.read_close(PATIENCE).await;
        assert_eq!(
            close,
            Some((expected.code, expected.reason.to_owned())),
            "{what}"
        );
        assert_eq!(wire.socket.read_frame(PATIENCE).await, None, "{what}");
        *by_cause.entry(expected.reason).or_insert(0_u64) += 1;
        let one_left = async || server.hall.sessions.registry().keys().len() == 1;
        eventually(PATIENCE, "the session's end", one_left).await;
    }
    bystander.is_served().await;
    for (cause, count) in by_cause {
        let counted = async || {
            let status = guildhall::admin::status(&server.hall).await;
            status["sessions"]["ended_by_cause"][cause] == count
        };
        eventually(PATIENCE, cause, counted).await;
    }
}

#[tokio::test]
async fn what_is_unusual_and_allowed_is_served() {
    let server = Server::start();
    let account = server.account("fussy").await;
    let mut wire = Wire::open_silent(&server, &account).await;
    let hello =
        r#"{"id":"01970000-0000-7000-8000-000000000001","type":"session.hello","build":"ü"}"#;
    let mut sent = Vec::new();
    // One byte per frame, the character cut in two, pings in between.
    for (index, byte) in hello.bytes().enumerate() {
        sent.extend(frame(u8::from(index == 0), &[byte], |f| {
            f.fin = index + 1 == hello.len()
        }));
        sent.extend(RawFrame::ping(b"in between").encode());
    }
    wire.socket.send(&sent).await.unwrap();
    let frames = async {
        let mut pongs = 0;
        loop {
            let frame = wire.socket.read_frame(PATIENCE).await.unwrap();
            if let Some(text) = frame.text() {
                return (pongs, text.contains("session.welcome"));
            }
            assert_eq!(
                (frame.opcode, frame.payload.as_slice()),
                (10, &b"in between"[..])
            );
            pongs += 1;
        }
    };
    let (pongs, welcomed) = frames.await;
    assert!(welcomed && pongs > 0, "{pongs} pongs");
    wire.send(&RawFrame::close(1000, "")).await;
    assert_eq!(wire.socket.read_close(PATIENCE).await.unwrap().0, 1000);
}

/// A server of its own, because the memory of this process is everybody's.
#[tokio::test]
async fn what_a_frame_claims_or_a_message_drags_on_costs_no_memory() {
    let data = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_guildhall"));
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "127.0.0.1:0",
    ];
    let child = ChildServer::start(binary, &args, data.path());
    let url = child.wait_for_line("listening", PATIENCE);
    let http = HttpClient::new(&url).unwrap();
    http.sign_up("hoarder", PASSWORD).await.unwrap();
    let account = http.sign_in("hoarder", PASSWORD, None).await.unwrap();
    let address = url.trim_start_matches("http://").parse().unwrap();
    let bearer = format!("Bearer {}", account.token());
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Sec-WebSocket-Protocol", SUB_PROTOCOL),
    ];

    let huge = frame(2, b"", |f| f.claimed_length = Some(1 << 40));
    let endless = fragments(2 * 64 * 1024, 64 * 1024);
    let endless_start = &endless[..endless.len() / 2];
    let continued = frame(0, &vec![b'x'; 64 * 1024], |f| f.fin = false);
    let cases = [
        (huge.as_slice(), vec![0; 64 * 1024]),
        (endless_start, continued),
    ];
    let before = memory(child.pid(), "VmRSS");
    std::fs::write(format!("/proc/{}/clear_refs", child.pid()), "5").unwrap();
    for (start, more) in cases {
        let mut socket = RawSocket::handshake(address, SOCKET_PATH, &headers)
            .await
            .unwrap();
        socket.send(start).await.unwrap();
        for _ in 0..50 * MIB / more.len() {
            if socket.send(&more).await.is_err() {
                break;
            }
        }
        let code = socket.read_close(PATIENCE).await.map(|close| close.0);
        assert_eq!(code, Some(CloseCode::TOO_BIG.code));
    }
    let peak = memory(child.pid(), "VmHWM");
    let grown = peak.saturating_sub(before);
    assert!(grown < 6 * MIB, "from {before} to {peak} bytes");
    account
        .connect()
        .await
        .unwrap()
        .0
        .keep_alive()
        .await
        .unwrap();
}

/// A figure of `/proc/<pid>/status`, in bytes.
fn memory(pid: u32, name: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.unwrap().trim_matches(|c: char| !c.is_ascii_digit());
    kib.parse::<usize>().unwrap() * 1024
}

/// The idle half of a connection that was never greeted is bounded too.
#[tokio::test]
async fn half_a_handshake_is_hung_up_on() {
    let server = Server::start_with(|config| config.limits.handshake_timeout_ms = 1_000);
    let bystander = Bystander::of(&server).await;
    let mut stream = tokio::net::TcpStream::connect(server.address())
        .await
        .unwrap();
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    stream
        .write_all(b"GET /v1/socket HTTP/1.1\r\nHost:")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer));
    read.await.expect("hung up in time").unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 408"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    bystander.0.client.keep_alive().await.unwrap();
}
