//! What the admin client makes of a status page.

use std::time::Duration;

use guildhall_protocol::http::ErrorBody;
use guildhall_protocol::{Code, Refusal};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::{AdminClient, SUPERVISOR_PATH};
use crate::ClientError;

const DEADLINE: Duration = Duration::from_secs(10);

/// One request against a listener that answers so; what came of it, and the request's head.
async fn ask(suffix: &str, status: &str, body: &Value) -> (Result<Value, ClientError>, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}{suffix}", listener.local_addr().unwrap());
    let admin = AdminClient::new(&url, " the-token\n").unwrap();
    let served = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut head, mut reader) = (String::new(), BufReader::new(&mut stream));
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).await.unwrap(), 0, "{head}");
        }
        let (body, length) = (body.to_string(), body.to_string().len());
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).await.unwrap();
        head
    };
    let both = async { tokio::join!(admin.supervisor(), served) };
    timeout(DEADLINE, both).await.unwrap()
}

#[tokio::test]
async fn the_status_is_asked_for_with_the_token_and_handed_over() {
    let status = json!({"tree": {"name": "guildhall", "children": []}});
    for suffix in ["", "/", SUPERVISOR_PATH] {
        let (told, head) = ask(suffix, "200 OK", &status).await;
        assert_eq!(told.as_ref(), Ok(&status));
        assert!(
            head.starts_with("GET /admin/supervisor HTTP/1.1\r\n"),
            "{head}"
        );
        assert!(head.contains("Bearer the-token\r\n"), "{head}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_told_with_the_servers_words() {
    let error = Refusal::new(Code::Unauthenticated, "This is not the admin token.");
    let body = serde_json::to_value(ErrorBody {
        error: error.clone(),
    })
    .unwrap();
    let (told, _) = ask("", "401 Unauthorized", &body).await;
    let refusal = Some(error);
    assert_eq!(
        told,
        Err(ClientError::Http {
            status: 401,
            refusal
        })
    );
}

#[test]
fn the_token_is_not_shown() {
    let admin = AdminClient::new("http://127.0.0.1:9", "the-token").unwrap();
    assert!(!format!("{admin:?}").contains("the-token"));
}
