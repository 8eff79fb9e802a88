//! A campaign's people at its boards: roles, lists, who sees what, and the second revision.

use std::time::{Duration, Instant};

use guildhall_protocol::http::revision_path;
use guildhall_protocol::{Event, Role};

use super::next_head;
use crate::harness::{PATIENCE, Player, Server, Table};

const FORMAT: &str = "opaque";

/// Somebody new in the table's campaign.
async fn join(server: &Server, table: &Table, login: &str, role: Role) -> Player {
    let who = server.player(login).await;
    let code = table.gm.client.invite(table.campaign, role).await.unwrap();
    let campaign = who.client.join_campaign(&code).await.unwrap();
    assert_eq!((campaign.campaign, campaign.role), (table.campaign, role));
    who
}

/// Waits until this one hears that the audience has this size; sizes in between may be told or not.
async fn hears_audience(who: &mut Player, expected: u32) {
    let changed = who.events.find(|event| match event {
        Event::BoardAudienceChanged { audience, .. } => (audience == expected).then_some(()),
        _ => None,
    });
    tokio::time::timeout(PATIENCE, changed)
        .await
        .unwrap()
        .unwrap();
}

/// Nothing has come in that was not read, once everything sent before has arrived.
async fn assert_hears_nothing(who: &mut Player) {
    who.client.keep_alive().await.unwrap();
    let heard = tokio::time::timeout(Duration::ZERO, who.events.next()).await;
    assert!(heard.is_err(), "{heard:?}");
}

#[tokio::test]
async fn everyone_of_a_campaign_has_a_role_and_sees_who_is_there() {
    let server = Server::start();
    let table = server.table(FORMAT).await;
    let spectator = join(&server, &table, "the-spectator", Role::Spectator).await;
    let second = join(&server, &table, "the-second-gm", Role::Gm).await;
    let roles = [
        (&table.gm, Role::Gm),
        (&table.player, Role::Player),
        (&spectator, Role::Spectator),
        (&second, Role::Gm),
    ];
    second.client.close().await;
    for (who, role) in &roles[..3] {
        let campaigns = who.client.campaigns().await.unwrap();
        assert_eq!((campaigns.len(), campaigns[0].role), (1, *role));
        let members = who.client.members(table.campaign).await.unwrap();
        assert_eq!(members.len(), roles.len());
        for (other, role) in &roles {
            let seat = members
                .iter()
                .find(|m| m.account == other.account.id())
                .unwrap();
            let online = !std::ptr::eq(*other, &second);
            assert_eq!((seat.role, seat.online), (*role, online), "{}", seat.login);
        }
    }
}

#[tokio::test]
async fn what_a_gm_uploads_everyone_who_has_the_board_open_sees_and_nobody_else() {
    let server = Server::start();
    let mut table = server.table(FORMAT).await;
    let board = table.board;
    let mut spectator = join(&server, &table, "the-spectator", Role::Spectator).await;
    let mut elsewhere = join(&server, &table, "elsewhere", Role::Player).await;
    let other = table
        .gm
        .client
        .create_board(table.campaign, "Another", FORMAT)
        .await
        .unwrap();
    elsewhere.client.open_board(other.board).await.unwrap();
    hears_audience(&mut elsewhere, 1).await;

    let opened = table.gm.client.open_board(board).await.unwrap();
    assert_eq!(
        (opened.role, opened.audience, opened.download),
        (Role::Gm, 1, None)
    );
    let opened = table.player.client.open_board(board).await.unwrap();
    assert_eq!((opened.role, opened.audience), (Role::Player, 2));
    hears_audience(&mut table.gm, 2).await;
    let opened = spectator.client.open_board(board).await.unwrap();
    assert_eq!((opened.role, opened.audience), (Role::Spectator, 3));
    for who in [&mut table.gm, &mut table.player, &mut spectator] {
        hears_audience(who, 3).await;
    }

    let upload = table
        .gm
        .client
        .upload_board(board, None, FORMAT, b"one")
        .await;
    let head = upload.unwrap().0;
    for who in [&mut table.gm, &mut table.player, &mut spectator] {
        let (seen, path) = next_head(who).await;
        assert_eq!(seen, head);
        assert_eq!(who.account.download(&path, &seen).await.unwrap(), b"one");
        let status = who.client.board_status(board).await.unwrap();
        assert_eq!((status.head, status.audience), (Some(seen), 3));
        assert_eq!(status.durable_through, status.position.seq);
        assert_eq!(status.unsaved_since_us, None);
    }
    assert_hears_nothing(&mut elsewhere).await;

    // Who closes the board hears no more of it, the others hear that.
    spectator.client.close_board(board).await.unwrap();
    for who in [&mut table.gm, &mut table.player] {
        hears_audience(who, 2).await;
    }
    let upload = table
        .gm
        .client
        .upload_board(board, Some(1), FORMAT, b"two")
        .await;
    let second = upload.unwrap().0;
    assert_eq!(next_head(&mut table.player).await.0, second);
    assert_hears_nothing(&mut spectator).await;
    let opened = spectator.client.open_board(board).await.unwrap();
    assert_eq!(opened.board.head, Some(second));

    // Who goes without a word leaves the audience too.
    hears_audience(&mut table.player, 3).await;
    spectator.client.abort();
    hears_audience(&mut table.player, 2).await;
}

