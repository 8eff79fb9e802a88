//! What the client reads when its session ends: a close code for each cause, counted by the same word.

use guildhall::config::Config;
use guildhall_process::{ExitReason, exit, is_alive};
use guildhall_protocol::{Ask, CloseCode, Code};
use guildhall_testkit::{RawFrame, eventually};
use serde_json::json;
use tokio::time::timeout;

use crate::crowd::Victim;
use crate::harness::{PATIENCE, Server, Table, Wire, commit_until_somebody_is_ended};

const OPCODE_PING: u8 = 9;

/// Clocks that run out while a test looks on.
fn short_clocks(config: &mut Config) {
    config.limits.ping_interval_ms = 50;
    config.limits.liveness_timeout_ms = 200;
    config.limits.keepalive_interval_ms = 100;
    config.limits.idle_timeout_ms = 400;
}

/// This many sessions were counted under this cause.
async fn counts(server: &Server, cause: &str, sessions: u64) {
    let counted = async || server.ended_by(cause).await == sessions;
    eventually(PATIENCE, cause, counted).await;
}

#[tokio::test]
async fn a_sign_out_closes_every_socket_of_the_token_and_no_other() {
    let server = Server::start();
    let other = server.player("the-other").await;
    let account = server.account("the-leaver").await;
    let mut first = Victim::connect(&server, &account).await;
    let mut second = Victim::connect(&server, &account).await;
    account.sign_out().await.unwrap();
    first.is_closed_with(CloseCode::SIGNED_OUT).await;
    second.is_closed_with(CloseCode::SIGNED_OUT).await;
    counts(&server, "signed_out", 2).await;
    other.client.keep_alive().await.unwrap();
}

#[tokio::test]
async fn whoever_says_no_hello_in_time_is_closed_and_whoever_did_stays() {
    let server = Server::start_with(|config| config.limits.doors.hello_timeout_ms = 300);
    let other = server.player("the-other").await;
    let account = server.account("the-silent").await;
    let mut silent = Wire::open_silent(&server, &account).await;
    // No ping keeps the place, and no request but the hello.
    silent.send(&RawFrame::ping(b"here")).await;
    let keep_alive = silent.ask(Ask::SessionKeepalive {}).await;
    assert_eq!(keep_alive.unwrap_err().code, Code::HelloFirst);
    let close = loop {
        let frame = silent.socket.read_frame(PATIENCE).await.expect("a frame");
        if let Some(close) = frame.close() {
            break close;
        }
    };
    assert_eq!(close.0, CloseCode::HELLO_TIMEOUT.code);
    counts(&server, "hello_timeout", 1).await;
    other.client.keep_alive().await.unwrap();
}

#[tokio::test]
async fn a_session_without_an_application_message_expires_however_many_pongs_come() {
    let server = Server::start_with(short_clocks);
    let account = server.account("the-idler").await;
    let mut idler = Victim::connect(&server, &account).await;
    let mut pings = 0;
    let close = loop {
        let frame = idler
            .wire
            .socket
            .read_frame(PATIENCE)
            .await
            .expect("a frame");
        if frame.opcode == OPCODE_PING {
            pings += 1;
            let pong = RawFrame::pong(&frame.payload);
            // The close frame may be on its way.
            let _ = idler.wire.socket.send_frame(&pong).await;
        } else if let Some(close) = frame.close() {
            break close;
        }
    };
    let CloseCode { code, reason } = CloseCode::IDLE_EXPIRED;
    assert_eq!(close, (code, reason.to_string()));
    assert!(pings >= 2, "{pings} pings");
    counts(&server, "idle_expired", 1).await;
}

