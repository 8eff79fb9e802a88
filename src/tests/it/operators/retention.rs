//! A running server forgets what is past its time, by itself, and the status tells how much.

use guildhall_testkit::eventually;
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
