//! A character is in play in one session: who comes later replaces, who was replaced is fenced.

use guildhall_client::Events;
use guildhall_protocol::{Code, Event};
use serde_json::json;
use uuid::Uuid;

use super::{refused, told};
use crate::harness::Server;

async fn replaced(events: &mut Events) -> (Uuid, String) {
    told(events, "character.replaced", |event| match event {
        Event::CharacterReplaced { character, reason } => Some((character, reason)),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn who_enters_play_replaces_whoever_played_and_fences_his_saves() {
    let server = Server::start();
    let account = server.account("anna").await;
    let (desk, mut desk_events) = account.connect().await.unwrap();
    let (phone, mut phone_events) = account.connect().await.unwrap();
    let (hero, _) = desk.create_character("Hero", json!({})).await.unwrap();
    let id = hero.character;
    desk.save_character(id, 1, json!({"at": "desk"}))
        .await
        .unwrap();

    let (shown, epoch) = phone.play_character(id).await.unwrap();
    assert_eq!(
        (shown.version, shown.state, epoch),
        (2, json!({"at": "desk"}), 1)
    );
    let word = (id, "played_elsewhere".to_owned());
    assert_eq!(replaced(&mut desk_events).await, word);
    let fenced = refused(
        desk.save_character(id, 2, json!({"at": "desk 2"})).await,
        Code::Fenced,
    );
    assert!(
        fenced.next.contains("character.play") || fenced.next.contains("enter play"),
        "{fenced}"
    );
    phone
        .save_character(id, 2, json!({"at": "phone"}))
        .await
        .unwrap();

    let (shown, epoch) = desk.play_character(id).await.unwrap();
    assert_eq!((shown.version, epoch), (3, 2));
    assert_eq!(replaced(&mut phone_events).await, word);
    refused(phone.save_character(id, 3, json!({})).await, Code::Fenced);
    let saved = desk
        .save_character(id, 3, json!({"at": "desk"}))
        .await
        .unwrap();
    assert_eq!(saved.version, 4);
}

#[tokio::test]
async fn the_first_save_of_a_session_enters_play_by_itself_and_saves_keep_their_order() {
    let server = Server::start();
    let account = server.account("anna").await;
    let (desk, mut desk_events) = account.connect().await.unwrap();
    let (phone, _phone_events) = account.connect().await.unwrap();
    let (hero, _) = desk.create_character("Hero", json!({})).await.unwrap();
    let id = hero.character;
    let saves = (1..=20).map(|base| phone.save_character(id, base, json!({"n": base})));
    for (base, saved) in (1..).zip(futures_util::future::join_all(saves).await) {
        assert_eq!(saved.unwrap().version, base + 1);
    }
    replaced(&mut desk_events).await;
    refused(desk.save_character(id, 21, json!({})).await, Code::Fenced);
    // Whoever leaves enters anew with his next save.
    desk.leave_character(id).await.unwrap();
    assert_eq!(
        desk.save_character(id, 21, json!({}))
            .await
            .unwrap()
            .version,
        22
    );
}

#[tokio::test]
async fn a_session_that_has_ended_is_in_nobodys_way_and_its_epoch_stays() {
    let server = Server::start();
    let account = server.account("anna").await;
    let (desk, _events) = account.connect().await.unwrap();
    let (hero, _) = desk.create_character("Hero", json!({})).await.unwrap();
    let id = hero.character;
    desk.play_character(id).await.unwrap();
    desk.close().await;
    let (phone, mut events) = account.connect().await.unwrap();
    let (_, epoch) = phone.play_character(id).await.unwrap();
    assert_eq!(epoch, 2);
    // Twice in one session: nobody was replaced.
    let (_, epoch) = phone.play_character(id).await.unwrap();
    assert_eq!(epoch, 3);
    phone.save_character(id, 1, json!({})).await.unwrap();
    phone.close().await;
    while let Ok(event) = events.next().await {
        assert!(
            !matches!(event.event, Event::CharacterReplaced { .. }),
            "{event:?}"
        );
    }
}

#[tokio::test]
async fn nobody_plays_leaves_or_saves_for_somebody_else() {
    let server = Server::start();
    let (anna, bert) = (server.player("anna").await, server.player("bert").await);
    let (hero, _) = anna
        .client
        .create_character("Hero", json!({}))
        .await
        .unwrap();
    let id = hero.character;
    refused(bert.client.play_character(id).await, Code::NotFound);
    refused(
        bert.client.save_character(id, 1, json!({})).await,
        Code::NotFound,
    );
    refused(bert.client.character(id).await, Code::NotFound);
    refused(
        bert.client.rename_character(id, "Mine").await,
        Code::NotFound,
    );
    refused(bert.client.escrows_of_character(id).await, Code::NotFound);
    bert.client.leave_character(id).await.unwrap();
    refused(
        anna.client.play_character(Uuid::now_v7()).await,
        Code::NotFound,
    );
    let saved = anna.client.save_character(id, 1, json!({})).await.unwrap();
    assert_eq!(saved.version, 2, "anna plays still");
}

#[tokio::test]
async fn after_a_crash_of_presence_the_one_who_plays_is_known_again() {
    let server = Server::start();
    let account = server.account("anna").await;
    let (desk, mut events) = account.connect().await.unwrap();
    let (hero, _) = desk.create_character("Hero", json!({})).await.unwrap();
    let id = hero.character;
    desk.play_character(id).await.unwrap();
    let presence = server.hall.presence.whereis().unwrap();
    guildhall_process::exit(presence.pid(), guildhall_process::ExitReason::Kill);
    let back = async || {
        let now = server.hall.presence.whereis();
        now.is_some_and(|now| now.pid() != presence.pid())
    };
    guildhall_testkit::eventually(crate::harness::PATIENCE, "presence to be back", back).await;
    // An answer of this session comes after its announcement.
    desk.keep_alive().await.unwrap();
    let (phone, _phone_events) = account.connect().await.unwrap();
    phone.play_character(id).await.unwrap();
    assert_eq!(replaced(&mut events).await.0, id);
}
