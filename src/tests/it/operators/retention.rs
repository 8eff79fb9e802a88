//! A running server forgets what is past its time, by itself, and the status tells how much.

use guildhall_testkit::{Then, eventually};
use serde_json::json;

use super::admin;
use crate::harness::{PATIENCE, Server};

#[tokio::test]
async fn a_history_that_grows_is_kept_short_while_the_character_is_played() {
    let server = Server::start_with(|config| {
        config.limits.history_lines_max = 3;
        config.limits.retention_interval_ms = 20;
    });
    let player = server.player("the-player").await;
    let (hero, _) = player
        .client
        .create_character("Hero", json!({}))
        .await
        .unwrap();
    for base in 1..=20 {
        let saved = player
            .client
            .save_character(hero.character, base, json!({ "at": base }));
        saved.await.unwrap();
    }
    eventually(PATIENCE, "a short history", async || {
        let id = hero.character.to_string();
        let story = admin(&server).explain("character", &id).await.unwrap();
        story["restorable"] == json!([19, 20, 21])
    })
    .await;
    let status = admin(&server).supervisor().await.unwrap();
    let retention = &status["retention"];
    assert!(
        retention["history_lines"].as_u64().unwrap() >= 18,
        "{retention}"
    );
    assert!(retention["passes"].as_u64().unwrap() >= 1, "{retention}");
    assert_eq!(retention["failed"], 0);
}

#[tokio::test]
async fn who_sends_nothing_but_refused_saves_fills_no_disk() {
    let server = Server::start_with(|config| {
        config.limits.refused_lines_max = 5;
        config.limits.retention_interval_ms = 20;
    });
    let player = server.player("the-player").await;
    let (hero, _) = player
        .client
        .create_character("Hero", json!({}))
        .await
        .unwrap();
    // A rule in the database that says no to every save.
    let sql = server.sql();
    sql.trigger(
        "poison",
        "BEFORE UPDATE ON characters",
        "",
        Then::Raise("ABORT"),
    );
    for at in 0..40 {
        let state = json!({ "at": at });
        let saved = player.client.save_character(hero.character, 1, state).await;
        saved.unwrap_err();
    }
    eventually(PATIENCE, "few refused writes", async || {
        sql.number("SELECT count(*) FROM refused_writes") == 5
    })
    .await;
    let newest = sql.text_of("payload");
    let newest = sql.number(&format!(
        "SELECT count(*) FROM refused_writes WHERE {newest} LIKE '%39%'"
    ));
    assert_eq!(newest, 1);
    let status = admin(&server).supervisor().await.unwrap();
    assert_eq!(status["retention"]["refused_writes"], 35);
}
