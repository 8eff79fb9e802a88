//! A stop says goodbye and keeps everything that was acknowledged; the next start has it all again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use guildhall_client::{Client, ClientError};
use guildhall_protocol::{Code, Role};
use guildhall_testkit::{RawFrame, eventually};
use serde_json::json;
use uuid::Uuid;

use crate::harness::{PASSWORD, PATIENCE, Server, Wire};

/// Far below the grace of 20 s.
const AT_ONCE: Duration = Duration::from_secs(4);

#[tokio::test]
async fn a_restart_keeps_everything() {
    let server = Server::start();
    let table = server.table("opaque").await;
    let (board, campaign) = (table.board, table.campaign);
    let (gm, player) = (&table.gm.client, &table.player.client);
    let opened = gm.open_board(board).await.unwrap();
    let first = gm
        .upload_board(board, None, "opaque", b"one")
        .await
        .unwrap()
        .0;
    let second = gm
        .upload_board(board, Some(1), "opaque", b"two")
        .await
        .unwrap()
        .0;
    let unused = gm.invite(campaign, Role::Spectator).await.unwrap();
    let (hero, _) = player
        .create_character("Hero", json!({"hp": 1}))
        .await
        .unwrap();
    player
        .rename_character(hero.character, "Legend")
        .await
        .unwrap();
    let version = player.character(hero.character).await.unwrap().version;
    player
        .save_character(hero.character, version, json!({"hp": 2}))
        .await
        .unwrap();
    let (guild, _) = gm.create_guild("The Crew").await.unwrap();
    player
        .join_guild(guild.invite_code.as_deref().unwrap())
        .await
        .unwrap();
    player
        .save_ship(guild.guild, guild.ship.version, json!({"sails": 2}))
        .await
        .unwrap();

    let everything = async |gm: &Client, player: &Client| {
        let mut members = gm.members(campaign).await.unwrap();
        members.sort_by_key(|member| member.account);
        (
            (
                gm.campaigns().await.unwrap(),
                player.campaigns().await.unwrap(),
                members,
            ),
            (
                gm.boards(campaign).await.unwrap(),
                player.characters().await.unwrap(),
            ),
            (
                player.character(hero.character).await.unwrap(),
                player.guilds().await.unwrap(),
            ),
            (
                gm.guild(guild.guild).await.unwrap(),
                player.guild(guild.guild).await.unwrap(),
            ),
        )
    };
    let before = everything(gm, player).await;
    let tokens =
        [&table.gm, &table.player].map(|who| (who.account.id(), who.account.token().to_owned()));
    let names_before = guildhall::admin::status(&server.hall).await["names"]["taken"].clone();

    let server = server.restart().await;
    let [gm_account, player_account] = tokens.map(|(id, token)| server.http().account(id, token));
    let (gm, _gm_events) = gm_account.connect().await.unwrap();
    let (player, _player_events) = player_account.connect().await.unwrap();
    assert_eq!(everything(&gm, &player).await, before);
    let names = &guildhall::admin::status(&server.hall).await["names"];
    assert_eq!(
        (&names["taken"], &names["loaded_rows"]),
        (&names_before, &names_before)
    );

    let reopened = player.open_board(board).await.unwrap();
    assert_eq!(reopened.board.head.as_ref(), Some(&second));
    assert_ne!(reopened.position.incarnation, opened.position.incarnation);
    for (head, content) in [(&first, b"one"), (&second, b"two")] {
        let path = guildhall_protocol::http::revision_path(board, head.revision);
        assert_eq!(player_account.download(&path, head).await.unwrap(), content);
    }
    // What was acknowledged as loaded before does not count any more.
    gm.open_board(board).await.unwrap();
    let ticket = gm.start_upload(board, Some(2), 3, None).await;
    assert_eq!(ticket.unwrap_err().code(), Some(Code::BaseNotLoaded));
    gm.board_loaded(board, 2, &second.hash).await.unwrap();
    let third = gm
        .upload_board(board, Some(2), "opaque", b"three")
        .await
        .unwrap()
        .0;
    assert_eq!(third.revision, 3);

    let taken = gm.create_character("LEGEND", json!({})).await;
    assert_eq!(taken.unwrap_err().code(), Some(Code::NameTaken));
    let kept = gm.create_character("Hero", json!({})).await;
    assert_eq!(kept.unwrap_err().code(), Some(Code::NameTaken));
    let late = server.player("latecomer").await.client;
    assert_eq!(
        late.join_campaign(&unused).await.unwrap().role,
        Role::Spectator
    );
    let taken = server.http().sign_up("THE-GM", PASSWORD).await;
    assert_eq!(taken.unwrap_err().code(), Some(Code::LoginTaken));
}

