//! The database is locked by somebody else for a while: a normal state, in which saves wait.

use std::sync::Arc;

use futures_util::future::{join, join_all};
use guildhall_client::{AdminClient, ClientError};
use guildhall_protocol::{Code, Role};
use guildhall_testkit::{Backend, backend, eventually};
use serde_json::json;

use super::second_writer::SecondWriter;
use crate::harness::{PATIENCE, Server};

/// Age of the oldest unsaved write, as the operator sees it.
async fn oldest_unsaved_ms(admin: &AdminClient) -> Option<u64> {
    let status = admin.supervisor().await.unwrap();
    status["persistence"]["oldest_unsaved_ms"].as_u64()
}

#[tokio::test]
async fn while_a_second_writer_holds_the_database_saves_wait_and_none_is_lost_or_refused() {
    let server = Server::start();
    let player = server.player("player").await;
    let born = (0..8).map(|n| {
        let name = format!("Hero {n}");
        let client = &player.client;
        async move { client.create_character(&name, json!({})).await.unwrap() }
    });
    let heroes: Vec<_> = join_all(born).await;
    let guild = player.client.create_guild("Corsairs").await.unwrap().0;
    let admin = AdminClient::new(&server.admin_url, &server.admin_token()).unwrap();
    assert_eq!(oldest_unsaved_ms(&admin).await, None);

    let second = SecondWriter::on(&server);
    second.begin_and_lock("batches");
    let saves = heroes.iter().map(|(hero, _)| {
        player
            .client
            .save_character(hero.character, 1, json!({"kept": true}))
    });
    let ship = player
        .client
        .save_ship(guild.guild, 1, json!({"kept": true}));
    let growing = async {
        for at_least in [100, 1_300] {
            let what = format!("the oldest unsaved write to be {at_least} ms old");
            eventually(PATIENCE, &what, async || {
                oldest_unsaved_ms(&admin)
                    .await
                    .is_some_and(|age| age >= at_least)
            })
            .await;
            // Reads go on, and show what is promised: without a journal nothing yet.
            let promised = match backend() {
                Backend::Sqlite => 1,
                Backend::Postgres => 2,
            };
            for (hero, _) in &heroes {
                let shown = player.client.character(hero.character).await.unwrap();
                assert_eq!(shown.version, promised);
            }
        }
        second.run("ROLLBACK");
    };
    let ((saves, ship), ()) = join(join(join_all(saves), ship), growing).await;

    assert_eq!(ship.unwrap().version, 2);
    for (saved, (hero, _)) in saves.into_iter().zip(&heroes) {
        assert_eq!(saved.unwrap().version, 2);
        let kept = Some((2, json!({"kept": true})));
        assert_eq!(second.stored(hero.character), kept);
    }
    assert!(second.refused().is_empty());
    assert_eq!(oldest_unsaved_ms(&admin).await, None);
    let status = admin.supervisor().await.unwrap();
    assert_eq!(status["persistence"]["refused"], 0);
    assert_eq!(status["persistence"]["dirty"], 0);
}

#[tokio::test]
async fn a_stop_that_cannot_save_still_tells_the_sessions() {
    let server = Server::start_with(|config| config.stop_grace_s = 2);
    let player = server.player("player").await;
    let (hero, _) = player
        .client
        .create_character("Hero", json!({}))
        .await
        .unwrap();
    // Longer there than its server.
    let _world = Arc::clone(&server.data);
    let second = SecondWriter::on(&server);
    second.begin_and_lock("batches");
    let save = player
        .client
        .save_character(hero.character, 1, json!({"kept": false}));
    let ((), saved) = join(server.stop(), save).await;
    let told = saved.unwrap_err();
    assert!(
        matches!(told, ClientError::Closed { code: 1001, .. }),
        "{told:?}"
    );
    second.run("ROLLBACK");
}

#[tokio::test]
async fn who_joined_while_the_database_did_not_answer_is_in_once_it_does() {
    let server = Server::start();
    let (gm, player) = (server.player("master").await, server.player("player").await);
    let campaign = gm.client.create_campaign("Voyage").await.unwrap().campaign;
    let code = gm.client.invite(campaign, Role::Player).await.unwrap();
    let second = SecondWriter::on(&server);
    let code_of = |error: &ClientError| match error {
        ClientError::Refused(refusal) => (refusal.code, refusal.rule.clone()),
        other => panic!("{other:?}"),
    };
    let mut tries = 0;
    // One that was not given to the database yet is taken back: nothing was done.
    loop {
        second.begin_and_lock("batches");
        let joined = player.client.join_campaign(&code).await;
        second.run("ROLLBACK");
        let (code, rule) = code_of(&joined.unwrap_err());
        assert_eq!(code, Code::Unavailable, "{rule}");
        if rule == "change.outcome_unknown" {
            break;
        }
        tries += 1;
        assert!(tries < 5, "{rule}");
    }
    let again = player.client.join_campaign(&code).await.unwrap_err();
    assert_eq!(code_of(&again).0, Code::AlreadyMember);
    eventually(PATIENCE, "the player to be in", async || {
        let seen = player.client.members(campaign).await;
        seen.is_ok_and(|members| members.len() == 2)
    })
    .await;
}
