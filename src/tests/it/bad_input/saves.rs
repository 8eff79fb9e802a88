//! Saves that cannot be: on a version that is past, too large, of what is somebody else's. What is saved
//! already stays, and the answer says what that is.

use std::time::Duration;

use guildhall_client::Client;
use guildhall_protocol::{Code, Receipt};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bystander, assert_code, refusal};
use crate::harness::{Player, Server};

/// A state whose JSON text has exactly this many bytes.
fn state_of(bytes: usize) -> Value {
    let state = json!({ "text": "x".repeat(bytes - 11) });
    assert_eq!(state.to_string().len(), bytes);
    state
}

/// Nothing was told unasked: a conflict is told by its answer.
async fn hears_nothing(who: &mut Player) {
    who.client.keep_alive().await.unwrap();
    let heard = tokio::time::timeout(Duration::ZERO, who.events.next()).await;
    assert!(heard.is_err(), "{heard:?}");
}

#[tokio::test]
async fn a_save_with_a_stale_version_brings_back_the_present_state() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let mut who = server.player("saver").await;
    let (hero, receipt) = who
        .client
        .create_character("Hero", json!({"hp": 1}))
        .await
        .unwrap();
    assert_eq!((hero.version, receipt), (1, Receipt::Durable));
    let saved = who
        .client
        .save_character(hero.character, 1, json!({"hp": 2}))
        .await
        .unwrap();
    assert_eq!((saved.version, saved.receipt), (2, Receipt::Durable));
    for base in [0, 1, 3, u32::MAX] {
        let save = who
            .client
            .save_character(hero.character, base, json!({"hp": 99}))
            .await;
        let refusal = assert_code(save, Code::StaleVersion);
        assert_eq!(
            refusal.detail.as_deref(),
            Some(&json!({"version": 2, "state": {"hp": 2}})),
            "{base}"
        );
    }
    hears_nothing(&mut who).await;
    let kept = who.client.character(hero.character).await.unwrap();
    assert_eq!((kept.version, kept.state), (2, json!({"hp": 2})));
    let saved = who
        .client
        .save_character(hero.character, 2, json!({"hp": 3}))
        .await
        .unwrap();
    assert_eq!(saved.version, 3);
    bystander.is_served().await;
}

#[tokio::test]
async fn of_two_saves_on_one_version_one_wins_and_the_other_hears_of_it() {
    let server = Server::start();
    let who = server.player("saver").await;
    let guild = who.client.create_guild("Crew").await.unwrap().0.guild;
    let (other, _events) = who.account.connect().await.unwrap();
    for version in 1..=10 {
        let save = |client: Client, text: &'static str| async move {
            let state = json!({"by": text});
            client.save_ship(guild, version, state).await
        };
        let (a, b) = tokio::join!(save(who.client.clone(), "a"), save(other.clone(), "b"));
        let (won, lost, by) = match (a, b) {
            (Ok(won), lost) => (won, lost, "a"),
            (lost, Ok(won)) => (won, lost, "b"),
            both => panic!("{both:?}"),
        };
        assert_eq!(won.version, version + 1);
        assert_code(lost, Code::StaleVersion);
        let kept = who.client.guild(guild).await.unwrap().ship;
        assert_eq!((kept.version, kept.state), (version + 1, json!({"by": by})));
    }
}

#[tokio::test]
async fn a_state_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let who = server.player("packrat").await;
    let max = usize::try_from(who.client.welcome().limits.state_bytes_max).unwrap();
    let (hero, _) = who
        .client
        .create_character("Hero", state_of(max))
        .await
        .unwrap();
    let (guild, _) = who.client.create_guild("Hoarders").await.unwrap();
    let more = state_of(max + 1);
    let created = who.client.create_character("Heroine", more.clone()).await;
    assert_code(created, Code::StateTooLarge);
    let saved = who
        .client
        .save_character(hero.character, 1, more.clone())
        .await;
    assert_code(saved, Code::StateTooLarge);
    let ship = who
        .client
        .save_ship(guild.guild, guild.ship.version, more)
        .await;
    assert_code(ship, Code::StateTooLarge);
    let saved = who
        .client
        .save_character(hero.character, 1, state_of(max))
        .await
        .unwrap();
    assert_eq!(saved.version, 2);
    let ship = who
        .client
        .save_ship(guild.guild, guild.ship.version, state_of(max))
        .await;
    assert_eq!(ship.unwrap().version, guild.ship.version + 1);
    assert_eq!(who.client.characters().await.unwrap().len(), 1);
    // The refused name was not taken by the refused character.
    who.client
        .create_character("Heroine", json!({}))
        .await
        .unwrap();
    bystander.is_served().await;
}

