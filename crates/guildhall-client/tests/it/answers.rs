//! Every answer finds its request.

use guildhall_client::{ClientError, HttpClient, Saved};
use guildhall_protocol::{Answer, Ask, Code, Receipt, Refusal};
use serde_json::json;

use crate::server::{Server, TOKEN, id, soon};

#[tokio::test]
async fn answers_find_their_requests_in_whatever_order_they_come() {
    let (client, _events, mut peer) = Server::start().await.connected().await;
    let versions = [1, 2, 3];
    let saves = versions.map(|base| client.save_ship(id(5), base, json!({"hull": base})));
    let [first, second, third] = saves;
    let serve = async {
        let mut requests = Vec::new();
        for _ in versions {
            requests.push(peer.request().await);
        }
        for request in requests.into_iter().rev() {
            let Ask::ShipSave {
                guild,
                base_version,
                ..
            } = request.body
            else {
                panic!("not a save: {:?}", request.body);
            };
            let version = base_version + 10;
            let receipt = Receipt::Durable;
            peer.answer(
                request.id,
                Answer::ShipSaved {
                    guild,
                    version,
                    receipt,
                },
            )
            .await;
        }
    };
    let (first, second, third, ()) =
        soon(async { tokio::join!(first, second, third, serve) }).await;
    let saved = |version| {
        Ok(Saved {
            version,
            receipt: Receipt::Durable,
        })
    };
    assert_eq!([first, second, third], [saved(11), saved(12), saved(13)]);
}

#[tokio::test]
async fn a_refusal_reaches_its_request_and_the_connection_lives_on() {
    let (client, _events, mut peer) = Server::start().await.connected().await;
    let refusal = Refusal::new(Code::RoleForbidden, "You are a player.");
    let asks = async {
        let refused = client
            .create_board(id(1), "Cave", "opaque")
            .await
            .unwrap_err();
        (refused, client.keep_alive().await)
    };
    let serve = async {
        let re = peer.request().await.id;
        peer.refuse(Some(re), refusal.clone()).await;
        let re = peer.request().await.id;
        peer.answer(re, Answer::SessionKeptAlive { at_us: 5 }).await;
    };
    let ((refused, kept_alive), ()) = soon(async { tokio::join!(asks, serve) }).await;
    assert_eq!(refused.code(), Some(Code::RoleForbidden));
    assert_eq!(refused, ClientError::Refused(refusal));
    assert_eq!(kept_alive, Ok(5));
}

#[tokio::test]
async fn an_answer_of_the_wrong_type_is_a_protocol_error() {
    let (client, _events, mut peer) = Server::start().await.connected().await;
    let serve = async {
        let re = peer.request().await.id;
        peer.answer(re, Answer::BoardClosed { board: id(2) }).await;
    };
    let (outcome, ()) = soon(async { tokio::join!(client.keep_alive(), serve) }).await;
    assert!(
        matches!(outcome, Err(ClientError::Protocol { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_is_passed_over() {
    let (client, _events, mut peer) = Server::start().await.connected().await;
    let serve = async {
        let re = peer.request().await.id;
        peer.answer(id(404), Answer::SessionKeptAlive { at_us: 4 })
            .await;
        peer.refuse(Some(id(404)), Refusal::new(Code::Internal, "Lost."))
            .await;
        peer.answer(re, Answer::SessionKeptAlive { at_us: 5 }).await;
    };
    let (outcome, ()) = soon(async { tokio::join!(client.keep_alive(), serve) }).await;
    assert_eq!(outcome, Ok(5));
}

#[tokio::test]
async fn the_client_keeps_the_session_alive_by_itself() {
    let server = Server::start().await.keepalive_interval_ms(20);
    let (_client, _events, mut peer) = server.connected().await;
    for _ in 0..3 {
        assert_eq!(peer.request().await.body, Ask::SessionKeepalive {});
    }
}

#[tokio::test]
async fn a_ping_is_answered_while_nobody_uses_the_client() {
    use futures_util::SinkExt;
    use tokio_tungstenite::tungstenite::Message;

    let (_client, _events, mut peer) = Server::start().await.connected().await;
    peer.socket
        .send(Message::Ping("there?".into()))
        .await
        .unwrap();
    assert_eq!(peer.message().await, Message::Pong("there?".into()));
}

#[tokio::test]
async fn a_save_waits_for_its_own_receipt_else_for_that_of_its_connection() {
    let server = Server::start().await;
    let http = HttpClient::new(&server.url()).unwrap();
    let account = http
        .saves_until(Receipt::Durable)
        .account(id(1), TOKEN.to_owned());
    let (opened, mut peer) = server.meet(account.connect()).await;
    let (client, _events) = opened.unwrap();
    let saves = async {
        let _ = client.save_ship(id(5), 1, json!({})).await;
        let _ = client
            .save_ship_until(id(5), 2, json!({}), Receipt::Safe)
            .await;
    };
    let serve = async {
        for receipt in [Receipt::Durable, Receipt::Safe] {
            let request = peer.request().await;
            let Ask::ShipSave { guild, until, .. } = request.body else {
                panic!("not a save: {:?}", request.body);
            };
            assert_eq!(until, Some(receipt));
            let saved = Answer::ShipSaved {
                guild,
                version: 9,
                receipt,
            };
            peer.answer(request.id, saved).await;
        }
    };
    soon(async { tokio::join!(saves, serve) }).await;
}
