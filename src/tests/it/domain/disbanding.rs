//! The end of a guild: who may, who is told, what becomes of what it had, and the way back.

use guildhall_client::AdminClient;
use guildhall_protocol::{Code, Event, Rank};
use serde_json::json;
use uuid::Uuid;

use super::escrows::{gold, taking, to_character, to_guild};
use super::{refused, told};
use crate::harness::{Player, Server};

/// A leader, and a member with a character.
struct Crew {
    leader: Player,
    member: Player,
    hero: Uuid,
    guild: Uuid,
    code: String,
}

async fn crew(server: &Server) -> Crew {
    let (leader, member) = (server.player("anna").await, server.player("bert").await);
    let (guild, _) = leader.client.create_guild("Crew").await.unwrap();
    let code = guild.invite_code.unwrap();
    member.client.join_guild(&code).await.unwrap();
    let hero = member
        .client
        .create_character("Hero", json!({"gold": 10}))
        .await
        .unwrap()
        .0;
    Crew {
        leader,
        member,
        hero: hero.character,
        guild: guild.guild,
        code,
    }
}

#[tokio::test]
async fn a_leader_ends_a_guild_and_nobody_reaches_it_any_more() {
    let server = Server::start();
    let Crew {
        leader,
        mut member,
        hero,
        guild,
        code,
    } = crew(&server).await;
    let saved = leader.client.save_ship(guild, 1, json!({"deck": 1})).await;
    assert_eq!(saved.unwrap().version, 2);
    let by = refused(
        member.client.disband_guild(guild).await,
        Code::RankForbidden,
    );
    assert_eq!(by.rule, "guild.disband");
    let stranger = server.player("stranger").await.client;
    refused(stranger.disband_guild(guild).await, Code::NotFound);
    leader.client.disband_guild(guild).await.unwrap();
    let gone = told(&mut member.events, "guild.gone", |event| match event {
        Event::GuildGone { guild, by } => Some((guild, by)),
        _ => None,
    });
    assert_eq!(gone.await, (guild, leader.account.id()));
    for client in [&leader.client, &member.client] {
        refused(client.guild(guild).await, Code::NotFound);
        refused(client.save_ship(guild, 2, json!({})).await, Code::NotFound);
        refused(client.ship_ledger(guild, None).await, Code::NotFound);
        refused(client.invite_to_guild(guild).await, Code::NotFound);
        refused(client.disband_guild(guild).await, Code::NotFound);
        assert_eq!(client.guilds().await.unwrap(), []);
    }
    refused(stranger.join_guild(&code).await, Code::InviteUnknown);
    let give = to_guild(Uuid::now_v7(), guild, 1);
    let give = member.client.save_character_with(hero, 1, json!({}), give);
    refused(give.await, Code::NotFound);
    // Its name is kept for it.
    let again = leader.client.create_guild("Crew").await;
    let again = again.unwrap_err();
    assert_eq!(again.refusal().unwrap().rule, "name.cooling");
    // Not a ship that is missing.
    let server = server.restart().await;
    refused(
        leader.account_on(&server).await.guild(guild).await,
        Code::NotFound,
    );
    assert_eq!(
        server.sql().number("SELECT count(*) FROM ships"),
        1,
        "its ship is kept"
    );
}

