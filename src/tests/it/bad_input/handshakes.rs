//! Who is not let in: refused over HTTP, before a socket or a session exists.

use guildhall_client::{Connection, Credential};
use guildhall_protocol::http::{ErrorBody, SOCKET_PATH};
use guildhall_protocol::{Code, SUB_PROTOCOL, TICKET_PREFIX};
use guildhall_testkit::{RawRefusal, RawSocket};
use serde_json::Value;

use super::{Bystander, assert_status};
use crate::harness::{PASSWORD, Server};

/// Sessions that ever started, sessions that live, and sockets that live.
async fn sessions(server: &Server) -> (u64, usize, usize) {
    let status = guildhall::admin::status(&server.hall).await;
    let started = status["sessions"]["started"].as_u64().unwrap();
    let living = server.hall.sessions.registry().keys().len();
    (started, living, *server.hall.open_sockets.borrow())
}

/// A handshake that must be refused, with the code in its body.
async fn refused(server: &Server, path: &str, headers: &[(&str, &str)]) -> (u16, Code) {
    let answer = RawSocket::handshake(server.address(), path, headers).await;
    let RawRefusal { status, body, .. } = answer.expect_err("a refusal");
    let body: ErrorBody = serde_json::from_str(&body).unwrap();
    (status, body.error.code)
}

const UNAUTHENTICATED: (u16, Code) = (401, Code::Unauthenticated);
const PROTOCOL: (&str, &str) = ("Sec-WebSocket-Protocol", SUB_PROTOCOL);

#[tokio::test]
async fn without_a_good_token_there_is_a_401_and_no_process() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let before = sessions(&server).await;
    assert_eq!(before, (1, 1, 1));

    let signed_out = server.account("signed-out").await;
    signed_out.sign_out().await.unwrap();
    let expired = server.account("expired").await;
    expire_tokens(&server, expired.id());
    let garbage = "A".repeat(43);
    let long = "x".repeat(5000);
    let authorizations = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {garbage}"),
        format!("Bearer {long}"),
        "Bearer \u{fffd}\u{0435}".to_owned(),
        format!("Basic {}", bystander.0.account.token()),
        bystander.0.account.token().to_owned(),
        format!("Bearer {}", signed_out.token()),
        format!("Bearer {}", expired.token()),
    ];
    assert_eq!(
        refused(&server, SOCKET_PATH, &[PROTOCOL]).await,
        UNAUTHENTICATED
    );
    for authorization in &authorizations {
        let headers = [PROTOCOL, ("Authorization", authorization)];
        let answer = refused(&server, SOCKET_PATH, &headers).await;
        assert_eq!(answer, UNAUTHENTICATED, "{authorization:?}");
    }
    for dead in [&signed_out, &expired] {
        assert_status(dead.connect().await.map(drop), 401, Code::Unauthenticated);
        let ticket = dead.socket_ticket().await.map(drop);
        assert_status(ticket, 401, Code::Unauthenticated);
        // Its bearer may end it, however often: that lets nobody in.
        dead.sign_out().await.unwrap();
    }

    assert_eq!(sessions(&server).await, before);
    bystander.is_served().await;
    // What was counted above does count: two connections, as the line before made one.
    assert_eq!(sessions(&server).await.0, 2);
}

/// Makes every token of the account one that expired a second ago.
fn expire_tokens(server: &Server, account: uuid::Uuid) {
    let past = server.hall.now_us() - 1_000_000;
    let (sql, of) = (server.sql(), format!("WHERE account_id = '{account}'"));
    let tokens = sql.number(&format!("SELECT count(*) FROM tokens {of}"));
    assert_eq!(tokens, 1);
    sql.run(&format!("UPDATE tokens SET expires_at = {past} {of}"));
}

#[tokio::test]
async fn a_token_that_expires_by_the_servers_own_clock_is_dead() {
    let server = Server::start_with(|config| config.limits.token_ttl_ms = 1);
    let account = server.account("short-lived").await;
    // The sign-in itself took longer than the token lives.
    assert_status(
        account.connect().await.map(drop),
        401,
        Code::Unauthenticated,
    );
    assert_eq!(sessions(&server).await, (0, 0, 0));
}

#[tokio::test]
async fn a_token_in_the_url_is_not_looked_at() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let before = sessions(&server).await;
    let token = bystander.0.account.token();
    let ticket = bystander.0.account.socket_ticket().await.unwrap().ticket;
    for query in [
        format!("token={token}"),
        format!("access_token={token}"),
        format!("authorization=Bearer%20{token}"),
        format!("ticket={ticket}"),
    ] {
        let path = format!("{SOCKET_PATH}?{query}");
        assert_eq!(refused(&server, &path, &[PROTOCOL]).await, UNAUTHENTICATED);
    }
    assert_eq!(sessions(&server).await, before);
    bystander.is_served().await;
}

