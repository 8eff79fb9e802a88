//! The ship's ledger, what members are told of its saves, and a ship that goes missing.

use std::path::Path;

use guildhall::server::DATABASE_FILE;
use guildhall_client::Moves;
use guildhall_protocol::{Code, Event, Receipt};
use guildhall_testkit::Sql;
use serde_json::json;
use uuid::Uuid;

use super::{refused, told};
use crate::harness::Server;

#[tokio::test]
async fn each_save_of_a_ship_leaves_a_line_and_is_told_to_the_members_who_are_here() {
    let server = Server::start();
    let (leader, mut mate) = (server.player("leader").await, server.player("mate").await);
    let guild = leader.client.create_guild("Crew").await.unwrap().0;
    let id = guild.guild;
    mate.client
        .join_guild(&guild.invite_code.unwrap())
        .await
        .unwrap();
    let note = |note: &'static str, base| {
        leader
            .client
            .save_ship_with(id, base, json!({"n": base}), Moves::default(), note)
    };
    note("Sails mended.", 1).await.unwrap();
    leader
        .client
        .save_ship(id, 2, json!({"n": 2}))
        .await
        .unwrap();
    for version in [2, 3] {
        let changed = told(&mut mate.events, "ship.changed", |event| match event {
            Event::ShipChanged {
                guild,
                version,
                by,
                receipt,
            } => Some((guild, version, by, receipt)),
            _ => None,
        });
        let (of, told, by, receipt) = changed.await;
        assert_eq!((of, told, by), (id, version, leader.account.id()));
        assert!(receipt >= Receipt::Safe);
    }
    mate.client.save_ship(id, 3, json!({"n": 3})).await.unwrap();
    refused(
        mate.client.save_ship(id, 3, json!({"n": "other"})).await,
        Code::StaleVersion,
    );
    let lines = mate.client.ship_ledger(id, None).await.unwrap();
    let told: Vec<_> = lines
        .iter()
        .map(|it| (it.version, it.note.as_str(), it.login.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (4, "", "mate"),
            (3, "", "leader"),
            (2, "Sails mended.", "leader")
        ]
    );
    let older = mate.client.ship_ledger(id, Some(3)).await.unwrap();
    assert_eq!(older.iter().map(|it| it.version).collect::<Vec<_>>(), [2]);
    for bad in ["a\0b", "\u{202e}", &"x".repeat(1_025)] {
        let save = leader
            .client
            .save_ship_with(id, 4, json!({}), Moves::default(), bad);
        assert_eq!(refused(save.await, Code::BadField).rule, "ship.note");
    }
    let longest = "ü".repeat(1_024);
    let save = leader
        .client
        .save_ship_with(id, 4, json!({}), Moves::default(), &longest);
    assert_eq!(save.await.unwrap().version, 5);
    refused(
        leader.client.ship_ledger(Uuid::now_v7(), None).await,
        Code::NotFound,
    );
}

fn database(server: &Server) -> Sql {
    match &server.hall.config.database {
        Some(url) => Sql::open(url),
        None => Sql::open_file(&Path::new(server.data.path()).join(DATABASE_FILE)),
    }
}

/// Away with the ships, as if somebody had done so behind the server's back; how many alarms there were.
async fn alarms(server: &Server) -> serde_json::Value {
    guildhall::admin::status(&server.hall).await["guilds"]["ships_missing"].clone()
}

#[tokio::test]
async fn a_ship_that_is_missing_is_an_alarm_and_is_put_back_and_the_guild_is_told() {
    let server = Server::start();
    let (leader, mut mate) = (server.player("leader").await, server.player("mate").await);
    let guild = leader.client.create_guild("Crew").await.unwrap().0;
    let (id, fresh) = (
        guild.guild,
        leader
            .client
            .create_guild("New Crew")
            .await
            .unwrap()
            .0
            .guild,
    );
    mate.client
        .join_guild(&guild.invite_code.unwrap())
        .await
        .unwrap();
    leader
        .client
        .save_ship(id, 1, json!({"hull": 7}))
        .await
        .unwrap();
    assert_eq!(alarms(&server).await, 0);

    database(&server).run("DELETE FROM ships");
    let shown = leader.client.guild(id).await.unwrap();
    assert_eq!(
        (shown.ship.version, shown.ship.state),
        (2, json!({"hull": 7}))
    );
    let told_of = told(&mut mate.events, "ship.reloaded", |event| match event {
        Event::ShipReloaded {
            guild,
            reason,
            version,
            state,
        } => Some((guild, reason, version, state)),
        _ => None,
    });
    let reason = "ship_missing".to_owned();
    assert_eq!(told_of.await, (id, reason, 2, json!({"hull": 7})));
    assert_eq!(alarms(&server).await, 1);
    // One that nobody has saved yet is as it was launched.
    let shown = leader.client.guild(fresh).await.unwrap();
    assert_eq!((shown.ship.version, shown.ship.state), (1, json!({})));
    assert_eq!(alarms(&server).await, 2);

    // Found missing by a save: it is put back, and the next save is taken.
    database(&server).run("DELETE FROM ships");
    refused(
        leader.client.save_ship(id, 2, json!({"hull": 8})).await,
        Code::Unavailable,
    );
    let saved = leader
        .client
        .save_ship(id, 2, json!({"hull": 8}))
        .await
        .unwrap();
    assert_eq!(saved.version, 3);
    // Found missing by a server that has just started.
    database(&server).run("DELETE FROM ships");
    let server = server.restart().await;
    let (client, _events) = server
        .http()
        .account(leader.account.id(), leader.account.token().to_owned())
        .connect()
        .await
        .unwrap();
    let shown = client.guild(id).await.unwrap();
    assert_eq!(
        (shown.ship.version, shown.ship.state),
        (3, json!({"hull": 8}))
    );
    assert_eq!(alarms(&server).await, 1);
}
