//! The HTTP surface: every refusal is the protocol's error body with the right status.

use guildhall_protocol::Code;
use guildhall_protocol::http::{ACCOUNTS_PATH, Auth, Route, SIGN_IN_PATH, revision_path};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use uuid::Uuid;

use super::{Bystander, assert_status};
use crate::harness::{HttpAnswer, PASSWORD, PATIENCE, Server, http};

const JSON: &str = "Content-Type: application/json";

async fn post(server: &Server, path: &str, headers: &str, body: &[u8]) -> HttpAnswer {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\n{headers}\r\nContent-Length: {length}");
    http(server.address(), &head, body).await
}

#[track_caller]
fn assert_refused(answer: &HttpAnswer, status: u16, code: Code, what: &str) {
    let refusal = answer.refusal();
    assert_eq!(
        (answer.status, refusal.code),
        (status, code),
        "{what}: {refusal}"
    );
    assert!(
        !refusal.rule.is_empty() && !refusal.next.is_empty(),
        "{what}"
    );
}

#[tokio::test]
async fn a_sign_up_that_cannot_be_is_refused_with_its_reason() {
    let server = Server::start();
    let client = server.http();
    client.sign_up("Anna", PASSWORD).await.unwrap();
    let long = "x".repeat(65);
    let endless = "x".repeat(129);
    let cases = [
        ("anna", PASSWORD, 409, Code::LoginTaken),
        ("ANNA", PASSWORD, 409, Code::LoginTaken),
        ("Ａｎｎａ", PASSWORD, 409, Code::LoginTaken),
        ("", PASSWORD, 400, Code::LoginInvalid),
        ("ab", PASSWORD, 400, Code::LoginInvalid),
        (&long, PASSWORD, 400, Code::LoginInvalid),
        ("an na", PASSWORD, 400, Code::LoginInvalid),
        ("Änne", PASSWORD, 400, Code::LoginInvalid),
        ("anna\u{200b}", PASSWORD, 400, Code::LoginInvalid),
        ("bert", "", 400, Code::PasswordTooWeak),
        ("bert", "123456789", 400, Code::PasswordTooWeak),
        ("bert", &endless, 400, Code::PasswordTooWeak),
    ];
    for (login, password, status, code) in cases {
        let outcome = client.sign_up(login, password).await;
        assert_status(outcome, status, code);
    }
    // The name that only bad passwords asked for is free.
    client.sign_up("bert", PASSWORD).await.unwrap();
    client.sign_in("bert", PASSWORD, None).await.unwrap();
}

#[tokio::test]
async fn a_wrong_sign_in_does_not_tell_what_was_wrong() {
    let server = Server::start();
    let client = server.http();
    client.sign_up("anna", PASSWORD).await.unwrap();
    let body =
        |login: &str, password: &str| json!({"login": login, "password": password}).to_string();
    let long = "x".repeat(10_000);
    let mut answers = Vec::new();
    for (login, password) in [
        ("anna", "not her password"),
        ("nobody", PASSWORD),
        ("", ""),
        ("anna", ""),
        ("anna", long.as_str()),
        ("an na", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
    ] {
        let answer = post(
            &server,
            SIGN_IN_PATH,
            JSON,
            body(login, password).as_bytes(),
        )
        .await;
        assert_refused(&answer, 401, Code::CredentialsWrong, login);
        answers.push(answer.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    client.sign_in("ANNA", PASSWORD, None).await.unwrap();
}

#[tokio::test]
async fn a_body_that_is_too_large_or_no_json_is_refused_by_code() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let large = json!({"login": "large", "password": "x".repeat(20_000)}).to_string();
    for path in [ACCOUNTS_PATH, SIGN_IN_PATH] {
        let answer = post(&server, path, JSON, large.as_bytes()).await;
        assert_refused(&answer, 413, Code::BodyTooLarge, path);
        // Refused by what is announced: nothing of it need arrive.
        let announced = format!("POST {path} HTTP/1.1\r\n{JSON}\r\nContent-Length: 1099511627776");
        let answer = http(server.address(), &announced, b"{").await;
        assert_refused(&answer, 413, Code::BodyTooLarge, path);
        // And by what arrives when nothing is announced.
        let chunked = format!("POST {path} HTTP/1.1\r\n{JSON}\r\nTransfer-Encoding: chunked");
        let mut body = format!("{:x}\r\n", large.len()).into_bytes();
        body.extend(large.as_bytes());
        body.extend(b"\r\n0\r\n\r\n");
        let answer = http(server.address(), &chunked, &body).await;
        assert_refused(&answer, 413, Code::BodyTooLarge, path);

        let good = json!({"login": "good-login", "password": PASSWORD}).to_string();
        for kind in [
            "X-Nothing: 1",
            "Content-Type: text/plain",
            "Content-Type: application/x-www-form-urlencoded",
        ] {
            let answer = post(&server, path, kind, good.as_bytes()).await;
            assert_refused(&answer, 400, Code::MalformedJson, kind);
        }
        for body in [
            "",
            "{",
            "null",
            "[]",
            "{}",
            r#"{"login":7,"password":"x"}"#,
            "login=a&password=b",
            "\u{feff}{}",
        ] {
            let answer = post(&server, path, JSON, body.as_bytes()).await;
            assert_refused(&answer, 400, Code::MalformedJson, body);
        }
        let answer = post(
            &server,
            path,
            JSON,
            b"{\"login\":\"\xff\xfe\",\"password\":\"x\"}",
        )
        .await;
        assert_refused(&answer, 400, Code::MalformedJson, "not UTF-8");
    }
    bystander.is_served().await;
}

#[tokio::test]
async fn a_route_that_is_not_there_is_a_typed_404() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let requests = [
        "GET /",
        "GET /v1",
        "GET /v1/nothing",
        "POST /v1/boards",
        "GET /v2/socket",
        "GET /admin/supervisor",
        "GET /v1/accounts/..%2f..%2fadmin.token",
        "GET /../guildhall.sqlite3",
        // Known paths, asked the wrong way.
        "GET /v1/accounts",
        "DELETE /v1/accounts",
        "GET /v1/sign-in",
        "PUT /v1/sign-out",
        "GET /v1/socket-tickets",
        "POST /v1/socket",
        "POST /v1/boards/01970000-0000-7000-8000-000000000001/revisions/1",
    ];
    for request in requests {
        let answer = http(server.address(), &format!("{request} HTTP/1.1"), b"").await;
        assert_refused(&answer, 404, Code::NotFound, request);
    }
    let admin = server
        .admin_url
        .trim_start_matches("http://")
        .parse()
        .unwrap();
    for request in [
        "GET /",
        "GET /admin",
        "POST /admin/supervisor",
        "GET /v1/socket",
    ] {
        let answer = http(admin, &format!("{request} HTTP/1.1"), b"").await;
        assert_refused(&answer, 404, Code::NotFound, request);
    }
    bystander.is_served().await;
}

#[tokio::test]
async fn a_revision_with_a_garbage_id_is_a_typed_404() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let board = Uuid::now_v7();
    let authorization = format!("Authorization: Bearer {}", bystander.0.account.token());
    let paths = [
        revision_path(board, 1),
        revision_path(Uuid::nil(), 0),
        "/v1/boards/garbage/revisions/1".to_owned(),
        format!("/v1/boards/{board}/revisions/one"),
        format!("/v1/boards/{board}/revisions/-1"),
        format!("/v1/boards/{board}/revisions/4294967296"),
        format!("/v1/boards/{board}/revisions/1/more"),
        format!("/v1/boards/{board}/revisions/%00"),
        "/v1/boards/..%2F..%2Fadmin.token/revisions/1".to_owned(),
        "/v1/boards/%ff%fe/revisions/1".to_owned(),
    ];
    for path in paths {
        let head = format!("GET {path} HTTP/1.1\r\n{authorization}");
        let answer = http(server.address(), &head, b"").await;
        assert_refused(&answer, 404, Code::NotFound, &path);
    }
    bystander.is_served().await;
}

