//! Characters and guilds: made, saved, renamed, joined, and seen by whom they concern.

use guildhall_protocol::{Answer, Code, Rank, Receipt, Role, ServerFrame};
use guildhall_testkit::RawFrame;
use serde_json::json;
use uuid::Uuid;

use crate::harness::{Server, Wire};

#[tokio::test]
async fn a_character_is_made_saved_renamed_and_found_again() {
    let server = Server::start();
    let who = server.player("anna").await.client;
    assert_eq!(who.characters().await.unwrap(), []);
    let state = json!({"hp": 10, "bag": ["rope", {"gold": 3.5}], "ünïcode": null});
    let (hero, receipt) = who
        .create_character("Hero of Straße", state.clone())
        .await
        .unwrap();
    assert_eq!(
        (hero.name.as_str(), hero.version, receipt),
        ("Hero of Straße", 1, Receipt::Durable)
    );
    assert_eq!(hero.state, state);
    let (side, _) = who
        .create_character("Sidekick", json!([1, 2]))
        .await
        .unwrap();
    assert_eq!(who.character(hero.character).await.unwrap(), hero);

    let saved = who
        .save_character(hero.character, 1, json!({"hp": 9}))
        .await
        .unwrap();
    assert_eq!((saved.version, saved.receipt), (2, Receipt::Durable));
    let (name, receipt) = who
        .rename_character(hero.character, "Villain")
        .await
        .unwrap();
    assert_eq!((name.as_str(), receipt), ("Villain", Receipt::Durable));
    let now = who.character(hero.character).await.unwrap();
    assert_eq!(
        (now.name.as_str(), now.state),
        ("Villain", json!({"hp": 9}))
    );
    let saved = who
        .save_character(hero.character, now.version, json!("any JSON"))
        .await
        .unwrap();
    assert_eq!(saved.version, now.version + 1);

    let mut listed = who.characters().await.unwrap();
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    let listed: Vec<_> = listed
        .iter()
        .map(|c| (c.character, c.name.as_str(), c.version))
        .collect();
    assert_eq!(
        listed,
        [
            (side.character, "Sidekick", 1),
            (hero.character, "Villain", saved.version)
        ]
    );
}

#[tokio::test]
async fn a_rename_keeps_the_old_name_for_its_owner_and_may_change_only_the_case() {
    let server = Server::start();
    let anna = server.player("anna").await.client;
    let bert = server.player("bert").await.client;
    let (hero, _) = anna.create_character("Hero", json!({})).await.unwrap();
    let taken = bert.create_character("HERO", json!({})).await;
    assert_eq!(taken.unwrap_err().code(), Some(Code::NameTaken));
    for name in ["hero", "HERO", "HERO", "Hero"] {
        assert_eq!(
            anna.rename_character(hero.character, name).await.unwrap().0,
            name
        );
    }
    anna.rename_character(hero.character, "Legend")
        .await
        .unwrap();
    let taken = bert.create_guild("hero").await;
    assert_eq!(taken.unwrap_err().code(), Some(Code::NameTaken));
    assert_eq!(anna.character(hero.character).await.unwrap().name, "Legend");
    anna.rename_character(hero.character, "Hero").await.unwrap();
    assert_eq!(anna.characters().await.unwrap()[0].name, "Hero");
    let status = guildhall::admin::status(&server.hall).await;
    assert_eq!(
        (&status["names"]["taken"], &status["names"]["pending"]),
        (&json!(2), &json!(0))
    );
}

#[tokio::test]
async fn saves_that_are_sent_without_waiting_are_taken_in_their_order() {
    let server = Server::start();
    let who = server.player("anna").await.client;
    let (hero, _) = who.create_character("Hero", json!({})).await.unwrap();
    let saves = (1..=50).map(|base| who.save_character(hero.character, base, json!({"n": base})));
    let saved = futures_util::future::join_all(saves).await;
    for (base, saved) in (1..).zip(saved) {
        assert_eq!(saved.unwrap().version, base + 1);
    }
    let now = who.character(hero.character).await.unwrap();
    assert_eq!((now.version, now.state), (51, json!({"n": 50})));
}

