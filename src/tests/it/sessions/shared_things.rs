//! A board, a campaign, a guild: their processes fall, their sessions do not.

use guildhall::board_sync;
use guildhall::hall::Kept;
use guildhall_process::{ExitReason, Process, exit, testing, watch};
use guildhall_protocol::Code;
use guildhall_testkit::eventually;
use serde_json::json;
use uuid::Uuid;

use super::Fall;
use crate::crowd::{Crowd, unbound};
use crate::harness::PATIENCE;

#[tokio::test]
async fn a_killed_board_is_told_to_its_viewers_and_takes_no_upload_until_it_is_opened_again() {
    let mut crowd = Crowd::gather("opaque").await;
    let (client, board) = (crowd.gm.client.clone(), crowd.board);
    let began = client.start_upload(board, None, 4, None).await.unwrap();
    client.send_chunk(began.upload, 0, b"abc").await.unwrap();
    let incarnation = client
        .board_status(board)
        .await
        .unwrap()
        .position
        .incarnation;

    let process = crowd.server.hall.boards.registry().whereis(&board).unwrap();
    exit(process.pid(), ExitReason::Kill);
    assert_eq!(crowd.hear_unbound().await, "killed");
    assert_eq!(unbound(&mut crowd.gm.events).await, "killed");
    crowd.is_untouched().await;

    let late = client.commit_upload(began.upload, None).await;
    assert_eq!(late.unwrap_err().code(), Some(Code::UploadEnded));
    let refused = client.start_upload(board, None, 4, None).await;
    assert_eq!(refused.unwrap_err().code(), Some(Code::NotOpen));
    let refused = client.board_status(board).await;
    assert_eq!(refused.unwrap_err().code(), Some(Code::NotOpen));
    let partials = crowd.server.data.path().join("partial");
    eventually(PATIENCE, "the partial upload removed", async || {
        std::fs::read_dir(&partials).unwrap().next().is_none()
    })
    .await;

    let opened = client.open_board(board).await.unwrap();
    assert_ne!(opened.position.incarnation, incarnation);
    assert_eq!(opened.audience, 1);
    let (head, _) = client
        .upload_board(board, None, "opaque", b"abcd")
        .await
        .unwrap();
    assert_eq!(head.revision, 1);
}

#[tokio::test]
async fn a_panic_of_a_board_is_told_by_its_name_and_its_head_is_where_it_was() {
    let mut crowd = Crowd::gather("opaque").await;
    let (client, board) = (crowd.gm.client.clone(), crowd.board);
    let uploaded = client.upload_board(board, None, "opaque", b"first");
    let (head, _) = uploaded.await.unwrap();
    let process = crowd.server.hall.boards.registry().whereis(&board).unwrap();
    // At this message: the audience of those who have just come may be told at any time.
    assert!(testing::crash_on::<board_sync::Status>(process.pid()));
    let unlucky = client.board_status(board).await;
    assert_eq!(unlucky.unwrap_err().code(), Some(Code::Unavailable));
    assert_eq!(crowd.hear_unbound().await, "panic");
    crowd.is_untouched().await;
    let opened = client.open_board(board).await.unwrap();
    assert_eq!(opened.board.head, Some(head));
}

#[tokio::test]
async fn a_lost_campaign_and_a_lost_guild_are_back_at_the_next_request() {
    let crowd = Crowd::gather("opaque").await;
    let hall = &crowd.server.hall;
    let (client, campaign) = (&crowd.gm.client, crowd.campaign);
    let (guild, _) = client.create_guild("The lucky ones").await.unwrap();
    let first = client.save_ship(guild.guild, guild.ship.version, json!({"sails": 1}));
    let first = first.await.unwrap();
    let members = client.members(campaign).await.unwrap();

    fall(&hall.campaigns, campaign, Fall::Kill).await;
    assert_eq!(client.members(campaign).await.unwrap(), members);
    fall(&hall.campaigns, campaign, Fall::Panic).await;
    let unlucky = client.members(campaign).await;
    assert_eq!(unlucky.unwrap_err().code(), Some(Code::Unavailable));
    assert_eq!(client.members(campaign).await.unwrap(), members);

    fall(&hall.guilds, guild.guild, Fall::Kill).await;
    let second = client.save_ship(guild.guild, first.version, json!({"sails": 2}));
    let second = second.await.unwrap();
    fall(&hall.guilds, guild.guild, Fall::Panic).await;
    let unlucky = client.save_ship(guild.guild, second.version, json!({"sails": 3}));
    assert_eq!(unlucky.await.unwrap_err().code(), Some(Code::Unavailable));
    let ship = client.guild(guild.guild).await.unwrap().ship;
    assert_eq!(ship.version, second.version);
    assert_eq!(ship.state, json!({"sails": 2}));
    crowd.is_untouched().await;
    assert_eq!(crowd.audience().await, crowd.everyone());
}

/// Kills the process of this id, or has it panic at the next message.
async fn fall<P: Process>(kept: &Kept<P>, id: Uuid, how: Fall) {
    let process = kept.registry().whereis(&id).expect("a living process");
    match how {
        Fall::Panic => assert!(testing::crash_next(process.pid())),
        Fall::Kill => {
            exit(process.pid(), ExitReason::Kill);
            watch(process.pid()).await;
        }
    }
}