#[tokio::test]
async fn a_ticket_is_good_once_and_not_for_long() {
    let server = Server::start_with(|config| config.limits.ticket_ttl_ms = 2_000);
    let bystander = Bystander::of(&server).await;
    let account = &bystander.0.account;
    let open = async |ticket: &str| {
        let credential = Credential::Ticket(ticket.to_owned());
        Connection::new(server.http(), credential)
            .open()
            .await
            .map(drop)
    };
    let used = account.socket_ticket().await.unwrap().ticket;
    let late = account.socket_ticket().await.unwrap();
    open(&used).await.unwrap();
    let before = sessions(&server).await.0;
    assert_status(open(&used).await, 401, Code::Unauthenticated);
    assert_status(open("no-such-ticket").await, 401, Code::Unauthenticated);
    assert_status(open("").await, 401, Code::Unauthenticated);
    guildhall_testkit::eventually(crate::harness::PATIENCE, "the ticket's end", async || {
        server.hall.now_us() > late.expires_at_us
    })
    .await;
    assert_status(open(&late.ticket).await, 401, Code::Unauthenticated);
    assert_eq!(sessions(&server).await.0, before);
    bystander.is_served().await;
}

#[tokio::test]
async fn a_ticket_dies_with_its_token_and_is_no_token() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let account = server.account("leaver").await;
    let ticket = account.socket_ticket().await.unwrap().ticket;
    let bearer = format!("Bearer {ticket}");
    let headers = [PROTOCOL, ("Authorization", bearer.as_str())];
    assert_eq!(
        refused(&server, SOCKET_PATH, &headers).await,
        UNAUTHENTICATED
    );
    account.sign_out().await.unwrap();
    let entry = format!("{SUB_PROTOCOL}, {TICKET_PREFIX}{ticket}");
    let headers = [("Sec-WebSocket-Protocol", entry.as_str())];
    assert_eq!(
        refused(&server, SOCKET_PATH, &headers).await,
        UNAUTHENTICATED
    );
    assert_eq!(sessions(&server).await, (1, 1, 1));
    bystander.is_served().await;
}

#[tokio::test]
async fn a_page_of_another_origin_gets_403_and_one_of_ours_gets_in() {
    let own = "https://game.example";
    let server = Server::start_with(|config| config.origins = vec![own.to_owned()]);
    let bystander = Bystander::of(&server).await;
    let before = sessions(&server).await.0;
    let near_misses = [
        "https://evil.example",
        "http://game.example",
        "https://game.example:8443",
        "https://game.example.evil.example",
        "https://sub.game.example",
        "https://GAME.example/",
        "null",
        "",
    ];
    for origin in near_misses {
        let connection = bystander.0.account.connection().origin(origin);
        let outcome = connection.open().await.map(drop);
        assert_status(outcome, 403, Code::OriginForbidden);
    }
    assert_eq!(sessions(&server).await.0, before);
    let connection = bystander.0.account.connection().origin(own);
    let (client, _events) = connection.open().await.unwrap();
    client.keep_alive().await.unwrap();
    bystander.is_served().await;
}

#[tokio::test]
async fn without_a_list_only_the_servers_own_address_is_an_allowed_origin() {
    let server = Server::start();
    let account = server.account("browser").await;
    let open = async |origin: &str| account.connection().origin(origin).open().await.map(drop);
    open(&server.url).await.unwrap();
    let port = server.address().port();
    open(&format!("http://localhost:{port}")).await.unwrap();
    let elsewhere = format!("http://localhost:{}", port.wrapping_add(1));
    assert_status(open(&elsewhere).await, 403, Code::OriginForbidden);
}

#[tokio::test]
async fn a_socket_without_our_sub_protocol_or_without_a_handshake_is_a_400() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let before = sessions(&server).await;
    let bearer = format!("Bearer {}", bystander.0.account.token());
    let authorization = ("Authorization", bearer.as_str());
    let others = ["", "guildhall.v2", "chat, superchat", "guildhall.v1x"];
    let bad = (400, Code::BadField);
    assert_eq!(refused(&server, SOCKET_PATH, &[authorization]).await, bad);
    for protocol in others {
        let headers = [authorization, ("Sec-WebSocket-Protocol", protocol)];
        assert_eq!(
            refused(&server, SOCKET_PATH, &headers).await,
            bad,
            "{protocol:?}"
        );
    }
    let plain = crate::harness::http(
        server.address(),
        &format!("GET {SOCKET_PATH} HTTP/1.1\r\nAuthorization: {bearer}\r\nSec-WebSocket-Protocol: {SUB_PROTOCOL}"),
        b"",
    )
    .await;
    assert_eq!(plain.status, 400);
    assert_eq!(plain.refusal().rule, "socket.handshake");
    assert_eq!(sessions(&server).await, before);
    bystander.is_served().await;
}

#[tokio::test]
async fn the_admin_listener_wants_its_own_token() {
    let server = Server::start();
    let account = server.account("curious").await;
    for token in ["", "garbage", account.token()] {
        let admin = guildhall_client::AdminClient::new(&server.admin_url, token).unwrap();
        let outcome: Result<Value, _> = admin.supervisor().await;
        assert_status(outcome, 401, Code::Unauthenticated);
    }
    let admin = guildhall_client::AdminClient::new(&server.admin_url, &server.admin_token());
    let status = admin.unwrap().supervisor().await.unwrap();
    assert_eq!(status["sessions"]["started"], 0);
    server
        .http()
        .sign_in("curious", PASSWORD, None)
        .await
        .unwrap();
}