#[tokio::test]
async fn what_lay_in_escrow_goes_to_the_characters_and_is_there_once() {
    let server = Server::start();
    let Crew {
        leader,
        member,
        hero,
        guild,
        ..
    } = crew(&server).await;
    let (paid, owed) = (Uuid::now_v7(), Uuid::now_v7());
    let client = &member.client;
    let give = || client.save_character_with(hero, 1, json!({"gold": 7}), to_guild(paid, guild, 3));
    give().await.unwrap();
    let owe = to_character(owed, hero, 2);
    let owe = leader
        .client
        .save_ship_with(guild, 1, json!({}), owe, "owed");
    owe.await.unwrap();
    leader.client.disband_guild(guild).await.unwrap();
    // Sent again it is answered as it was, and gives nothing again; another one is none.
    assert_eq!(give().await.unwrap().version, 2);
    let more = to_guild(paid, guild, 4);
    let more = client.save_character_with(hero, 1, json!({"gold": 6}), more);
    refused(more.await, Code::StaleVersion);
    let other = to_guild(Uuid::now_v7(), guild, 3);
    let other = client.save_character_with(hero, 1, json!({"gold": 7}), other);
    refused(other.await, Code::NotFound);
    assert_eq!(client.character(hero).await.unwrap().version, 2);
    // Nobody took it, and the story does not say so.
    let admin = AdminClient::new(&server.admin_url, &server.admin_token()).unwrap();
    let story = admin.explain("character", &hero.to_string()).await.unwrap();
    let story = story.to_string();
    assert!(
        story.contains(&format!("Escrow {paid} went back")),
        "{story}"
    );
    assert!(!story.contains(" took escrow"), "{story}");
    let open = client.escrows_of_character(hero).await.unwrap();
    let mut amounts: Vec<_> = open.iter().map(|it| it.what.as_u64().unwrap()).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [2, 3]);
    assert!(open.iter().all(|it| it.to == hero && it.escrow != paid));
    for (base, escrow) in (2..).zip(&open) {
        let state = client.character(hero).await.unwrap().state;
        let sum = gold(&state) + escrow.what.as_u64().unwrap();
        let take = || {
            let state = json!({"gold": sum});
            client.save_character_with(hero, base, state, taking(escrow.escrow))
        };
        assert_eq!(take().await.unwrap().version, base + 1);
        assert_eq!(take().await.unwrap().version, base + 1, "a retry");
    }
    assert_eq!(client.escrows_of_character(hero).await.unwrap(), []);
    assert_eq!(gold(&client.character(hero).await.unwrap().state), 12);
}

#[tokio::test]
async fn an_operator_brings_a_guild_back_with_its_ship_and_its_name() {
    let server = Server::start_with(|config| config.admin_writes = true);
    let Crew {
        leader,
        member,
        guild,
        ..
    } = crew(&server).await;
    leader
        .client
        .save_ship(guild, 1, json!({"deck": 1}))
        .await
        .unwrap();
    let admin = AdminClient::new(&server.admin_url, &server.admin_token()).unwrap();
    let order = json!({ "guild": guild, "leader": member.account.id() });
    let early = admin.post("/admin/guilds/revive", &order).await;
    assert_eq!(early.unwrap_err().code(), Some(Code::NotFound));
    leader.client.disband_guild(guild).await.unwrap();
    let story = admin.explain("guild", &guild.to_string()).await.unwrap();
    assert!(story.to_string().contains("was disbanded"), "{story}");
    let story = admin.explain("ship", &guild.to_string()).await.unwrap();
    assert!(
        story.to_string().contains("until an operator revives"),
        "{story}"
    );
    let nobody = json!({ "guild": guild, "leader": Uuid::now_v7() });
    let nobody = admin.post("/admin/guilds/revive", &nobody).await;
    assert_eq!(nobody.unwrap_err().code(), Some(Code::NotFound));
    let revived = admin.post("/admin/guilds/revive", &order).await.unwrap();
    assert_eq!(revived["name"], "Crew");
    let shown = member.client.guild(guild).await.unwrap();
    assert_eq!((shown.name.as_str(), shown.rank), ("Crew", Rank::Leader));
    assert_eq!(
        (shown.ship.version, shown.ship.state),
        (2, json!({"deck": 1}))
    );
    assert_eq!(shown.members.len(), 1);
    let saved = member.client.save_ship(guild, 2, json!({"deck": 2})).await;
    assert_eq!(saved.unwrap().version, 3);
    let lines = member.client.ship_ledger(guild, None).await.unwrap();
    assert_eq!(lines.len(), 2);
    refused(leader.client.guild(guild).await, Code::NotFound);
    super::super::names::compared_equal(&server).await;
}
