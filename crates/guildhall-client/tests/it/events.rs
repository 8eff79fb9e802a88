//! Events reach their reader, and a slow reader harms nobody.

use guildhall_client::{ClientError, EVENTS_MAX};
use guildhall_protocol::{Answer, Code, Event, Refusal};

use crate::server::{Peer, Server, closed, id, soon};

fn audience(audience: u32) -> Event {
    Event::BoardAudienceChanged {
        board: id(2),
        audience,
    }
}

/// Events and then an answer: once the answer is there, so are the events.
async fn events_then_answer(peer: &mut Peer, count: usize) {
    let re = peer.request().await.id;
    for n in 0..u32::try_from(count).unwrap() {
        peer.event(u64::from(n), audience(n)).await;
    }
    peer.answer(re, Answer::SessionKeptAlive { at_us: 5 }).await;
}

#[tokio::test]
async fn events_come_in_order_with_their_numbers_past_those_of_unknown_types() {
    use futures_util::SinkExt;
    let (_client, mut events, mut peer) = Server::start().await.connected().await;
    peer.event(1, audience(3)).await;
    let unknown = r#"{"type": "board.exploded", "seq": 2}"#;
    peer.socket.send(unknown.into()).await.unwrap();
    peer.event(3, audience(4)).await;
    for (seq, event) in [(1, audience(3)), (3, audience(4))] {
        let told = soon(events.next()).await.unwrap();
        assert_eq!((told.seq, told.event), (seq, event));
    }
}

#[tokio::test]
async fn find_passes_over_what_is_not_wanted() {
    let (_client, mut events, mut peer) = Server::start().await.connected().await;
    peer.event(1, audience(3)).await;
    peer.event(
        2,
        Event::BoardUnbound {
            board: id(7),
            reason: "panic".into(),
        },
    )
    .await;
    let reason = events.find(|event| match event {
        Event::BoardUnbound { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(soon(reason).await, Ok("panic".to_owned()));
}

#[tokio::test]
async fn a_reader_that_falls_behind_is_told_how_much_it_missed() {
    let (client, mut events, mut peer) = Server::start().await.connected().await;
    let flood = events_then_answer(&mut peer, EVENTS_MAX + 10);
    let (kept_alive, ()) = soon(async { tokio::join!(client.keep_alive(), flood) }).await;
    assert_eq!(kept_alive, Ok(5), "a full ring does not hold up an answer");
    assert_eq!(
        soon(events.next()).await,
        Err(ClientError::EventsMissed { count: 10 })
    );
    assert_eq!(
        soon(events.next()).await.unwrap().seq,
        10,
        "the oldest that is left"
    );
}

#[tokio::test]
async fn a_full_ring_loses_nothing() {
    let (client, mut events, mut peer) = Server::start().await.connected().await;
    let flood = events_then_answer(&mut peer, EVENTS_MAX);
    let (kept_alive, ()) = soon(async { tokio::join!(client.keep_alive(), flood) }).await;
    assert_eq!(kept_alive, Ok(5));
    assert_eq!(soon(events.next()).await.unwrap().seq, 0);
}

#[tokio::test]
async fn a_connection_works_without_a_listener() {
    let (client, events, mut peer) = Server::start().await.connected().await;
    drop(events);
    let flood = events_then_answer(&mut peer, 10);
    let (kept_alive, ()) = soon(async { tokio::join!(client.keep_alive(), flood) }).await;
    assert_eq!(kept_alive, Ok(5));
}

#[tokio::test]
async fn a_refusal_that_belongs_to_no_request_comes_out_of_the_events() {
    let (_client, mut events, mut peer) = Server::start().await.connected().await;
    let refusal = Refusal::new(Code::MalformedJson, "Not JSON.");
    peer.refuse(None, refusal.clone()).await;
    assert_eq!(
        soon(events.next()).await,
        Err(ClientError::Refused(refusal))
    );
}

#[tokio::test]
async fn after_the_last_event_comes_how_the_connection_ended() {
    let (_client, mut events, mut peer) = Server::start().await.connected().await;
    peer.event(1, audience(1)).await;
    peer.close(4001, "session_killed").await;
    assert_eq!(soon(events.next()).await.unwrap().seq, 1);
    assert_eq!(
        soon(events.next()).await,
        Err(closed(4001, "session_killed"))
    );
}
