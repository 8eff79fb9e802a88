//! An operator puts a character and a ship back, and those who play with them hear of it at once.

use guildhall_client::ClientError;
use guildhall_protocol::{Code, Event};
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use super::{admin, writable};
use crate::domain::escrows::{taking, to_character, to_guild};
use crate::harness::{PATIENCE, Player};

/// What somebody is told of a restore: id, version, state.
async fn told(player: &mut Player) -> (Uuid, u32, Value) {
    let event = player.events.find(|event| match event {
        Event::CharacterReloaded {
            character: id,
            reason,
            version,
            state,
        }
        | Event::ShipReloaded {
            guild: id,
            reason,
            version,
            state,
        } if reason == "restored" => Some((id, version, state)),
        _ => None,
    });
    timeout(PATIENCE, event).await.expect("told").unwrap()
}

#[tokio::test]
async fn a_character_is_put_back_and_its_player_goes_on_from_there() {
    let server = writable();
    let mut player = server.player("the-player").await;
    let (hero, _) = player
        .client
        .create_character("Hero", json!({"gold": 1}))
        .await
        .unwrap();
    for base in 1..4 {
        let state = json!({"gold": base * 100});
        let saved = player.client.save_character(hero.character, base, state);
        saved.await.unwrap();
    }
    let answer = admin(&server).restore("character", hero.character, 2).await;
    assert_eq!(answer.unwrap()["version"], 5);
    let state = json!({"gold": 100});
    assert_eq!(told(&mut player).await, (hero.character, 5, state.clone()));

    // The game that did not listen cannot save over it.
    let late = player
        .client
        .save_character(hero.character, 4, json!({"gold": 0}));
    let error = late.await.unwrap_err();
    let code = error.code().expect("a refusal").as_str();
    assert!(["stale_version", "fenced"].contains(&code), "{error}");
    let now = player.client.character(hero.character).await.unwrap();
    assert_eq!((now.version, now.state), (5, state));
}

#[tokio::test]
async fn a_ship_is_put_back_and_every_member_is_told() {
    let server = writable();
    let mut leader = server.player("the-leader").await;
    let mut member = server.player("the-member").await;
    let mut stranger = server.player("the-stranger").await;
    let (guild, _) = leader.client.create_guild("The guild").await.unwrap();
    let code = guild.invite_code.clone().unwrap();
    member.client.join_guild(&code).await.unwrap();
    let id = guild.guild;
    let lost = json!({"sails": "torn"});
    leader.client.save_ship(id, 1, lost).await.unwrap();
    let answer = admin(&server).restore("ship", id, 1).await.unwrap();
    assert_eq!(answer["version"], 3);
    let first = guild.ship.state;
    assert_eq!(told(&mut leader).await, (id, 3, first.clone()));
    assert_eq!(told(&mut member).await, (id, 3, first.clone()));
    let seen = member.client.guild(id).await.unwrap().ship;
    assert_eq!((seen.version, seen.state), (3, first));
    // Whoever is no member hears of his own things only.
    let (mine, _) = stranger
        .client
        .create_character("Mine", json!({}))
        .await
        .unwrap();
    admin(&server)
        .restore("character", mine.character, 1)
        .await
        .unwrap();
    assert_eq!(told(&mut stranger).await.0, mine.character);
}

#[tokio::test]
async fn what_cannot_be_put_back_is_refused_with_the_reason() {
    let server = writable();
    let player = server.player("the-player").await;
    let (hero, _) = player
        .client
        .create_character("Hero", json!({}))
        .await
        .unwrap();
    let unknown = admin(&server).restore("character", Uuid::now_v7(), 1).await;
    assert_eq!(unknown.unwrap_err().code(), Some(Code::NotFound));
    let no_such_version = admin(&server)
        .restore("character", hero.character, 99)
        .await;
    let error = no_such_version.unwrap_err();
    assert_eq!(error.code(), Some(Code::NotFound));
    assert!(error.to_string().contains("version 99"), "{error}");
    let no_kind = admin(&server).restore("board", hero.character, 1).await;
    assert!(matches!(
        no_kind.unwrap_err(),
        ClientError::Http { status: 400, .. }
    ));
}

