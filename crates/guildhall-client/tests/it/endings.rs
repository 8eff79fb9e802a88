//! However a connection ends, everyone who waits on it is told how.

use std::time::Duration;

use futures_util::SinkExt;
use guildhall_client::{Client, ClientError};
use guildhall_protocol::CloseCode;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::server::{Server, closed, id, soon};

#[tokio::test]
async fn a_close_frame_ends_the_request_that_waits_and_every_later_one() {
    let (client, _events, mut peer) = Server::start().await.connected().await;
    let serve = async {
        peer.request().await;
        peer.close(4002, "idle_expired").await;
        peer.end().await
    };
    let (waiting, answer) = soon(async { tokio::join!(client.keep_alive(), serve) }).await;
    assert_eq!(waiting, Err(closed(4002, "idle_expired")));
    assert!(answer.is_some(), "the client answers the close frame");
    assert_eq!(
        soon(client.keep_alive()).await,
        Err(closed(4002, "idle_expired"))
    );
    assert_eq!(soon(client.ended()).await, closed(4002, "idle_expired"));
}

#[tokio::test]
async fn a_close_frame_without_a_code_is_1005() {
    let (client, _events, mut peer) = Server::start().await.connected().await;
    peer.socket.close(None).await.unwrap();
    assert_eq!(soon(client.ended()).await, closed(1005, ""));
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_lost_and_not_closed() {
    let (client, mut events, mut peer) = Server::start().await.connected().await;
    let serve = async {
        peer.request().await;
        drop(peer);
    };
    let (waiting, ()) = soon(async { tokio::join!(client.keep_alive(), serve) }).await;
    assert!(
        matches!(waiting, Err(ClientError::Lost { .. })),
        "{waiting:?}"
    );
    let told = soon(events.next()).await.unwrap_err();
    assert!(matches!(told, ClientError::Lost { .. }), "{told:?}");
}

#[tokio::test]
async fn close_says_goodbye_with_1000_and_waits_for_the_end() {
    let (client, _events, peer) = Server::start().await.connected().await;
    let ((), said) = soon(async { tokio::join!(client.close(), peer.end()) }).await;
    let said = said.flatten().expect("a close frame with a code");
    assert_eq!(u16::from(said.code), CloseCode::NORMAL.code);
    assert_eq!(client.keep_alive().await, Err(closed(1000, "normal")));
}

#[tokio::test]
async fn close_leaves_a_server_that_does_not_answer() {
    let (client, _events, peer) = Server::start().await.connected().await;
    // The peer is not polled: its TCP stack takes the close frame, nobody answers it.
    soon(client.close()).await;
    assert!(matches!(client.ended().await, ClientError::Lost { .. }));
    drop(peer);
}

#[tokio::test]
async fn dropping_the_last_client_closes_the_connection() {
    let (client, mut events, peer) = Server::start().await.connected().await;
    drop(client.clone());
    let ((), said) = soon(async { tokio::join!(async { drop(client) }, peer.end()) }).await;
    assert!(said.is_some(), "a close frame");
    assert_eq!(soon(events.next()).await, Err(closed(1000, "normal")));
}

#[tokio::test]
async fn abort_drops_the_connection_without_a_close_frame() {
    let (client, _events, peer) = Server::start().await.connected().await;
    client.abort();
    assert_eq!(peer.end().await, None);
    assert!(matches!(
        soon(client.ended()).await,
        ClientError::Lost { .. }
    ));
}

/// Fills every buffer on the way to a peer that reads nothing, until a chunk waits.
async fn jam(client: &Client) {
    let chunk = vec![0; 65_536];
    let stuck = Duration::from_millis(200);
    while let Ok(sent) = timeout(stuck, client.send_chunk(id(3), 0, &chunk)).await {
        sent.unwrap();
    }
}

#[tokio::test]
async fn abort_works_while_a_write_is_stuck() {
    let (client, _events, peer) = Server::start().await.connected().await;
    jam(&client).await;
    client.abort();
    assert!(matches!(
        soon(client.ended()).await,
        ClientError::Lost { .. }
    ));
    drop(peer);
}

#[tokio::test]
async fn close_works_while_a_write_is_stuck() {
    let (client, _events, peer) = Server::start().await.connected().await;
    jam(&client).await;
    soon(client.close()).await;
    assert!(matches!(client.ended().await, ClientError::Lost { .. }));
    drop(peer);
}

#[tokio::test]
async fn a_close_frame_is_seen_while_a_write_is_stuck() {
    let (client, _events, mut peer) = Server::start().await.connected().await;
    jam(&client).await;
    peer.close(4004, "slow_reader").await;
    assert_eq!(soon(client.ended()).await, closed(4004, "slow_reader"));
}

#[tokio::test]
async fn what_is_no_frame_of_the_protocol_ends_the_connection() {
    for frame in [Message::text("not JSON"), Message::binary(vec![1])] {
        let (client, _events, mut peer) = Server::start().await.connected().await;
        peer.socket.send(frame).await.unwrap();
        let ended = soon(client.ended()).await;
        assert!(matches!(ended, ClientError::Protocol { .. }), "{ended:?}");
    }
}