#[tokio::test]
async fn a_guild_is_founded_joined_and_its_ship_is_saved_by_a_member() {
    let server = Server::start();
    let leader = server.player("leader").await;
    let member = server.player("member").await;
    let (guild, receipt) = leader.client.create_guild("The Crew").await.unwrap();
    assert_eq!(
        (guild.name.as_str(), guild.rank, receipt),
        ("The Crew", Rank::Leader, Receipt::Durable)
    );
    assert_eq!(guild.ship.state, json!({}));
    let (joined, receipt) = member
        .client
        .join_guild(&guild.invite_code.unwrap())
        .await
        .unwrap();
    assert_eq!(
        (joined.guild, joined.rank, receipt),
        (guild.guild, Rank::Member, Receipt::Durable)
    );

    let first = member
        .client
        .save_ship(guild.guild, joined.ship.version, json!({"sails": 2}));
    let saved = first.await.unwrap();
    assert_eq!(
        (saved.version, saved.receipt),
        (joined.ship.version + 1, Receipt::Durable)
    );
    let seen = leader.client.guild(guild.guild).await.unwrap();
    assert_eq!(
        (seen.ship.version, &seen.ship.state),
        (saved.version, &json!({"sails": 2}))
    );
    leader
        .client
        .save_ship(guild.guild, saved.version, json!({"sails": 3}))
        .await
        .unwrap();
    let seen = member.client.guild(guild.guild).await.unwrap();
    assert_eq!(seen.ship.state, json!({"sails": 3}));
    let mut ranks: Vec<_> = seen
        .members
        .iter()
        .map(|m| (m.login.as_str(), m.rank))
        .collect();
    ranks.sort_by_key(|(login, _)| *login);
    assert_eq!(ranks, [("leader", Rank::Leader), ("member", Rank::Member)]);
    for (who, rank) in [(&leader, Rank::Leader), (&member, Rank::Member)] {
        let guilds = who.client.guilds().await.unwrap();
        assert_eq!(
            (guilds.len(), guilds[0].guild, guilds[0].rank),
            (1, guild.guild, rank)
        );
    }
}

#[tokio::test]
async fn a_leader_invites_with_new_codes_and_a_member_or_a_stranger_does_not() {
    let server = Server::start();
    let leader = server.player("leader").await.client;
    let (guild, _) = leader.create_guild("The Crew").await.unwrap();
    let first = guild.invite_code.unwrap();
    let second = leader.invite_to_guild(guild.guild).await.unwrap();
    assert_ne!(first, second);
    for (login, code) in [("by-the-first", first), ("by-the-second", second)] {
        let member = server.player(login).await.client;
        let (joined, _) = member.join_guild(&code).await.unwrap();
        assert_eq!((joined.guild, joined.rank), (guild.guild, Rank::Member));
        let refused = member.invite_to_guild(guild.guild).await.unwrap_err();
        let refused = refused.refusal().unwrap();
        assert_eq!(
            (refused.code, refused.rule.as_str()),
            (Code::RankForbidden, "guild.invite")
        );
    }
    let stranger = server.player("stranger").await.client;
    let refused = stranger.invite_to_guild(guild.guild).await;
    assert_eq!(refused.unwrap_err().code(), Some(Code::NotFound));
    let nobodys = stranger.invite_to_guild(Uuid::now_v7()).await;
    assert_eq!(nobodys.unwrap_err().code(), Some(Code::NotFound));
    assert_eq!(leader.guild(guild.guild).await.unwrap().members.len(), 3);
}

#[tokio::test]
async fn who_joins_twice_at_once_has_joined_already() {
    let server = Server::start();
    let table = server.table("opaque").await;
    let account = server.account("the-twofold").await;
    let (one, _events) = account.connect().await.unwrap();
    let (two, _others) = account.connect().await.unwrap();
    let code = table
        .gm
        .client
        .invite(table.campaign, Role::Player)
        .await
        .unwrap();
    let (first, second) = tokio::join!(one.join_campaign(&code), two.join_campaign(&code));
    let refused = [first.err(), second.err()].into_iter().flatten();
    let codes: Vec<_> = refused.map(|error| error.code()).collect();
    assert_eq!(codes, [Some(Code::AlreadyMember)]);
}

#[tokio::test]
async fn a_state_whose_text_needs_many_escapes_is_saved_in_one_frame() {
    let server = Server::start();
    let player = server.player("the-poet").await;
    let (hero, _) = player
        .client
        .create_character("Ode", json!({}))
        .await
        .unwrap();
    // As some encoders write it: six bytes on the wire for each of two in the state.
    let state = "\\u00e9".repeat(16_500);
    let request = format!(
        r#"{{"id":"{}","type":"character.save","character":"{}","base_version":1,"state":"{state}"}}"#,
        Uuid::now_v7(),
        hero.character
    );
    let mut wire = Wire::open(&server, &player.account).await;
    wire.send(&RawFrame::text(&request)).await;
    match wire.next().await {
        ServerFrame::Answer {
            answer: Answer::CharacterSaved { version, .. },
            ..
        } => assert_eq!(version, 2),
        other => panic!("{other:?}"),
    }
}