#[tokio::test]
async fn somebody_elses_character_is_not_found() {
    let server = Server::start();
    let owner = server.player("owner").await;
    let thief = server.player("thief").await.client;
    let (hero, _) = owner
        .client
        .create_character("Hero", json!({"gold": 7}))
        .await
        .unwrap();
    let nobodys = Uuid::now_v7();
    let mut sentences = Vec::new();
    for id in [hero.character, nobodys] {
        let outcomes = [
            thief.character(id).await.map(drop),
            thief
                .save_character(id, 1, json!({"gold": 0}))
                .await
                .map(drop),
            thief.rename_character(id, "Mine Now").await.map(drop),
        ];
        sentences.push(outcomes.map(|outcome| {
            let refusal = refusal(outcome);
            assert_eq!(refusal.code, Code::NotFound);
            refusal.message
        }));
    }
    // An id of somebody else tells no more than one of nobody.
    assert_eq!(sentences[0], sentences[1]);
    let kept = owner.client.character(hero.character).await.unwrap();
    assert_eq!((kept.version, kept.name.as_str()), (1, "Hero"));
    assert_eq!(kept.state, json!({"gold": 7}));
    let saved = owner
        .client
        .save_character(hero.character, 1, json!({}))
        .await;
    assert_eq!(saved.unwrap().version, 2);
}

#[tokio::test]
async fn a_ship_is_saved_by_members_on_its_present_version_only() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let mut leader = server.player("leader").await;
    let (guild, _) = leader.client.create_guild("The Crew").await.unwrap();
    let (id, version) = (guild.guild, guild.ship.version);
    let stranger = &bystander.0.client;
    let save = stranger.save_ship(id, version, json!({"sunk": true})).await;
    assert_code(save, Code::NotFound);
    assert_code(stranger.guild(id).await, Code::NotFound);
    let nobodys = stranger.save_ship(Uuid::now_v7(), 1, json!({})).await;
    assert_code(nobodys, Code::NotFound);
    let saved = leader
        .client
        .save_ship(id, version, json!({"deck": 1}))
        .await
        .unwrap();
    let late = leader
        .client
        .save_ship(id, version, json!({"deck": 2}))
        .await;
    let refusal = assert_code(late, Code::StaleVersion);
    let present = json!({"version": saved.version, "state": {"deck": 1}});
    assert_eq!(refusal.detail.as_deref(), Some(&present));
    hears_nothing(&mut leader).await;
    let kept = leader.client.guild(id).await.unwrap().ship;
    assert_eq!(
        (kept.version, kept.state),
        (saved.version, json!({"deck": 1}))
    );
    bystander.is_served().await;
}

#[tokio::test]
async fn an_invite_opens_its_own_kind_of_door_once_per_person() {
    let server = Server::start();
    let table = server.table("opaque").await;
    let (guild, _) = table.gm.client.create_guild("The Crew").await.unwrap();
    let to_guild = guild.invite_code.unwrap();
    let invite = table
        .gm
        .client
        .invite(table.campaign, guildhall_protocol::Role::Player);
    let to_campaign = invite.await.unwrap();
    let client = &table.player.client;
    for code in ["", "guess", &to_guild, &"x".repeat(10_000)] {
        assert_code(client.join_campaign(code).await, Code::InviteUnknown);
    }
    for code in ["", "guess", &to_campaign] {
        assert_code(client.join_guild(code).await, Code::InviteUnknown);
    }
    assert_code(
        client.join_campaign(&to_campaign).await,
        Code::AlreadyMember,
    );
    client.join_guild(&to_guild).await.unwrap();
    assert_code(client.join_guild(&to_guild).await, Code::AlreadyMember);
    let members = client.members(table.campaign).await.unwrap();
    assert_eq!(members.len(), 2);
    assert_eq!(client.guild(guild.guild).await.unwrap().members.len(), 2);
}
