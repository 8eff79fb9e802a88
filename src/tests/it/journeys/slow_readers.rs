//! A peer that does not read: it ends as a slow reader, and costs the others at its board nothing.

use guildhall_client::{Client, Events};
use guildhall_protocol::{Ask, Request, Role};
use guildhall_testkit::{RawFrame, eventually};
use serde_json::json;
use uuid::Uuid;

use crate::harness::{PATIENCE, Server, Table, Wire};

/// A table at which GM and player have the board open, and a third who has it open too and stops reading
/// with this many answers of 60 kB under way; and the number of the last event before that one came.
async fn with_a_jammed_reader(server: &Server, answers: usize) -> (Table, Wire, u64) {
    let table = server.table("opaque").await;
    let state = json!({ "text": "x".repeat(60_000) });
    let (big, _) = table
        .player
        .client
        .create_character("Big", state)
        .await
        .unwrap();
    let mut jammed = Wire::open_narrow(server, &table.player.account).await;
    table.gm.client.open_board(table.board).await.unwrap();
    let opened = table.player.client.open_board(table.board).await.unwrap();
    let board = table.board;
    jammed.ask(Ask::BoardOpen { board }).await.unwrap();
    for _ in 0..answers {
        let ask = Request {
            id: Uuid::now_v7(),
            body: Ask::CharacterGet {
                character: big.character,
            },
        };
        jammed.send(&RawFrame::text(&ask.to_json())).await;
    }
    (table, jammed, opened.position.seq)
}

/// Opens and closes the board until somebody has ended as a slow reader; how often.
async fn broadcast_until_it_is_gone(server: &Server, board: Uuid, client: &Client) -> u64 {
    for round in 1.. {
        client.open_board(board).await.unwrap();
        client.close_board(board).await.unwrap();
        let status = guildhall::admin::status(&server.hall).await;
        if status["sessions"]["ended_by_cause"] == json!({"slow_reader": 1}) {
            return round;
        }
    }
    unreachable!()
}

/// Reads along to the end of the connection: the number of the last event, with none left out since `from`.
async fn hear_all(mut events: Events, from: u64) -> u64 {
    let mut last = from;
    while let Ok(event) = events.next().await {
        assert_eq!(event.seq, last + 1);
        last = event.seq;
    }
    last
}

async fn is_ended_and_costs_the_others_nothing(server: Server, answers: usize) {
    let (table, jammed, from) = with_a_jammed_reader(&server, answers).await;
    let Table {
        gm, player, board, ..
    } = table;
    let hearing = tokio::spawn(hear_all(player.events, from));
    let busy = server.player("busy").await;
    let code = gm.client.invite(table.campaign, Role::Player).await;
    busy.client.join_campaign(&code.unwrap()).await.unwrap();
    let broadcast = broadcast_until_it_is_gone(&server, board, &busy.client);
    let rounds = tokio::time::timeout(PATIENCE, broadcast).await.unwrap();
    let two_left = async || {
        let status = gm.client.board_status(board).await.unwrap();
        (status.audience == 2).then_some(status.position.seq)
    };
    let last = eventually(PATIENCE, "an audience of two", two_left).await;
    // The jammed one has come and gone; each round is two events.
    assert_eq!(last, from + 2 + 2 * rounds);
    player.client.keep_alive().await.unwrap();
    player.client.close().await;
    assert_eq!(hearing.await.unwrap(), last);
    drop(jammed);
}

#[tokio::test]
async fn a_peer_that_takes_in_nothing_within_the_write_timeout_is_ended() {
    // Less than the outbox holds, more than the kernel and HTTP take: only the clock ends it.
    let server = Server::start_with(|config| config.limits.write_timeout_ms = 500);
    is_ended_and_costs_the_others_nothing(server, 14).await;
}

#[tokio::test]
async fn a_peer_that_leaves_more_unread_than_the_outbox_holds_is_ended() {
    let server = Server::start_with(|config| config.limits.outbox_bytes_max = 300_000);
    is_ended_and_costs_the_others_nothing(server, 14).await;
}