/// Saves without a pause until the connection ends: the last durable version, and how it ended.
async fn save_until_the_end(client: Client, character: Uuid) -> (u32, ClientError) {
    let mut version = 1;
    loop {
        let save = client.save_character(character, version, json!({"n": version}));
        match save.await {
            Ok(saved) => version = saved.version,
            Err(ended) => return (version, ended),
        }
    }
}

#[tokio::test]
async fn a_stop_closes_with_1001_at_once_and_loses_nothing_that_was_acknowledged() {
    let server = Server::start();
    let mut savers = Vec::new();
    for name in ["Ada", "Bo", "Cleo", "Dov"] {
        let who = server.player(&format!("saver-{name}")).await;
        let (hero, _) = who.client.create_character(name, json!({})).await.unwrap();
        let saving = tokio::spawn(save_until_the_end(who.client.clone(), hero.character));
        savers.push((who, hero.character, saving));
    }
    let account = server.account("silent").await;
    let mut wires = Vec::new();
    for _ in 0..10 {
        wires.push(Wire::open(&server, &account).await);
    }
    // One of them has sent half a message.
    let half = &RawFrame::text("{\"id\":").encode()[..6];
    wires[0].socket.send(half).await.unwrap();
    for (who, character, _) in &savers {
        let under_way = async || who.client.character(*character).await.unwrap().version > 3;
        eventually(PATIENCE, "some saves", under_way).await;
    }

    let data = Arc::clone(&server.data);
    let begun = Instant::now();
    let closes = async {
        let mut closes = Vec::new();
        for wire in &mut wires {
            closes.push(wire.socket.read_close(PATIENCE).await);
            // A good peer answers.
            let _ = wire.socket.send_frame(&RawFrame::close(1001, "")).await;
        }
        closes
    };
    let ((), closes) = tokio::join!(server.stop(), closes);
    let took = begun.elapsed();
    for close in closes {
        assert_eq!(close, Some((1001, "going_away".to_owned())));
    }
    assert!(took < AT_ONCE, "{took:?}");

    let server = Server::start_on(data, |_| {});
    for (who, character, saving) in savers {
        let (acknowledged, ended) = saving.await.unwrap();
        let away = ClientError::Closed {
            code: 1001,
            reason: "going_away".to_owned(),
        };
        assert_eq!(ended, away);
        assert!(acknowledged > 3);
        let token = who.account.token().to_owned();
        let account = server.http().account(who.account.id(), token);
        let (client, _events) = account.connect().await.unwrap();
        let kept = client.character(character).await.unwrap();
        assert!(
            kept.version >= acknowledged,
            "{} of {acknowledged}",
            kept.version
        );
        assert_eq!(kept.state, json!({"n": kept.version - 1}));
    }
}

#[tokio::test]
async fn peers_that_do_not_answer_hold_up_no_stop() {
    let server = Server::start();
    let account = server.account("silent").await;
    let mut wires = Vec::new();
    for _ in 0..5 {
        wires.push(Wire::open_narrow(&server, &account).await);
    }
    let begun = Instant::now();
    server.stop().await;
    let took = begun.elapsed();
    assert!(took < AT_ONCE, "{took:?}");
    for mut wire in wires {
        let close = wire.socket.read_close(PATIENCE).await;
        assert_eq!(close, Some((1001, "going_away".to_owned())));
    }
}
