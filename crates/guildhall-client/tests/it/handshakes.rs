//! The way to a connection: sign-up, sign-in, ticket, upgrade, hello.

use guildhall_client::{ClientError, Connection, Credential, HttpClient};
use guildhall_protocol::http::ErrorBody;
use guildhall_protocol::{Ask, Code, Refusal};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

use crate::server::{Server, TOKEN, closed, http_answer, id, soon};

fn refused(code: Code) -> String {
    let error = Refusal::new(code, "So it is.");
    serde_json::to_string(&ErrorBody { error }).unwrap()
}

#[tokio::test]
async fn the_token_goes_in_the_header_and_the_hello_comes_first() {
    let (client, _events, peer) = Server::start().await.connected().await;
    let header = |name| peer.handshake.headers()[name].to_str().unwrap();
    assert_eq!(header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(header("sec-websocket-protocol"), "guildhall.v1");
    assert_eq!(peer.handshake.uri().to_string(), "/v1/socket");
    assert!(
        matches!(peer.hello, Ask::SessionHello { .. }),
        "{:?}",
        peer.hello
    );
    assert_eq!(client.welcome().session, id(7));
    assert_eq!(client.welcome().limits.chunk_bytes_max, 65_536);
}

#[tokio::test]
async fn a_ticket_goes_beside_the_sub_protocol_and_no_token_with_it() {
    let server = Server::start().await;
    let http = HttpClient::new(&server.url()).unwrap();
    let connection = Connection::new(http, Credential::Ticket("t1".into()))
        .device("laptop")
        .build("game 1.2")
        .origin("https://game.example");
    let (opened, peer) = server.meet(connection.open()).await;
    opened.unwrap();
    let headers = peer.handshake.headers();
    assert_eq!(
        headers["sec-websocket-protocol"],
        "guildhall.v1, guildhall.ticket.t1"
    );
    assert_eq!(headers["origin"], "https://game.example");
    assert!(!headers.contains_key("authorization"));
    let hello = Ask::SessionHello {
        build: "game 1.2".into(),
        device: Some("laptop".into()),
        features: vec![],
    };
    assert_eq!(peer.hello, hello);
}

#[tokio::test]
async fn a_refused_handshake_tells_status_and_refusal() {
    let server = Server::start().await;
    let url = server.url();
    let answer = http_answer("401 Unauthorized", &refused(Code::Unauthenticated));
    let connect = Connection::connect(&url, "garbage");
    let (opened, _) = soon(async { tokio::join!(connect, server.http(&answer)) }).await;
    let error = opened.err().unwrap();
    assert!(
        matches!(error, ClientError::Http { status: 401, .. }),
        "{error:?}"
    );
    assert_eq!(error.code(), Some(Code::Unauthenticated));
}

#[tokio::test]
async fn a_refusal_of_someone_elses_making_is_a_status_alone() {
    let server = Server::start().await;
    let url = server.url();
    let answer = http_answer("502 Bad Gateway", "<html>");
    let connect = Connection::connect(&url, TOKEN);
    let (opened, _) = soon(async { tokio::join!(connect, server.http(&answer)) }).await;
    let gateway = ClientError::Http {
        status: 502,
        refusal: None,
    };
    assert_eq!(opened.err(), Some(gateway));
}

#[tokio::test]
async fn a_refused_hello_is_a_refusal() {
    let server = Server::start().await;
    let url = server.url();
    let refusal = Refusal::new(Code::Overloaded, "Full.");
    let serve = async {
        let mut peer = server.upgraded().await;
        let re = peer.request().await.id;
        peer.refuse(Some(re), refusal.clone()).await;
    };
    let connect = Connection::connect(&url, TOKEN);
    let (opened, ()) = soon(async { tokio::join!(connect, serve) }).await;
    assert_eq!(opened.err(), Some(ClientError::Refused(refusal.clone())));
}

#[tokio::test]
async fn a_close_in_place_of_the_welcome_tells_its_code() {
    let server = Server::start().await;
    let url = server.url();
    let serve = async {
        let mut peer = server.upgraded().await;
        let frame = CloseFrame {
            code: 1001.into(),
            reason: "going_away".into(),
        };
        peer.socket.close(Some(frame)).await.unwrap();
        assert!(matches!(peer.message().await, Message::Text(_)));
    };
    let connect = Connection::connect(&url, TOKEN);
    let (opened, ()) = soon(async { tokio::join!(connect, serve) }).await;
    assert_eq!(opened.err(), Some(closed(1001, "going_away")));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_out_of_reach() {
    let url = format!("http://127.0.0.1:{}", guildhall_testkit::free_port());
    let opened = soon(Connection::connect(&url, TOKEN)).await;
    let error = opened.err().unwrap();
    assert!(
        matches!(error, ClientError::Unreachable { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn accounts_are_made_signed_in_and_signed_out() {
    let server = Server::start().await;
    // `ws://` is taken for the same base.
    let http = HttpClient::new(&server.url().replace("http", "ws")).unwrap();
    let id = id(9);

    let body = format!(r#"{{"account": "{id}", "login": "aino"}}"#);
    let answer = http_answer("201 Created", &body);
    let made = http.sign_up("Aino", "long enough");
    let (made, request) = soon(async { tokio::join!(made, server.http(&answer)) }).await;
    assert_eq!(made.unwrap().login, "aino");
    assert!(request.starts_with("POST /v1/accounts "), "{request}");
    assert!(
        request.ends_with(r#"{"login":"Aino","password":"long enough"}"#),
        "{request}"
    );

    let body = format!(r#"{{"account": "{id}", "token": "{TOKEN}", "expires_at_us": 1}}"#);
    let answer = http_answer("200 OK", &body);
    let signed_in = http.sign_in("aino", "long enough", None);
    let (account, request) = soon(async { tokio::join!(signed_in, server.http(&answer)) }).await;
    let account = account.unwrap();
    assert!(request.starts_with("POST /v1/sign-in "), "{request}");
    assert_eq!((account.id(), account.token()), (id, TOKEN));
    assert!(
        !format!("{account:?}").contains(TOKEN),
        "no log shows the token"
    );

    let answer = http_answer("201 Created", r#"{"ticket": "t1", "expires_at_us": 1}"#);
    let asked = account.socket_ticket();
    let (ticket, request) = soon(async { tokio::join!(asked, server.http(&answer)) }).await;
    assert!(ticket.is_ok_and(|ticket| ticket.ticket == "t1"));
    assert!(request.contains(&format!("Bearer {TOKEN}")), "{request}");

    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    let (signed_out, request) =
        soon(async { tokio::join!(account.sign_out(), server.http(answer)) }).await;
    assert_eq!(signed_out, Ok(()));
    assert!(request.starts_with("POST /v1/sign-out "), "{request}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::start().await;
    let http = HttpClient::new(&server.url()).unwrap();
    let answer = b"HTTP/1.1 307 Moved\r\nLocation: http://elsewhere.example/\r\n\r\n";
    let account = http.account(id(9), TOKEN.into());
    let (signed_out, _) =
        soon(async { tokio::join!(account.sign_out(), server.http(answer)) }).await;
    assert_eq!(
        signed_out,
        Err(ClientError::Http {
            status: 307,
            refusal: None
        })
    );
}