#[tokio::test]
async fn the_listener_tells_the_story_that_the_database_tells() {
    let server = writable();
    let player = server.player("the-player").await;
    let (hero, _) = player
        .client
        .create_character("Hero", json!({"gold": 1}))
        .await
        .unwrap();
    let id = hero.character.to_string();
    let story = admin(&server).explain("character", &id).await.unwrap();
    assert_eq!(story["found"], true);
    assert_eq!(story["restorable"], json!([1]));
    let events = story["events"].to_string();
    assert!(events.contains("Made by the-player"), "{events}");
    let by_name = admin(&server).explain("name", "HERO").await.unwrap();
    assert!(by_name["now"].to_string().contains(&id), "{by_name}");
    let nobody = admin(&server).explain("name", "Nobody").await.unwrap();
    assert_eq!(nobody["found"], false);
    let refused = admin(&server).explain("character", "no id").await;
    assert_eq!(refused.unwrap_err().code(), Some(Code::BadField));
    let refused = admin(&server).explain("weather", &id).await;
    assert_eq!(refused.unwrap_err().code(), Some(Code::BadField));
}

#[tokio::test]
async fn the_answer_names_what_was_given_and_taken_after_the_version_that_is_put_back() {
    let server = writable();
    let player = server.player("the-player").await;
    let client = &player.client;
    let (hero, _) = client.create_character("Hero", json!({})).await.unwrap();
    let (guild, _) = client.create_guild("The guild").await.unwrap();
    let (hero, guild) = (hero.character, guild.guild);
    let (paid, owed) = (Uuid::now_v7(), Uuid::now_v7());
    let give = client.save_character_with(hero, 1, json!({}), to_guild(paid, guild, 3));
    give.await.unwrap();
    let owe = client.save_ship_with(guild, 1, json!({}), to_character(owed, hero, 2), "owed");
    owe.await.unwrap();
    let take = client.save_character_with(hero, 2, json!({}), taking(owed));
    take.await.unwrap();
    let other = json!({ "kind": "ship", "id": guild });
    let gave =
        json!({ "escrow": paid, "did": "gave", "version": 2, "other": other, "fate": "waits" });
    let took =
        json!({ "escrow": owed, "did": "took", "version": 3, "other": other, "fate": "taken" });
    let hero_to = async |version| {
        let answer = admin(&server).restore("character", hero, version).await;
        answer.unwrap()["crossed_escrows"].clone()
    };
    assert_eq!(hero_to(3).await, json!([]));
    assert_eq!(hero_to(2).await, json!([took]));
    assert_eq!(hero_to(1).await, json!([gave, took]));
}

/// The ship never had it: nobody is told that it has, nor that it would have it again.
#[tokio::test]
async fn a_gift_that_went_back_when_its_guild_was_disbanded_is_named_as_such() {
    let server = writable();
    let player = server.player("the-player").await;
    let client = &player.client;
    let (hero, _) = client.create_character("Hero", json!({})).await.unwrap();
    let (guild, _) = client.create_guild("The guild").await.unwrap();
    let (hero, guild) = (hero.character, guild.guild);
    let paid = Uuid::now_v7();
    let give = client.save_character_with(hero, 1, json!({}), to_guild(paid, guild, 3));
    give.await.unwrap();
    client.disband_guild(guild).await.unwrap();
    let story = admin(&server).explain("ship", &guild.to_string()).await;
    let now = story.unwrap()["now"].to_string();
    assert!(!now.contains("would double"), "{now}");
    let answer = admin(&server).restore("character", hero, 1).await.unwrap();
    let other = json!({ "kind": "ship", "id": guild });
    let gave = json!({ "escrow": paid, "did": "gave", "version": 2, "other": other, "fate": "given_back" });
    assert_eq!(answer["crossed_escrows"], json!([gave]));
}
