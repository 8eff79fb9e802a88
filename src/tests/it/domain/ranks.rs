//! Ranks: who sets them, who puts whom out, and that a guild keeps a leader; told to the members who are here.

use guildhall_client::{ClientError, Events};
use guildhall_protocol::{Code, Event, Rank};
use guildhall_testkit::eventually;
use serde_json::json;
use uuid::Uuid;

use super::{refused, told};
use crate::harness::{PATIENCE, Player, Server};

async fn crew<const N: usize>(server: &Server, logins: [&str; N]) -> (Uuid, Vec<Player>) {
    let mut people = Vec::new();
    for login in logins {
        people.push(server.player(login).await);
    }
    let leader = &people[0].client;
    let guild = leader.create_guild("Crew").await.unwrap().0;
    let code = guild.invite_code.unwrap();
    for member in &people[1..] {
        member.client.join_guild(&code).await.unwrap();
    }
    (guild.guild, people)
}

async fn rank_told(events: &mut Events) -> (Uuid, Rank, Uuid) {
    told(events, "guild.rank_changed", |event| match event {
        Event::GuildRankChanged {
            account, rank, by, ..
        } => Some((account, rank, by)),
        _ => None,
    })
    .await
}

async fn left_told(events: &mut Events) -> (Uuid, Uuid) {
    told(events, "guild.member_left", |event| match event {
        Event::GuildMemberLeft { account, by, .. } => Some((account, by)),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_leader_sets_ranks_and_everybody_here_is_told() {
    let server = Server::start();
    let (guild, mut people) = crew(&server, ["leader", "second", "third"]).await;
    let ids: Vec<_> = people.iter().map(|who| who.account.id()).collect();
    let joined = told(
        &mut people[0].events,
        "guild.member_joined",
        |event| match event {
            Event::GuildMemberJoined { member, .. } => Some((member.account, member.rank)),
            _ => None,
        },
    );
    assert_eq!(joined.await, (ids[1], Rank::Member));
    refused(
        people[1]
            .client
            .set_rank(guild, ids[2], Rank::Officer)
            .await,
        Code::RankForbidden,
    );
    people[0]
        .client
        .set_rank(guild, ids[1], Rank::Officer)
        .await
        .unwrap();
    for at in [1, 2] {
        assert_eq!(
            rank_told(&mut people[at].events).await,
            (ids[1], Rank::Officer, ids[0])
        );
    }
    // An officer invites and sets no ranks.
    people[1].client.invite_to_guild(guild).await.unwrap();
    refused(
        people[1]
            .client
            .set_rank(guild, ids[2], Rank::Officer)
            .await,
        Code::RankForbidden,
    );
    let nobody = people[0]
        .client
        .set_rank(guild, Uuid::now_v7(), Rank::Officer)
        .await;
    refused(nobody, Code::NotFound);
    let stranger = server.player("stranger").await;
    refused(
        stranger.client.set_rank(guild, ids[1], Rank::Member).await,
        Code::NotFound,
    );
    let shown = people[2].client.guild(guild).await.unwrap();
    let ranks: Vec<_> = shown
        .members
        .iter()
        .map(|it| (it.account, it.rank))
        .collect();
    for expected in [
        (ids[0], Rank::Leader),
        (ids[1], Rank::Officer),
        (ids[2], Rank::Member),
    ] {
        assert!(ranks.contains(&expected), "{ranks:?}");
    }
}

#[tokio::test]
async fn the_last_leader_stays_until_another_leads() {
    let server = Server::start();
    let (guild, mut people) = crew(&server, ["leader", "heir"]).await;
    let ids: Vec<_> = people.iter().map(|who| who.account.id()).collect();
    refused(people[0].client.leave_guild(guild).await, Code::LastLeader);
    let down = people[0].client.set_rank(guild, ids[0], Rank::Member).await;
    refused(down, Code::LastLeader);
    people[0]
        .client
        .set_rank(guild, ids[1], Rank::Leader)
        .await
        .unwrap();
    // Both at once: whoever is second stays.
    let (one, two) = tokio::join!(
        people[0].client.leave_guild(guild),
        people[1].client.leave_guild(guild)
    );
    let stays = match (one, two) {
        (Ok(_), two) => {
            refused(two, Code::LastLeader);
            1
        }
        (one, Ok(_)) => {
            refused(one, Code::LastLeader);
            0
        }
        other => panic!("{other:?}"),
    };
    let shown = people[stays].client.guild(guild).await.unwrap();
    assert_eq!(shown.members.len(), 1);
    assert_eq!(left_told(&mut people[stays].events).await.0, ids[1 - stays]);
    refused(people[1 - stays].client.guild(guild).await, Code::NotFound);
}

#[tokio::test]
async fn one_puts_out_those_below_and_who_went_is_told() {
    let server = Server::start();
    let (guild, mut people) = crew(&server, ["leader", "officer", "officer-2", "member"]).await;
    let ids: Vec<_> = people.iter().map(|who| who.account.id()).collect();
    for at in [1, 2] {
        people[0]
            .client
            .set_rank(guild, ids[at], Rank::Officer)
            .await
            .unwrap();
    }
    refused(
        people[3].client.kick_from_guild(guild, ids[1]).await,
        Code::RankForbidden,
    );
    let equal = refused(
        people[1].client.kick_from_guild(guild, ids[2]).await,
        Code::RankForbidden,
    );
    assert_eq!(equal.rule, "guild.kick_lower");
    refused(
        people[1].client.kick_from_guild(guild, ids[0]).await,
        Code::RankForbidden,
    );
    refused(
        people[1].client.kick_from_guild(guild, ids[1]).await,
        Code::BadField,
    );
    refused(
        people[1]
            .client
            .kick_from_guild(guild, Uuid::now_v7())
            .await,
        Code::NotFound,
    );
    people[1]
        .client
        .kick_from_guild(guild, ids[3])
        .await
        .unwrap();
    for at in [0, 2, 3] {
        assert_eq!(left_told(&mut people[at].events).await, (ids[3], ids[1]));
    }
    refused(
        people[3]
            .client
            .save_ship(guild, 1, serde_json::json!({}))
            .await,
        Code::NotFound,
    );
    people[0]
        .client
        .kick_from_guild(guild, ids[2])
        .await
        .unwrap();
    refused(people[2].client.leave_guild(guild).await, Code::NotFound);
    people[1].client.leave_guild(guild).await.unwrap();
    assert_eq!(
        people[0].client.guild(guild).await.unwrap().members.len(),
        1
    );
    // Whoever went may come again.
    let code = people[0].client.invite_to_guild(guild).await.unwrap();
    people[3].client.join_guild(&code).await.unwrap();
}

#[tokio::test]
async fn who_was_put_out_does_not_come_back_with_a_code_that_he_knew() {
    let server = Server::start();
    let (guild, people) = crew(&server, ["leader", "officer", "member"]).await;
    let ids: Vec<_> = people.iter().map(|who| who.account.id()).collect();
    let leader = &people[0].client;
    let known = leader.invite_to_guild(guild).await.unwrap();
    // Whoever leaves may come back.
    people[2].client.leave_guild(guild).await.unwrap();
    people[2].client.join_guild(&known).await.unwrap();
    leader.kick_from_guild(guild, ids[2]).await.unwrap();
    refused(
        people[2].client.join_guild(&known).await,
        Code::InviteUnknown,
    );
    let fresh = leader.invite_to_guild(guild).await.unwrap();
    people[2].client.join_guild(&fresh).await.unwrap();
    assert_eq!(leader.guild(guild).await.unwrap().members.len(), 3);
}

#[tokio::test]
async fn a_stranger_learns_no_more_of_a_guild_than_of_one_that_there_is_not() {
    let server = Server::start();
    let (guild, people) = crew(&server, ["leader"]).await;
    let stranger = server.player("stranger").await.client;
    let leader = people[0].account.id();
    let mut told = Vec::new();
    for id in [guild, Uuid::now_v7()] {
        let answers = [
            stranger.guild(id).await.err(),
            stranger.invite_to_guild(id).await.err(),
            stranger.set_rank(id, leader, Rank::Member).await.err(),
            stranger.kick_from_guild(id, leader).await.err(),
            stranger.leave_guild(id).await.err(),
            stranger.disband_guild(id).await.err(),
            stranger.save_ship(id, 1, serde_json::json!({})).await.err(),
            stranger.ship_ledger(id, None).await.err(),
            stranger.escrows_of_guild(id).await.err(),
        ];
        told.push(answers.map(|answer| answer.unwrap().refusal().unwrap().clone()));
    }
    assert_eq!(told[0], told[1]);
    assert!(told[0].iter().all(|refusal| refusal.code == Code::NotFound));
}

#[tokio::test]
async fn who_was_put_out_while_the_database_did_not_answer_is_out_once_it_does() {
    let server = Server::start();
    let (guild, people) = crew(&server, ["leader", "second"]).await;
    let [leader, second] = &people[..] else {
        panic!("two people")
    };
    let database = server.sql();
    let mut tries = 0;
    // One that was not given to the database yet is taken back: nothing was done.
    loop {
        database.begin_and_lock("batches");
        let put_out = leader
            .client
            .kick_from_guild(guild, second.account.id())
            .await;
        database.run("ROLLBACK");
        let refusal = refused(put_out, Code::Unavailable);
        if refusal.rule == "change.outcome_unknown" {
            break;
        }
        tries += 1;
        assert!(tries < 5, "{refusal:?}");
    }
    eventually(PATIENCE, "the member to be out", async || {
        let seen = second.client.guild(guild).await;
        matches!(seen, Err(ClientError::Refused(refusal)) if refusal.code == Code::NotFound)
    })
    .await;
    let seen = leader.client.guild(guild).await.unwrap();
    assert_eq!(seen.members.len(), 1, "{seen:?}");
    refused(
        second.client.save_ship(guild, 1, json!({})).await,
        Code::NotFound,
    );
}
