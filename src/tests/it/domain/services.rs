//! Services: a token and no password, every character of their realm and none of another.

use guildhall::accounts;
use guildhall_client::{Account, Client, ClientError, Events};
use guildhall_protocol::{CharacterState, Code, Event, Receipt};
use guildhall_testkit::{Then, eventually};
use serde_json::json;
use uuid::Uuid;

use super::{refused, told};
use crate::harness::{PASSWORD, PATIENCE, Server};

async fn service(server: &Server, realm: Option<&str>, login: &str) -> (Account, Client, Events) {
    let realm = realm.map(str::to_owned);
    let made = accounts::create_service(&server.hall, realm, login).await;
    let made = made.unwrap();
    let account = server.http().account(made.account, made.token);
    let (client, events) = account.connect().await.unwrap();
    (account, client, events)
}

fn state(character: Uuid, base_version: u32, gold: u32) -> CharacterState {
    CharacterState {
        character,
        base_version,
        state: json!({ "gold": gold }),
    }
}

#[tokio::test]
async fn a_service_lists_plays_and_saves_every_character_of_its_realm() {
    let server = Server::start();
    let (mut anna, bert) = (server.player("anna").await, server.player("bert").await);
    let (hero, _) = anna
        .client
        .create_character("Hero", json!({}))
        .await
        .unwrap();
    let (other, _) = bert
        .client
        .create_character("Other", json!({}))
        .await
        .unwrap();
    let (_, game, _events) = service(&server, None, "game-1").await;
    let listed: Vec<_> = game
        .characters()
        .await
        .unwrap()
        .iter()
        .map(|it| it.character)
        .collect();
    assert_eq!(listed, [hero.character, other.character]);
    let behind = game.characters_after(hero.character).await.unwrap();
    assert_eq!(
        behind.iter().map(|it| it.character).collect::<Vec<_>>(),
        [other.character]
    );
    assert_eq!(game.character(hero.character).await.unwrap().name, "Hero");

    let saved = game
        .save_character(hero.character, 1, json!({"by": "the game"}))
        .await;
    assert_eq!(saved.unwrap().version, 2);
    let replaced = told(
        &mut anna.events,
        "character.replaced",
        |event| match event {
            Event::CharacterReplaced { character, .. } => Some(character),
            _ => None,
        },
    );
    assert_eq!(replaced.await, hero.character);
    refused(
        anna.client
            .save_character(hero.character, 2, json!({}))
            .await,
        Code::Fenced,
    );
    let (shown, epoch) = game.play_character(other.character).await.unwrap();
    assert_eq!((shown.version, epoch), (1, 1));
    let (name, _) = game
        .rename_character(other.character, "Another")
        .await
        .unwrap();
    assert_eq!(name, "Another");
}

#[tokio::test]
async fn characters_are_saved_together_all_or_none() {
    let server = Server::start();
    let (anna, bert) = (server.player("anna").await, server.player("bert").await);
    let (hero, _) = anna
        .client
        .create_character("Hero", json!({}))
        .await
        .unwrap();
    let (other, _) = bert
        .client
        .create_character("Other", json!({}))
        .await
        .unwrap();
    let (hero, other) = (hero.character, other.character);
    let (_, game, _events) = service(&server, None, "game-1").await;
    let trade = vec![state(hero, 1, 7), state(other, 1, 3)];
    let (saved, _) = game.save_together(trade.clone()).await.unwrap();
    let versions: Vec<_> = saved.iter().map(|it| (it.character, it.version)).collect();
    assert_eq!(versions, [(hero, 2), (other, 2)]);
    let (again, _) = game.save_together(trade).await.unwrap();
    assert_eq!(again, saved, "a retry");
    // One is stale: neither is written.
    let conflict = refused(
        game.save_together(vec![state(hero, 2, 0), state(other, 1, 9)])
            .await,
        Code::StaleVersion,
    );
    let shown = json!({"characters": [
        {"character": hero, "version": 2},
        {"character": other, "version": 2, "state": {"gold": 3}},
    ]});
    assert_eq!(conflict.detail.as_deref(), Some(&shown));
    let is_at = async |id, version| game.character(id).await.unwrap().version == version;
    for id in [hero, other] {
        eventually(PATIENCE, "the trade", async || is_at(id, 2).await).await;
    }
    let twice = game
        .save_together(vec![state(hero, 2, 0), state(hero, 2, 0)])
        .await;
    refused(twice, Code::BadField);
    refused(game.save_together(vec![]).await, Code::BadField);
    let many = (0..17).map(|_| state(hero, 2, 0)).collect();
    refused(game.save_together(many).await, Code::BadField);
    // A player trades between his own, and not with somebody else's.
    let (sidekick, _) = anna
        .client
        .create_character("Sidekick", json!({}))
        .await
        .unwrap();
    let own = vec![state(hero, 2, 5), state(sidekick.character, 1, 2)];
    // That the service plays it is known: so it is not even called safe.
    let asked = Receipt::Safe;
    let answer = anna.client.save_together_until(own.clone(), asked).await;
    refused(answer, Code::Fenced);
    anna.client.play_character(hero).await.unwrap();
    anna.client.save_together(own).await.unwrap();
    let others = vec![state(hero, 3, 0), state(other, 2, 9)];
    refused(anna.client.save_together(others).await, Code::NotFound);
    eventually(PATIENCE, "her own trade", async || is_at(hero, 3).await).await;
}

