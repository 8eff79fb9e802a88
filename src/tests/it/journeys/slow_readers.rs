//! A peer that does not read: it is slowed, and if it never reads it ends as a slow reader. It costs the
//! others at its board nothing.

use guildhall::config::Config;
use guildhall_client::Events;
use guildhall_process::process_info;
use guildhall_protocol::{Ask, Code, Event, ServerFrame};
use guildhall_testkit::eventually;
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use crate::crowd::Victim;
use crate::harness::{PATIENCE, Player, Server, Table, Wire, commit_until_somebody_is_ended};

const OUTBOX_BYTES: usize = 140 * 1024;

/// An outbox that is soon full, and limits that fit it.
fn small_outbox(config: &mut Config) {
    config.limits.requests_in_flight_max = 4;
    config.limits.state_bytes_max = 16 * 1024;
    config.limits.message_bytes_max = OUTBOX_BYTES;
    config.limits.outbox_bytes_max = OUTBOX_BYTES;
    config.limits.guild_members_max = 100;
    config.limits.check().unwrap();
}

/// A character with this many bytes of state.
async fn big_character(of: &Player, bytes: usize) -> Uuid {
    let state = json!({ "text": "x".repeat(bytes) });
    let made = of.client.create_character("Big", state).await;
    made.unwrap().0.character
}

/// Reads along until an event is the one; none has been left out since the number `last`.
async fn hear_until(events: &mut Events, last: &mut u64, mut is_it: impl FnMut(&Event) -> bool) {
    loop {
        let told = events.next().await.unwrap();
        *last += 1;
        assert_eq!(told.seq, *last);
        if is_it(&told.event) {
            return;
        }
    }
}

async fn hear_audience(events: &mut Events, last: &mut u64, expected: u32) {
    let is_it = |event: &Event| matches!(event, Event::BoardAudienceChanged { audience, .. } if *audience == expected);
    hear_until(events, last, is_it).await;
}

/// A GM and a player have the board open, and a third one, who asks for this many bytes so many times and
/// reads nothing.
async fn is_ended_and_costs_the_others_nothing(server: Server, bytes: usize, answers: usize) {
    let Table {
        gm,
        mut player,
        board,
        ..
    } = server.table("opaque").await;
    let big = big_character(&player, bytes).await;
    gm.client.open_board(board).await.unwrap();
    let mut heard = player.client.open_board(board).await.unwrap().position.seq;
    let mut jammed = Wire::open_narrow(&server, &player.account).await;
    jammed.ask(Ask::BoardOpen { board }).await.unwrap();
    hear_audience(&mut player.events, &mut heard, 3).await;
    jammed.ask_unheard(big, answers).await;

    let ended = commit_until_somebody_is_ended(&server, &gm.client, board);
    let hears = hear_audience(&mut player.events, &mut heard, 2);
    let (last, ()) = timeout(PATIENCE, async { tokio::join!(ended, hears) })
        .await
        .unwrap();
    let status = gm.client.board_status(board).await.unwrap();
    assert_eq!((status.head.as_ref(), status.audience), (Some(&last), 2));
    let upload = gm
        .client
        .upload_board(board, Some(last.revision), "opaque", b"after");
    let after = upload.await.unwrap().0;
    let is_after =
        |event: &Event| matches!(event, Event::BoardHeadMoved { head, .. } if *head == after);
    let hears = hear_until(&mut player.events, &mut heard, is_after);
    timeout(PATIENCE, hears).await.unwrap();
    drop(jammed);
}

#[tokio::test]
async fn a_peer_that_takes_in_nothing_within_the_write_timeout_is_ended() {
    // Less than the outbox holds, more than the kernel and HTTP take: only the clock ends it.
    let server = Server::start_with(|config| config.limits.write_timeout_ms = 500);
    is_ended_and_costs_the_others_nothing(server, 60_000, 14).await;
}

#[tokio::test]
async fn a_peer_that_leaves_more_events_unread_than_the_outbox_holds_is_ended() {
    let server = Server::start_with(small_outbox);
    is_ended_and_costs_the_others_nothing(server, 15_000, 200).await;
}

/// Somebody who asks for a big character and reads no answer, and somebody else who asks and reads.
struct LateReader {
    server: Server,
    player: Player,
    big: Uuid,
    late: Victim,
    asked: Vec<Uuid>,
}

impl LateReader {
    async fn start(change: impl FnOnce(&mut Config), bytes: usize) -> Self {
        let server = Server::start_with(change);
        let player = server.player("the-asker").await;
        let big = big_character(&player, bytes).await;
        let late = Wire::open_silent_and_narrow(&server, &player.account).await;
        let late = Victim::greet(&server, late).await;
        Self {
            server,
            player,
            big,
            late,
            asked: Vec::new(),
        }
    }

    async fn ask(&mut self, times: usize) {
        let asked = self.late.wire.ask_unheard(self.big, times).await;
        self.asked.extend(asked);
    }

    async fn others_get_their_answers(&self) {
        for _ in 0..5 {
            self.player.client.character(self.big).await.unwrap();
        }
    }

    /// What its session has handled when it stands still: others get their answers, and it does nothing.
    async fn stands_still(&self) -> u64 {
        let handled = || process_info(self.late.pid).map(|info| info.handled);
        eventually(PATIENCE, "a session that stands still", async || {
            let before = handled().expect("a living session");
            self.others_get_their_answers().await;
            (handled() == Some(before)).then_some(before)
        })
        .await
    }

    /// Reads at last: each request was answered, or refused because too many waited.
    async fn reads_an_answer_to_each(mut self) {
        let mut answered = Vec::new();
        while answered.len() < self.asked.len() {
            match self.late.wire.next().await {
                ServerFrame::Answer { re, .. } => answered.push(re),
                ServerFrame::Refused { re, error } => {
                    assert_eq!(error.code, Code::Overloaded);
                    answered.push(re.unwrap());
                }
                other => panic!("{other:?}"),
            }
        }
        answered.sort();
        assert_eq!(answered, self.asked);
        let alive = self.late.wire.ask(Ask::SessionKeepalive {}).await;
        alive.unwrap();
        assert_eq!(self.server.ended_by("slow_reader").await, 0);
    }
}

#[tokio::test]
async fn a_peer_that_reads_late_is_slowed_and_gets_an_answer_to_each_request() {
    let mut it = LateReader::start(small_outbox, 15_000).await;
    for _ in 0..30 {
        it.ask(4).await;
        it.others_get_their_answers().await;
    }
    // All would have been handled by now, and would be more than the outbox and the kernel hold.
    let handled = it.stands_still().await;
    assert!(handled < 120, "{handled}");
    it.reads_an_answer_to_each().await;
}

#[tokio::test]
async fn a_peer_that_asks_for_much_at_once_and_reads_late_is_not_ended() {
    // With the limits as they come: half of these answers fill the outbox.
    let mut it = LateReader::start(|_| {}, 60_000).await;
    it.ask(300).await;
    it.stands_still().await;
    it.reads_an_answer_to_each().await;
}

#[tokio::test]
async fn a_peer_that_reads_may_ask_for_much_at_once() {
    let server = Server::start();
    let player = server.player("the-asker").await;
    let big = big_character(&player, 60_000).await;
    let asked = (0..300).map(|_| player.client.character(big));
    for answer in futures_util::future::join_all(asked).await {
        if let Err(refused) = answer {
            assert_eq!(refused.code(), Some(Code::Overloaded), "{refused}");
        }
    }
}