#[tokio::test]
async fn every_door_that_wants_a_token_says_so() {
    let server = Server::start();
    let doors = Route::ALL.iter().filter(|it| it.auth() != Auth::Nobody);
    let requests = doors.map(|door| {
        let path = door.path().replace("{board}", &Uuid::now_v7().to_string());
        format!(
            "{} {}",
            door.method().as_str(),
            path.replace("{revision}", "1")
        )
    });
    let requests: Vec<_> = requests.collect();
    assert!(requests.len() >= 4, "{requests:?}");
    for request in requests {
        for authorization in [
            "X-Nothing: 1",
            "Authorization: Bearer garbage",
            "Authorization: Basic YTpi",
        ] {
            let head = format!("{request} HTTP/1.1\r\n{authorization}\r\nContent-Length: 0");
            let answer = http(server.address(), &head, b"").await;
            assert_refused(&answer, 401, Code::Unauthenticated, &head);
        }
    }
}

#[tokio::test]
async fn signing_up_with_one_login_at_once_makes_one_account() {
    let server = Server::start();
    let client = server.http();
    let tries = ["anna", "ANNA", "Anna", "anna"].map(|login| client.sign_up(login, PASSWORD));
    let outcomes = futures_util::future::join_all(tries).await;
    let (made, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for outcome in refused {
        assert_status(outcome, 409, Code::LoginTaken);
    }
    let anna = client.sign_in("anna", PASSWORD, None).await.unwrap();
    assert_eq!(anna.id(), made.into_iter().next().unwrap().unwrap().account);
}

#[tokio::test]
async fn a_body_that_never_comes_holds_its_connection_no_longer_than_the_stated_time() {
    // Longer than a sign-in takes on a machine that is busy.
    let server = Server::start_with(|config| {
        config.limits.http_timeout_ms = 1_000;
        config.admin_writes = true;
    });
    let admin = server.admin_url.trim_start_matches("http://").to_owned();
    let bearer = format!("Authorization: Bearer {}\r\n", server.admin_token());
    let doors = [
        (server.address().to_string(), "/v1/sign-in", ""),
        (admin, "/admin/realms", &bearer),
    ];
    for (address, path, more) in doors {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\n{more}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{{"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut heard = String::new();
        let ended = timeout(PATIENCE, connection.read_to_string(&mut heard)).await;
        ended.expect("the connection ends").unwrap();
        assert!(heard.starts_with("HTTP/1.1 503"), "{heard}");
        assert!(heard.contains("http.timeout"), "{heard}");
        assert!(heard.contains("\r\nretry-after: "), "{heard}");
    }
    server.player("anybody").await;
}

#[tokio::test]
async fn the_scheme_of_the_authorization_may_be_written_in_any_case() {
    let server = Server::start();
    let account = server.account("somebody").await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let mut connection = TcpStream::connect(server.address()).await.unwrap();
        let token = account.token();
        let head = format!(
            "POST /v1/socket-tickets HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {scheme} {token}\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut heard = String::new();
        let ended = timeout(PATIENCE, connection.read_to_string(&mut heard)).await;
        ended.unwrap().unwrap();
        assert!(heard.starts_with("HTTP/1.1 201"), "{heard}");
    }
}
