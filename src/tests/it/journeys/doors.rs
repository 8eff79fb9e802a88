//! In and out: sign-up, sign-in, ticket, socket; sign-out ends what is live and stays so.

use guildhall_client::{ClientError, Connection, Credential};
use guildhall_protocol::http::SOCKET_PATH;
use guildhall_protocol::{Code, SUB_PROTOCOL, TICKET_PREFIX};
use guildhall_testkit::{RawSocket, eventually};

use crate::harness::{PASSWORD, PATIENCE, Server};

#[tokio::test]
async fn somebody_signs_up_signs_in_and_comes_in_with_a_ticket() {
    let server = Server::start();
    let http = server.http();
    let signed_up = http.sign_up("Anna@example.org", PASSWORD).await.unwrap();
    assert_eq!(signed_up.login, "Anna@example.org");
    let account = http
        .sign_in("anna@EXAMPLE.org", PASSWORD, Some("laptop"))
        .await
        .unwrap();
    assert_eq!(account.id(), signed_up.account);
    let ticket = account.socket_ticket().await.unwrap();
    let lives_us = ticket.expires_at_us - server.hall.now_us();
    assert!((1..=30_000_000).contains(&lives_us), "{lives_us} µs");

    // As a browser does it: no header but the list of sub-protocols, in either order.
    let protocols = format!("{TICKET_PREFIX}{}, {SUB_PROTOCOL}", ticket.ticket);
    let headers = [
        ("Sec-WebSocket-Protocol", protocols.as_str()),
        ("Origin", &server.url),
    ];
    RawSocket::handshake(server.address(), SOCKET_PATH, &headers)
        .await
        .unwrap();

    let ticket = account.socket_ticket().await.unwrap().ticket;
    let connection = Connection::new(http, Credential::Ticket(ticket));
    let (client, _events) = connection.open().await.unwrap();
    let welcome = client.welcome();
    assert_eq!(
        (welcome.account, welcome.login.as_str()),
        (account.id(), "Anna@example.org")
    );
    let limits = &server.hall.config.limits;
    assert_eq!(welcome.heartbeat.idle_timeout_ms, limits.idle_timeout_ms);
    assert_eq!(welcome.limits.upload_bytes_max, limits.upload_bytes_max);
}

#[tokio::test]
async fn a_sign_out_ends_the_live_sockets_of_its_token_and_the_token_stays_dead() {
    let server = Server::start();
    let account = server.account("anna").await;
    let elsewhere = server
        .http()
        .sign_in("anna", PASSWORD, Some("phone"))
        .await
        .unwrap();
    let (first, _first_events) = account.connect().await.unwrap();
    let ticket = account.socket_ticket().await.unwrap().ticket;
    let by_ticket = Connection::new(server.http(), Credential::Ticket(ticket));
    let (second, _second_events) = by_ticket.open().await.unwrap();
    let (phone, _phone_events) = elsewhere.connect().await.unwrap();

    account.sign_out().await.unwrap();
    let signed_out = ClientError::Closed {
        code: 4000,
        reason: "signed_out".to_owned(),
    };
    for client in [first, second] {
        let ended = tokio::time::timeout(PATIENCE, client.ended()).await;
        assert_eq!(ended.unwrap(), signed_out);
    }
    let left = async || server.hall.sessions.registry().keys().len() == 1;
    eventually(PATIENCE, "the end of both sessions", left).await;
    phone.keep_alive().await.unwrap();
    let again = account.connect().await.map(drop);
    assert_eq!(again.unwrap_err().code(), Some(Code::Unauthenticated));
    // Whoever shows a token may end it, however often.
    account.sign_out().await.unwrap();

    let (id, dead, living) = (
        account.id(),
        account.token().to_owned(),
        elsewhere.token().to_owned(),
    );
    let server = server.restart().await;
    let dead = server.http().account(id, dead);
    assert_eq!(
        dead.connect().await.map(drop).unwrap_err().code(),
        Some(Code::Unauthenticated)
    );
    let (client, _events) = server.http().account(id, living).connect().await.unwrap();
    client.keep_alive().await.unwrap();
    let again = server.http().sign_in("anna", PASSWORD, None).await.unwrap();
    assert_eq!(again.id(), id);
}

#[tokio::test]
async fn a_sign_out_ends_the_live_sockets_also_while_the_database_does_not_answer() {
    let server = Server::start();
    let player = server.player("anna").await;
    let database = server.sql();
    database.begin_and_lock("batches");
    let signed_out = player.account.sign_out().await;
    assert_eq!(signed_out.unwrap_err().code(), Some(Code::Unavailable));
    let ended = tokio::time::timeout(PATIENCE, player.client.ended()).await;
    database.run("ROLLBACK");
    let signed_out = ClientError::Closed {
        code: 4000,
        reason: "signed_out".to_owned(),
    };
    assert_eq!(ended.unwrap(), signed_out);
}

#[tokio::test]
async fn a_client_that_closes_is_answered_and_gone() {
    let server = Server::start();
    let player = server.player("anna").await;
    player.client.close().await;
    let ended = player.client.ended().await;
    assert!(
        matches!(ended, ClientError::Closed { code: 1000, .. }),
        "{ended:?}"
    );
    let gone = async || server.hall.sessions.registry().keys().is_empty();
    eventually(PATIENCE, "the session's end", gone).await;
    let counted = async || {
        let status = guildhall::admin::status(&server.hall).await;
        status["sessions"]["ended_by_cause"]["client_closed"] == 1
    };
    eventually(PATIENCE, "the count of its end", counted).await;
}
