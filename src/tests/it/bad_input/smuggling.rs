//! Heads of which two readers could disagree where the request ends. Behind each comes what would be a second request
//! to somebody who is misled: nothing of it is ever answered, the first is refused, and the connection ends.

use guildhall_protocol::http::{SIGN_IN_PATH, SOCKET_PATH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{PATIENCE, Server};

/// What is smuggled: a request that is answered 204 to everybody.
const SUFFIX: &str = "GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n";

/// Everything that comes back for these bytes until the connection ends; `None`: it does not end.
async fn exchange(server: &Server, bytes: &[u8]) -> Option<String> {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let mut answers = Vec::new();
    let talk = async {
        // A server that has seen enough may close before it has read all.
        let _ = stream.write_all(bytes).await;
        let _ = stream.read_to_end(&mut answers).await;
    };
    let ended = tokio::time::timeout(PATIENCE, talk).await.is_ok();
    ended.then(|| String::from_utf8_lossy(&answers).into_owned())
}

/// The status of each answer.
fn statuses(answers: &str) -> Vec<u16> {
    let found = answers.match_indices("HTTP/1.1 ");
    let status = |(at, word): (usize, &str)| answers[at + word.len()..][..3].parse().unwrap();
    found.map(status).collect()
}

/// The lines of a head, and what follows it.
fn request(line: &str, headers: &[&str], body: &str) -> String {
    let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    format!("{line} HTTP/1.1\r\n{lines}\r\n{body}")
}

fn post(headers: &[&str], body: &str) -> String {
    let mut all = vec!["Host: here", "Content-Type: application/json"];
    all.extend(headers);
    request(&format!("POST {SIGN_IN_PATH}"), &all, body)
}

fn get(headers: &[&str]) -> String {
    request("GET /v1/nothing", headers, "")
}

/// Heads that two readers could understand in two ways, by what is wrong with them.
fn heads() -> Vec<(&'static str, String)> {
    let chunked = "Transfer-Encoding: chunked";
    let done = "0\r\n\r\n";
    vec![
        ("CL and TE", post(&["Content-Length: 5", chunked], done)),
        ("TE and CL", post(&[chunked, "Content-Length: 5"], done)),
        ("CL 0 and TE", post(&["Content-Length: 0", chunked], done)),
        (
            "two CL",
            post(&["Content-Length: 0", "Content-Length: 40"], ""),
        ),
        (
            "two equal CL",
            post(&["Content-Length: 2", "Content-Length: 2"], "{}"),
        ),
        ("CL in a list", post(&["Content-Length: 2, 2"], "{}")),
        ("CL with a sign", post(&["Content-Length: +2"], "{}")),
        ("a negative CL", post(&["Content-Length: -1"], "{}")),
        ("CL in hexadecimal", post(&["Content-Length: 0x2"], "{}")),
        (
            "CL beyond 64 bits",
            post(&["Content-Length: 18446744073709551618"], "{}"),
        ),
        ("an empty CL", post(&["Content-Length:"], "{}")),
        ("two TE", post(&[chunked, chunked], done)),
        (
            "two different TE",
            post(&[chunked, "Transfer-Encoding: identity"], done),
        ),
        (
            "TE in a list",
            post(&["Transfer-Encoding: chunked, identity"], done),
        ),
        (
            "TE twice in a list",
            post(&["Transfer-Encoding: chunked, chunked"], done),
        ),
        (
            "TE that is not last",
            post(&["Transfer-Encoding: gzip, chunked"], done),
        ),
        ("unknown TE", post(&["Transfer-Encoding: xchunked"], done)),
        ("TE identity", post(&["Transfer-Encoding: identity"], "")),
        (
            "TE in quotes",
            post(&["Transfer-Encoding: \"chunked\""], done),
        ),
        (
            "TE with a vertical tab",
            post(&["Transfer-Encoding: \x0bchunked"], done),
        ),
        (
            "TE of HTTP/1.0",
            post(&[chunked], done).replacen("HTTP/1.1", "HTTP/1.0", 1),
        ),
        (
            "a space before the colon",
            post(&["Transfer-Encoding : chunked"], done),
        ),
        (
            "a folded TE",
            post(&["Transfer-Encoding:\r\n chunked"], done),
        ),
        ("a folded line", get(&["Host: here", "X: a\r\n\tb"])),
        ("a folded first line", get(&[" Host: here"])),
        ("two Host", get(&["Host: here", "Host: there"])),
        ("two equal Host", get(&["Host: here", "Host: here"])),
        ("no Host", get(&["Accept: */*"])),
        (
            "a TE behind a lone LF",
            post(
                &["Content-Length: 5", "X: a\nTransfer-Encoding: chunked"],
                done,
            ),
        ),
        (
            "a CL behind a lone LF",
            post(&["Content-Length: 2", "X: a\nContent-Length: 40"], "{}"),
        ),
        (
            "a Host behind a lone LF",
            get(&["Host: here", "X: a\nHost: there"]),
        ),
        ("a NUL in a value", get(&["Host: here", "X: a\0b"])),
        ("a NUL in a name", get(&["Host: here", "X\0: a"])),
        ("a lone CR in a value", get(&["Host: here", "X: a\rY: b"])),
        ("no colon", get(&["Host: here", "X"])),
        ("an empty name", get(&["Host: here", ": a"])),
        (
            "a second space in the first line",
            "GET  /healthz HTTP/1.1\r\nHost: here\r\n\r\n".to_owned(),
        ),
        (
            "HTTP/1.2",
            get(&["Host: here"]).replacen("HTTP/1.1", "HTTP/1.2", 1),
        ),
    ]
}

/// Bodies in chunks of which two readers could disagree; the head is good.
fn chunks() -> Vec<(&'static str, String)> {
    let chunked = |body: &str| post(&["Transfer-Encoding: chunked"], body);
    vec![
        (
            "a size beyond 64 bits",
            chunked("10000000000000002\r\n{}\r\n0\r\n\r\n"),
        ),
        ("a size with a sign", chunked("+2\r\n{}\r\n0\r\n\r\n")),
        ("a size in 0x", chunked("0x2\r\n{}\r\n0\r\n\r\n")),
        ("no size", chunked("\r\n{}\r\n0\r\n\r\n")),
        (
            "a chunk longer than its size",
            chunked("1\r\n{}\r\n0\r\n\r\n"),
        ),
        ("a lone LF after the size", chunked("2\n{}\r\n0\r\n\r\n")),
        ("a lone LF in an extension", chunked("2;a\n{}\r\n0\r\n\r\n")),
        ("a lone LF after the data", chunked("2\r\n{}\n0\r\n\r\n")),
    ]
}

#[tokio::test]
async fn nothing_behind_a_head_that_can_be_read_in_two_ways_is_taken_for_a_request() {
    let server = Server::start();
    let cases = heads().into_iter().chain(chunks());
    let mut tried = 0;
    for (what, head) in cases {
        let answers = exchange(&server, format!("{head}{SUFFIX}").as_bytes()).await;
        let answers = answers.unwrap_or_else(|| panic!("{what}: the connection goes on"));
        assert_eq!(statuses(&answers), [400], "{what}: {answers}");
        tried += 1;
    }
    assert!(tried >= 25, "{tried}");
}

#[tokio::test]
async fn a_second_request_behind_a_good_one_is_answered_so_that_the_search_finds_it() {
    let server = Server::start();
    let last = SUFFIX.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let bodies = [
        get(&["Host: here"]),
        post(&["Content-Length: 2"], "{}"),
        post(&["Transfer-Encoding: chunked"], "2\r\n{}\r\n0\r\n\r\n"),
    ];
    for first in bodies {
        let answers = exchange(&server, format!("{first}{last}").as_bytes()).await;
        let statuses = statuses(&answers.unwrap());
        assert_eq!(statuses.len(), 2, "{first}: {statuses:?}");
        assert_eq!(statuses[1], 204, "{first}: {statuses:?}");
    }
}

#[tokio::test]
async fn what_follows_a_request_for_a_socket_is_no_request() {
    let server = Server::start();
    let account = server.account("the-player").await;
    let bearer = format!("Authorization: Bearer {}", account.token());
    let upgrade = |more: &[&str]| {
        let mut headers = vec![
            "Host: here",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Protocol: guildhall.v1",
        ];
        headers.extend(more);
        request(&format!("GET {SOCKET_PATH}"), &headers, "")
    };
    let cases = [
        ("pipelined", upgrade(&[&bearer]), 101),
        (
            "with a length",
            upgrade(&[&bearer, "Content-Length: 40"]),
            101,
        ),
        ("refused", upgrade(&[]), 401),
        (
            "refused, with a length",
            upgrade(&["Content-Length: 0"]),
            401,
        ),
    ];
    for (what, head, status) in cases {
        let answers = exchange(&server, format!("{head}{SUFFIX}").as_bytes()).await;
        let answers = answers.unwrap_or_else(|| panic!("{what}: the connection goes on"));
        assert_eq!(statuses(&answers), [status], "{what}: {answers}");
    }
}
