//! How much one account may have: each bound is told by its name, and giving something up makes room.

use guildhall_protocol::{Code, Refusal, Role};
use serde_json::json;

use super::refused;
use crate::harness::Server;

fn bound(refusal: &Refusal) -> &str {
    refusal.rule.strip_prefix("limits.").unwrap()
}

#[tokio::test]
async fn an_account_has_so_many_characters_and_another_has_its_own() {
    let server = Server::start_with(|config| config.limits.characters_per_account_max = 2);
    let (anna, bert) = (server.player("anna").await, server.player("bert").await);
    // All at once: the bound is kept where the rows are.
    let names = ["Hero", "Villain", "Bystander", "Chorus"];
    let made = names.map(|name| anna.client.create_character(name, json!({})));
    let made = futures_util::future::join_all(made).await;
    let (made, not): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), not.len()), (2, 2));
    for refusal in not {
        let refusal = refused(refusal, Code::LimitReached);
        assert_eq!(bound(&refusal), "characters_per_account_max");
    }
    // A name that was not taken in the end is free.
    let taken = anna.client.characters().await.unwrap();
    let free = names
        .iter()
        .find(|name| taken.iter().all(|hero| hero.name != **name));
    bert.client
        .create_character(free.unwrap(), json!({}))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_account_founds_so_many_guilds_and_one_that_ended_counts_while_its_name_is_kept() {
    let server = Server::start_with(|config| config.limits.guilds_founded_max = 2);
    let anna = server.player("anna").await.client;
    let first = anna.create_guild("First").await.unwrap().0.guild;
    anna.create_guild("Second").await.unwrap();
    let third = refused(anna.create_guild("Third").await, Code::LimitReached);
    assert_eq!(bound(&third), "guilds_founded_max");
    anna.disband_guild(first).await.unwrap();
    refused(anna.create_guild("Third").await, Code::LimitReached);
    server
        .sql()
        .run("UPDATE names SET cooling_until = 1 WHERE cooling_until IS NOT NULL");
    let freed = server
        .hall
        .names
        .call(|reply| guildhall::names::FreeDue { reply });
    assert_eq!(freed.await.unwrap().unwrap(), 1);
    anna.create_guild("Third").await.unwrap();
}

#[tokio::test]
async fn a_guild_has_so_many_members() {
    let server = Server::start_with(|config| config.limits.guild_members_max = 2);
    let leader = server.player("leader").await.client;
    let (guild, _) = leader.create_guild("Crew").await.unwrap();
    let code = guild.invite_code.unwrap();
    let second = server.player("second").await;
    second.client.join_guild(&code).await.unwrap();
    let third = server.player("third").await.client;
    let full = refused(third.join_guild(&code).await, Code::LimitReached);
    assert_eq!(bound(&full), "guild_members_max");
    second.client.leave_guild(guild.guild).await.unwrap();
    third.join_guild(&code).await.unwrap();
}

#[tokio::test]
async fn an_account_has_so_many_codes_that_are_good_and_each_ends() {
    let server = Server::start_with(|config| config.limits.invites_open_max = 3);
    let leader = server.player("leader").await.client;
    let (guild, _) = leader.create_guild("Crew").await.unwrap();
    let campaign = leader.create_campaign("Voyage").await.unwrap().campaign;
    let first = guild.invite_code.unwrap();
    leader.invite_to_guild(guild.guild).await.unwrap();
    leader.invite(campaign, Role::Player).await.unwrap();
    for full in [
        leader.invite_to_guild(guild.guild).await,
        leader.invite(campaign, Role::Player).await,
    ] {
        let full = refused(full, Code::LimitReached);
        assert_eq!(bound(&full), "invites_open_max");
        assert!(full.message.contains("the oldest ends"), "{}", full.message);
    }
    // After its time a code is worth nothing, and makes room.
    server.sql().run("UPDATE invites SET created_at = 1");
    let late = server.player("late").await.client;
    refused(late.join_guild(&first).await, Code::InviteUnknown);
    let code = leader.invite_to_guild(guild.guild).await.unwrap();
    late.join_guild(&code).await.unwrap();
}

#[tokio::test]
async fn so_many_former_names_are_kept_for_one_and_it_is_told_when_the_next_may_be() {
    let server = Server::start_with(|config| config.limits.names_cooling_max = 2);
    let anna = server.player("anna").await.client;
    let (hero, _) = anna.create_character("Ada", json!({})).await.unwrap();
    let id = hero.character;
    for name in ["Bea", "Cleo"] {
        anna.rename_character(id, name).await.unwrap();
    }
    let full = refused(anna.rename_character(id, "Dora").await, Code::LimitReached);
    assert_eq!(bound(&full), "names_cooling_max");
    let next_us = full.detail.unwrap()["next_at_us"].as_i64().unwrap();
    let first = server
        .sql()
        .number("SELECT min(cooling_until) FROM names WHERE cooling_until IS NOT NULL");
    assert_eq!(next_us, first);
    // Another spelling gives nothing up, and a former name that is taken back makes room for the present one.
    anna.rename_character(id, "CLEO").await.unwrap();
    anna.rename_character(id, "Ada").await.unwrap();
    refused(anna.rename_character(id, "Dora").await, Code::LimitReached);
    // The name that was refused is free, and others have their own bound.
    let (other, _) = anna.create_character("Dora", json!({})).await.unwrap();
    anna.rename_character(other.character, "Edda")
        .await
        .unwrap();
    let kept = server.sql().number("SELECT count(*) FROM names");
    assert_eq!(kept, 5);
    super::super::names::compared_equal(&server).await;
}