#[tokio::test]
async fn a_service_has_no_password_and_its_tokens_are_revoked() {
    let server = Server::start();
    let (account, _client, mut events) = service(&server, None, "game-1").await;
    for password in [PASSWORD, "!", ""] {
        let signed_in = server.http().sign_in("game-1", password, None).await;
        assert_eq!(signed_in.unwrap_err().code(), Some(Code::CredentialsWrong));
    }
    let taken = accounts::create_service(&server.hall, None, "GAME-1").await;
    assert_eq!(taken.err().map(|it| it.code), Some(Code::LoginTaken));
    let bad = accounts::create_service(&server.hall, None, "x").await;
    assert_eq!(bad.err().map(|it| it.code), Some(Code::LoginInvalid));

    accounts::revoke_tokens(&server.hall, account.id())
        .await
        .unwrap();
    let ended = loop {
        if let Err(ended) = events.next().await {
            break ended;
        }
    };
    assert!(matches!(ended, ClientError::Closed { .. }), "{ended:?}");
    let refused = account.connect().await.err().and_then(|it| it.code());
    assert_eq!(refused, Some(Code::Unauthenticated));
    let token = accounts::renew_service(&server.hall, account.id())
        .await
        .unwrap();
    let renewed = server.http().account(account.id(), token);
    renewed.connect().await.unwrap();
    renewed.sign_out().await.unwrap();
    assert!(renewed.connect().await.is_err());
    let anna = server.account("anna").await;
    let player = accounts::renew_service(&server.hall, anna.id()).await;
    assert_eq!(player.err().map(|it| it.code), Some(Code::NotFound));
}

#[tokio::test]
async fn a_service_acts_for_nobody_of_another_realm_and_in_no_guild_that_it_is_not_in() {
    let server = Server::start();
    accounts::create_realm(&server.hall, "north".to_owned())
        .await
        .unwrap();
    let anna = server.player("anna").await;
    let (hero, _) = anna
        .client
        .create_character("Hero", json!({}))
        .await
        .unwrap();
    let (guild, _) = anna.client.create_guild("Crew").await.unwrap();
    let (_, game, _events) = service(&server, Some("north"), "game-1").await;
    let id = hero.character;
    assert_eq!(game.characters().await.unwrap(), []);
    refused(game.character(id).await, Code::NotFound);
    refused(game.play_character(id).await, Code::NotFound);
    refused(game.save_character(id, 1, json!({})).await, Code::NotFound);
    refused(game.rename_character(id, "Mine").await, Code::NotFound);
    refused(
        game.save_together(vec![state(id, 1, 1)]).await,
        Code::NotFound,
    );
    refused(game.escrows_of_character(id).await, Code::NotFound);
    let (_, near, _near_events) = service(&server, None, "game-2").await;
    for client in [&game, &near] {
        refused(client.guild(guild.guild).await, Code::NotFound);
        refused(
            client.save_ship(guild.guild, 1, json!({})).await,
            Code::NotFound,
        );
        refused(client.ship_ledger(guild.guild, None).await, Code::NotFound);
        refused(client.escrows_of_guild(guild.guild).await, Code::NotFound);
    }
    let unknown = accounts::create_service(&server.hall, Some("south".into()), "game-3").await;
    assert_eq!(unknown.err().map(|it| it.code), Some(Code::RealmUnknown));
}

/// As for a save alone, whether the database says so before the answer or after it.
#[tokio::test]
async fn a_trade_that_the_database_refuses_is_told_of_each_character() {
    for until in [Receipt::Safe, Receipt::Durable] {
        let server = Server::start();
        let mut anna = server.player("anna").await;
        let mut made = Vec::new();
        for name in ["Hero", "Sidekick"] {
            let born = json!({ "born": name });
            let (character, _) = anna.client.create_character(name, born).await.unwrap();
            made.push(character.character);
        }
        let poisoned = format!("NEW.id = '{}'", made[1]);
        let raise = Then::Raise("ABORT");
        let sql = server.sql();
        sql.trigger("poison", "BEFORE UPDATE ON characters", &poisoned, raise);
        let trade = vec![state(made[0], 1, 5), state(made[1], 1, 2)];
        let traded = anna.client.save_together_until(trade, until).await;
        if let Err(refusal) = traded {
            let versions = json!({"characters": [
                {"character": made[0], "version": 1},
                {"character": made[1], "version": 1},
            ]});
            let ClientError::Refused(refusal) = refusal else {
                panic!("{refusal}");
            };
            assert_eq!(refusal.detail.as_deref(), Some(&versions));
        }
        let mut reloaded = Vec::new();
        for _ in &made {
            let one = told(
                &mut anna.events,
                "character.reloaded",
                |event| match event {
                    Event::CharacterReloaded {
                        character,
                        version,
                        state,
                        ..
                    } => Some((character, version, state)),
                    _ => None,
                },
            );
            reloaded.push(one.await);
        }
        let expected = ["Hero", "Sidekick"].map(|name| json!({ "born": name }));
        for ((character, state), told) in made.into_iter().zip(expected).zip(reloaded) {
            assert_eq!(told, (character, 1, state));
        }
    }
}

#[tokio::test]
async fn a_service_makes_more_characters_than_a_player_may_have() {
    let server = Server::start_with(|config| config.limits.characters_per_account_max = 1);
    let (_, game, _events) = service(&server, None, "game-1").await;
    for name in ["Hero", "Villain"] {
        game.create_character(name, json!({})).await.unwrap();
    }
    let anna = server.player("anna").await.client;
    anna.create_character("Mine", json!({})).await.unwrap();
    let second = anna.create_character("Another", json!({})).await;
    refused(second, Code::LimitReached);
}