#[tokio::test]
async fn a_session_ends_with_its_token_however_busy_it_is() {
    let server = Server::start_with(|config| config.limits.token_ttl_ms = 1_500);
    let account = server.account("the-expiring").await;
    let mut expiring = Victim::connect(&server, &account).await;
    let (told, close, _) = expiring.hears_its_end().await;
    let CloseCode { code, reason } = CloseCode::TOKEN_EXPIRED;
    assert_eq!(close, Some((code, reason.to_string())));
    let told: Vec<_> = told.iter().map(|event| event.type_name()).collect();
    assert_eq!(told, ["session.ending"]);
    counts(&server, "token_expired", 1).await;
    let again = account.connect().await.map(drop);
    assert_eq!(again.unwrap_err().code(), Some(Code::Unauthenticated));
    // Its bearer may end it all the same: it is his.
    account.sign_out().await.unwrap();
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_gone_within_the_heartbeat_bound() {
    let server = Server::start_with(short_clocks);
    let account = server.account("the-silent").await;
    let mut silent = Victim::connect(&server, &account).await;
    silent.is_closed_with(CloseCode::LIVENESS_LOST).await;
    counts(&server, "liveness_lost", 1).await;
}

/// A viewer reads nothing, neither answers nor events: it is ended, and the others miss nothing.
async fn a_jammed_viewer_is_ended(change: impl FnOnce(&mut Config)) {
    let server = Server::start_with(change);
    let Table {
        gm, player, board, ..
    } = server.table("opaque").await;
    let state = json!({ "text": "x".repeat(60_000) });
    let (big, _) = gm.client.create_character("Big", state).await.unwrap();
    gm.client.open_board(board).await.unwrap();
    let jammed = Wire::open_silent_and_narrow(&server, &gm.account).await;
    let mut jammed = Victim::greet(&server, jammed).await;
    assert!(jammed.send(Ask::BoardOpen { board }).await);
    // More than the kernel and HTTP take in for it: every event from here on waits in the outbox.
    jammed.wire.ask_unheard(big.character, 14).await;
    let ended = commit_until_somebody_is_ended(&server, &gm.client, board);
    timeout(PATIENCE, ended).await.unwrap();
    jammed.is_gone().await;
    counts(&server, "slow_reader", 1).await;
    let opened = player.client.open_board(board).await.unwrap();
    assert_eq!(opened.audience, 2);
}

#[tokio::test]
async fn a_viewer_that_reads_nothing_is_ended_when_its_outbox_is_full() {
    a_jammed_viewer_is_ended(|config| config.limits.outbox_frames_max = 64).await;
}

#[tokio::test]
async fn a_viewer_that_reads_nothing_is_ended_at_the_write_deadline() {
    a_jammed_viewer_is_ended(|config| config.limits.write_timeout_ms = 300).await;
}

#[tokio::test]
async fn a_stop_of_the_server_is_told_to_every_socket() {
    let server = Server::start();
    let account = server.account("the-last").await;
    let mut first = Victim::connect(&server, &account).await;
    let mut second = Victim::connect(&server, &account).await;
    let stopped = tokio::task::spawn_blocking(move || drop(server));
    first.is_closed_with(CloseCode::GOING_AWAY).await;
    second.is_closed_with(CloseCode::GOING_AWAY).await;
    timeout(PATIENCE, stopped).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_session_that_fails_by_an_error_says_so() {
    let server = Server::start();
    let account = server.account("the-failing").await;
    let mut victim = Victim::connect(&server, &account).await;
    exit(victim.pid, ExitReason::error("out_of_luck: by this test"));
    victim.is_closed_with(CloseCode::SESSION_FAILED).await;
    // Counted by the word before the colon.
    counts(&server, "out_of_luck", 1).await;
}

#[tokio::test]
async fn a_broken_frame_ends_its_session_with_the_code_of_the_breach() {
    let server = Server::start();
    let account = server.account("the-breaker").await;
    let mut other = Victim::connect(&server, &account).await;
    let unmasked = RawFrame {
        masked: false,
        ..RawFrame::text("{}")
    };
    let reserved = RawFrame {
        reserved: 4,
        ..RawFrame::text("{}")
    };
    let claims_a_tebibyte = RawFrame {
        claimed_length: Some(1 << 40),
        ..RawFrame::binary(b"...")
    };
    let breaches = [
        (unmasked, CloseCode::PROTOCOL_ERROR),
        (reserved, CloseCode::PROTOCOL_ERROR),
        (RawFrame::new(11, "?"), CloseCode::PROTOCOL_ERROR),
        (RawFrame::new(1, vec![0xff, 0xfe]), CloseCode::INVALID_UTF8),
        (claims_a_tebibyte, CloseCode::TOO_BIG),
    ];
    for (frame, code) in breaches {
        let counted = server.ended_by(code.reason).await;
        let mut victim = Victim::connect(&server, &account).await;
        victim.wire.send(&frame).await;
        victim.is_closed_with(code).await;
        counts(&server, code.reason, counted + 1).await;
    }
    assert!(is_alive(other.pid));
    other.wire.ask(Ask::SessionKeepalive {}).await.unwrap();
}
