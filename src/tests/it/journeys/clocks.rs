//! The two clocks of a session: idle by messages, alive by any frame.

use std::time::{Duration, Instant};

use guildhall_protocol::Ask;
use guildhall_testkit::{RawFrame, eventually};

use crate::harness::{PATIENCE, Server, Wire};

const IDLE: Duration = Duration::from_millis(600);
const PING: Duration = Duration::from_millis(200);
const LIVENESS: Duration = Duration::from_millis(700);

/// Ample for a loaded machine, and far from the server's defaults.
const LATE: Duration = Duration::from_secs(5);

fn millis(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap()
}

/// A server whose sessions are soon idle, and which asks for keep-alives often enough.
fn soon_idle() -> Server {
    Server::start_with(|config| {
        config.limits.idle_timeout_ms = millis(IDLE);
        config.limits.keepalive_interval_ms = millis(IDLE) / 6;
    })
}

/// A server that soon pings and soon gives up.
fn soon_given_up() -> Server {
    Server::start_with(|config| {
        config.limits.ping_interval_ms = millis(PING);
        config.limits.liveness_timeout_ms = millis(LIVENESS);
    })
}

#[tokio::test]
async fn a_silent_session_is_idle_and_one_that_says_anything_is_not() {
    let server = soon_idle();
    // The client library sends the keep-alive by itself.
    let keeper = server.player("keeper").await;
    let account = server.account("others").await;
    let mut talker = Wire::open(&server, &account).await;
    let talking = async {
        let mut pace = tokio::time::interval(IDLE / 6);
        loop {
            pace.tick().await;
            talker.ask(Ask::CampaignList {}).await.unwrap();
        }
    };
    // As long as three silent ones live, one after the other.
    let silence = async {
        for _ in 0..3 {
            let mut silent = Wire::open(&server, &account).await;
            let begun = Instant::now();
            let close = silent.socket.read_close(PATIENCE).await;
            assert_eq!(close, Some((4002, "idle_expired".to_owned())));
            let lived = begun.elapsed();
            assert!((IDLE / 2..LATE).contains(&lived), "{lived:?}");
        }
    };
    tokio::select! {
        () = silence => {}
        () = talking => {}
    }
    keeper.client.campaigns().await.unwrap();
    let counted = async || {
        let status = guildhall::admin::status(&server.hall).await;
        status["sessions"]["ended_by_cause"]["idle_expired"] == 3
    };
    eventually(PATIENCE, "the count of three ends", counted).await;
}

#[tokio::test]
async fn pings_and_pongs_keep_nobody_from_being_idle() {
    let server = soon_idle();
    let account = server.account("pinger").await;
    let mut wire = Wire::open(&server, &account).await;
    let begun = Instant::now();
    let close = loop {
        // These fail once the server has closed.
        let _ = wire.socket.send_frame(&RawFrame::pong(b"me")).await;
        let _ = wire.socket.send_frame(&RawFrame::ping(b"me")).await;
        let frame = wire.socket.read_frame(PATIENCE).await;
        if let Some(close) = frame.expect("a frame").close() {
            break close;
        }
    };
    assert_eq!(close, (4002, "idle_expired".to_owned()));
    assert!(begun.elapsed() < LATE);
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_gone_and_one_that_does_stays() {
    let server = soon_given_up();
    let library = server.player("library").await;
    let account = server.account("others").await;
    let mut good = Wire::open(&server, &account).await;
    let mut deaf = Wire::open(&server, &account).await;
    let begun = Instant::now();
    let answering = async {
        loop {
            let frame = good.socket.read_frame(PATIENCE).await.unwrap();
            assert_eq!(frame.opcode, 9);
            good.send(&RawFrame::pong(&frame.payload)).await;
        }
    };
    let dying = async {
        let first = deaf.socket.read_frame(PATIENCE).await.unwrap();
        assert_eq!(first.opcode, 9);
        deaf.socket.read_close(PATIENCE).await
    };
    let close = tokio::select! {
        close = dying => close,
        () = answering => unreachable!(),
    };
    assert_eq!(close, Some((4003, "liveness_lost".to_owned())));
    let lived = begun.elapsed();
    assert!((LIVENESS / 2..LATE).contains(&lived), "{lived:?}");
    library.client.keep_alive().await.unwrap();
    let left = async || server.hall.sessions.registry().keys().len() == 2;
    eventually(PATIENCE, "the deaf session's end", left).await;
}

/// What the server sends counts for nothing: only what comes in is a sign of life.
#[tokio::test]
async fn a_deaf_peer_is_gone_however_much_is_sent_to_it() {
    let server = soon_given_up();
    let table = server.table("opaque").await;
    let mut deaf = Wire::open(&server, &table.player.account).await;
    let board = table.board;
    deaf.ask(Ask::BoardOpen { board }).await.unwrap();
    let broadcasting = async {
        loop {
            table.gm.client.open_board(board).await.unwrap();
            table.gm.client.close_board(board).await.unwrap();
        }
    };
    let begun = Instant::now();
    let close = tokio::select! {
        close = deaf.socket.read_close(PATIENCE) => close,
        () = broadcasting => unreachable!(),
    };
    assert_eq!(close, Some((4003, "liveness_lost".to_owned())));
    assert!(begun.elapsed() < LATE);
}
