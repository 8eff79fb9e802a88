//! A download is the revision that was asked for, or an error.

use guildhall_client::{ClientError, HttpClient};
use guildhall_protocol::Head;

use crate::server::{Server, TOKEN, http_answer, id, soon};

const MAP: &str = "the bytes of a map";
const PATH: &str = "/v1/boards/b/revisions/1";

fn head_of(bytes: &str) -> Head {
    Head {
        revision: 1,
        hash: blake3::hash(bytes.as_bytes()).to_hex().to_string(),
        size_bytes: u64::try_from(bytes.len()).unwrap(),
        format: "opaque".into(),
        created_at_us: 1,
        by: id(9),
    }
}

async fn download(answer: &[u8], head: &Head) -> (Result<Vec<u8>, ClientError>, String) {
    let server = Server::start().await;
    let account = HttpClient::new(&server.url())
        .unwrap()
        .account(id(9), TOKEN.into());
    let download = account.download(PATH, head);
    soon(async { tokio::join!(download, server.http(answer)) }).await
}

#[tokio::test]
async fn bytes_with_the_right_hash_are_handed_over() {
    let (bytes, request) = download(&http_answer("200 OK", MAP), &head_of(MAP)).await;
    assert_eq!(bytes.unwrap(), MAP.as_bytes());
    assert!(request.starts_with(&format!("GET {PATH} ")), "{request}");
    assert!(request.contains(&format!("Bearer {TOKEN}")), "{request}");
}

#[tokio::test]
async fn other_fewer_and_more_bytes_are_a_hash_mismatch() {
    let other = MAP.replace("map", "mop");
    let more = format!("{MAP} and more");
    for served in [other.as_str(), "the bytes", more.as_str(), ""] {
        let head = head_of(MAP);
        let (bytes, _) = download(&http_answer("200 OK", served), &head).await;
        let Err(ClientError::HashMismatch { expected, received }) = bytes else {
            panic!("{served:?} was taken: {bytes:?}");
        };
        assert_eq!(expected, head.hash);
        assert_ne!(received, head.hash);
    }
}

#[tokio::test]
async fn a_download_that_breaks_off_is_an_error() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\nthe bytes";
    let (bytes, _) = download(cut, &head_of(MAP)).await;
    assert!(
        matches!(bytes, Err(ClientError::Unreachable { .. })),
        "{bytes:?}"
    );
}

#[tokio::test]
async fn a_refused_download_tells_its_status() {
    let (bytes, _) = download(&http_answer("404 Not Found", ""), &head_of(MAP)).await;
    assert_eq!(
        bytes,
        Err(ClientError::Http {
            status: 404,
            refusal: None
        })
    );
}

#[tokio::test]
async fn the_token_goes_to_no_address_that_a_server_names() {
    let account = HttpClient::new("http://127.0.0.1:9")
        .unwrap()
        .account(id(9), TOKEN.into());
    for path in [
        "@elsewhere.example/",
        "http://elsewhere.example/",
        ".elsewhere.example/",
    ] {
        let refused = account.download(path, &head_of(MAP)).await;
        assert!(
            matches!(refused, Err(ClientError::Protocol { .. })),
            "{path}: {refused:?}"
        );
    }
}
