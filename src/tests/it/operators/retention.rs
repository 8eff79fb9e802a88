//! A running server forgets what is past its time, by itself, and the status tells how much.

use guildhall_testkit::{Then, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

use super::admin;
use crate::harness::{PATIENCE, Player, Server};

async fn hero(server: &Server) -> (Player, Uuid) {
    let player = server.player("the-player").await;
    let made = player.client.create_character("Hero", json!({})).await;
    let (hero, _) = made.unwrap();
    (player, hero.character)
}

/// What the server has forgotten so far, once `enough` of it; it is counted after it is gone.
async fn retention(server: &Server, enough: impl Fn(&Value) -> bool) -> Value {
    eventually(PATIENCE, "the count of what is forgotten", async || {
        let status = admin(server).supervisor().await.unwrap();
        let retention = status["retention"].clone();
        enough(&retention).then_some(retention)
    })
    .await
}

#[tokio::test]
async fn a_history_that_grows_is_kept_short_while_the_character_is_played() {
    let server = Server::start_with(|config| {
        config.limits.history_lines_max = 3;
        config.limits.retention_interval_ms = 20;
    });
    let (player, hero) = hero(&server).await;
    for base in 1..=20 {
        let saved = player
            .client
            .save_character(hero, base, json!({ "at": base }));
        saved.await.unwrap();
    }
    eventually(PATIENCE, "a short history", async || {
        let id = hero.to_string();
        let story = admin(&server).explain("character", &id).await.unwrap();
        story["restorable"] == json!([19, 20, 21])
    })
    .await;
    let retention = retention(&server, |it| it["history_lines"].as_u64().unwrap() >= 18).await;
    assert!(retention["passes"].as_u64().unwrap() >= 1, "{retention}");
    assert_eq!(retention["failed"], 0);
}

#[tokio::test]
async fn who_sends_nothing_but_refused_saves_fills_no_disk() {
    let server = Server::start_with(|config| {
        config.limits.refused_lines_max = 5;
        config.limits.retention_interval_ms = 20;
    });
    let (player, hero) = hero(&server).await;
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
        let saved = player.client.save_character(hero, 1, state).await;
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
    let retention = retention(&server, |it| it["refused_writes"].as_u64() >= Some(35)).await;
    assert_eq!(retention["refused_writes"], 35);
}

#[tokio::test]
async fn a_world_in_which_nothing_is_written_notes_the_time_and_forgets_nothing_for_it() {
    let server = Server::start_with(|config| {
        config.limits.clock.note_interval_ms = 40;
        config.limits.retention_interval_ms = 20;
    });
    hero(&server).await;
    let sql = server.sql();
    let lines = || sql.number("SELECT count(*) FROM entity_history");
    let noted = || sql.rows("SELECT seq, at FROM batches ORDER BY seq DESC LIMIT 1")[0].clone();
    let (lines_before, first) = (lines(), noted());
    let later = first[0].number() + 3;
    let last = eventually(PATIENCE, "a time that is noted", async || {
        let last = noted();
        (last[0].number() >= later).then_some(last)
    });
    assert!(last.await[1].number() >= first[1].number() + 3 * 40_000);
    assert_eq!(lines(), lines_before);
}

#[tokio::test]
async fn a_time_that_was_noted_just_now_is_not_noted_again() {
    let server = Server::start_with(|config| config.limits.retention_interval_ms = 20);
    hero(&server).await;
    let batches = || server.sql().number("SELECT max(seq) FROM batches");
    let before = batches();
    retention(&server, |retention| retention["passes"].as_u64() >= Some(5)).await;
    assert_eq!(batches(), before);
}