#[tokio::test]
async fn every_event_of_a_board_has_the_next_number_for_everyone() {
    let server = Server::start();
    let mut table = server.table(FORMAT).await;
    let board = table.board;
    table.gm.client.open_board(board).await.unwrap();
    let opened = table.player.client.open_board(board).await.unwrap();
    hears_audience(&mut table.player, 2).await;
    let before = table
        .player
        .client
        .board_status(board)
        .await
        .unwrap()
        .position;
    assert!(before.seq > opened.position.seq);
    let mut base = None;
    for content in [&b"one"[..], b"two", b"three"] {
        let upload = table
            .gm
            .client
            .upload_board(board, base, FORMAT, content)
            .await;
        base = Some(upload.unwrap().0.revision);
    }
    assert_eq!(base, Some(3));
    let status = table.player.client.board_status(board).await.unwrap();
    assert_eq!(status.position.incarnation, opened.position.incarnation);
    assert_eq!(status.position.seq, before.seq + 3);
    for step in 1..=3 {
        let event = tokio::time::timeout(PATIENCE, table.player.events.next()).await;
        assert_eq!(event.unwrap().unwrap().seq, before.seq + step);
    }
}

/// The board waits so long before it tells its audience of changes.
const AUDIENCE_PAUSE: Duration = Duration::from_millis(20);

#[tokio::test]
async fn many_who_come_and_go_at_once_are_told_in_few_events_and_the_last_one_is_right() {
    let server = Server::start();
    let mut table = server.table(FORMAT).await;
    let board = table.board;
    let opened = table.gm.client.open_board(board).await.unwrap();
    let begun = Instant::now();
    for _ in 0..100 {
        table.player.client.open_board(board).await.unwrap();
        table.player.client.close_board(board).await.unwrap();
    }
    // Here nothing is waited for: the status knows at once, and so does the answer of who opens.
    let status = table.gm.client.board_status(board).await.unwrap();
    assert_eq!(status.audience, 1);
    let again = table.player.client.open_board(board).await.unwrap();
    assert_eq!(again.audience, 2);
    let pauses = begun.elapsed().as_millis() / AUDIENCE_PAUSE.as_millis();
    let told = again.position.seq - opened.position.seq;
    assert!(
        u128::from(told) <= pauses + 1,
        "{told} events in {pauses} pauses"
    );
    let last = loop {
        let told = tokio::time::timeout(PATIENCE, table.gm.events.next()).await;
        let told = told.unwrap().unwrap();
        if told.seq > again.position.seq {
            break told.event;
        }
    };
    let audience = 2;
    assert_eq!(last, Event::BoardAudienceChanged { board, audience });
    assert_hears_nothing(&mut table.gm).await;
}

#[tokio::test]
async fn a_campaigns_boards_are_listed_with_their_heads() {
    let server = Server::start();
    let table = server.table(FORMAT).await;
    let gm = &table.gm.client;
    let map = gm
        .create_board(table.campaign, "A map", "universal-vtt")
        .await
        .unwrap();
    let (second, _events) = table.gm.account.connect().await.unwrap();
    second.open_board(map.board).await.unwrap();
    let bytes = guildhall_testkit::small_map();
    let upload = second
        .upload_board(map.board, None, "universal-vtt", &bytes)
        .await;
    let head = upload.unwrap().0;
    let boards = table.player.client.boards(table.campaign).await.unwrap();
    let shown: Vec<_> = boards
        .iter()
        .map(|board| {
            (
                board.board,
                board.name.as_str(),
                board.format.as_str(),
                board.head.clone(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (table.board, "The board", FORMAT, None),
            (map.board, "A map", "universal-vtt", Some(head)),
        ]
    );
}

#[tokio::test]
async fn a_second_revision_needs_the_first_to_be_loaded_and_leaves_it_where_it_was() {
    let server = Server::start();
    let table = server.table(FORMAT).await;
    let board = table.board;
    table.gm.client.open_board(board).await.unwrap();
    let first = table
        .gm
        .client
        .upload_board(board, None, FORMAT, b"one")
        .await
        .unwrap()
        .0;

    // The GM comes back, at another machine, with nothing but what the server says.
    table.gm.client.close().await;
    let (client, _events) = table.gm.account.connect().await.unwrap();
    let opened = client.open_board(board).await.unwrap();
    assert_eq!(opened.board.head.as_ref(), Some(&first));
    let bytes = table
        .gm
        .account
        .download(&opened.download.unwrap(), &first)
        .await
        .unwrap();
    let hash = blake3::hash(&bytes).to_hex().to_string();
    client
        .board_loaded(board, first.revision, &hash)
        .await
        .unwrap();
    let second = client
        .upload_board(board, Some(1), FORMAT, b"two")
        .await
        .unwrap()
        .0;
    assert_eq!((second.revision, second.by), (2, table.gm.account.id()));

    let player = &table.player.account;
    for (head, content) in [(&first, b"one"), (&second, b"two")] {
        let path = revision_path(board, head.revision);
        assert_eq!(player.download(&path, head).await.unwrap(), content);
    }
}

#[tokio::test]
async fn an_upload_of_many_chunks_does_not_keep_other_requests_waiting() {
    let server = Server::start();
    let table = server.table(FORMAT).await;
    let (board, gm) = (table.board, &table.gm.client);
    gm.open_board(board).await.unwrap();
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let mut answered = 0;
    let upload = gm.upload_board(board, None, FORMAT, &content);
    tokio::pin!(upload);
    let head = loop {
        tokio::select! {
            uploaded = &mut upload => break uploaded.unwrap().0,
            alive = gm.keep_alive() => { alive.unwrap(); answered += 1; }
        }
    };
    assert!(answered > 0);
    assert_eq!(head.hash, blake3::hash(&content).to_hex().to_string());
}
