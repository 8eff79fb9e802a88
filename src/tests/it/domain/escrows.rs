//! What moves between characters and ships: who may give to whom, that it arrives once, and that over closed
//! connections and restarts the sum of all gold stays what it was.

use std::hash::{BuildHasher, Hasher, RandomState};

use guildhall_client::{Client, Moves};
use guildhall_protocol::{Code, GiveToCharacter, GiveToGuild};
use serde_json::{Value, json};
use uuid::Uuid;

use super::refused;
use crate::harness::{Player, Server};

pub fn to_guild(escrow: Uuid, to_guild: Uuid, what: u64) -> Moves<GiveToGuild> {
    let what = json!(what);
    Moves {
        give: vec![GiveToGuild {
            escrow,
            to_guild,
            what,
        }],
        take: vec![],
    }
}

pub fn to_character(escrow: Uuid, to_character: Uuid, what: u64) -> Moves<GiveToCharacter> {
    let what = json!(what);
    Moves {
        give: vec![GiveToCharacter {
            escrow,
            to_character,
            what,
        }],
        take: vec![],
    }
}

pub fn taking<T>(escrow: Uuid) -> Moves<T> {
    Moves {
        give: vec![],
        take: vec![escrow],
    }
}

pub fn gold(state: &Value) -> u64 {
    state["gold"].as_u64().unwrap_or(0)
}

struct Crew {
    player: Player,
    hero: Uuid,
    guild: Uuid,
}

async fn crew(server: &Server) -> Crew {
    let player = server.player("anna").await;
    let hero = player
        .client
        .create_character("Hero", json!({"gold": 10}))
        .await
        .unwrap()
        .0;
    let guild = player.client.create_guild("Crew").await.unwrap().0;
    let (hero, guild) = (hero.character, guild.guild);
    Crew {
        player,
        hero,
        guild,
    }
}

#[tokio::test]
async fn gold_goes_from_a_character_to_the_ship_and_back_and_each_way_once() {
    let server = Server::start();
    let Crew {
        player,
        hero,
        guild,
    } = crew(&server).await;
    let client = &player.client;
    let there = Uuid::now_v7();
    let give =
        || client.save_character_with(hero, 1, json!({"gold": 7}), to_guild(there, guild, 3));
    assert_eq!(give().await.unwrap().version, 2);
    assert_eq!(give().await.unwrap().version, 2, "a retry");
    let open = client.escrows_of_guild(guild).await.unwrap();
    assert_eq!(open, client.escrows_of_character(hero).await.unwrap());
    let [escrow] = &open[..] else {
        panic!("{open:?}")
    };
    assert_eq!(
        (escrow.escrow, escrow.from, escrow.to),
        (there, hero, guild)
    );
    assert_eq!(
        (&escrow.what, escrow.given_by),
        (&json!(3), player.account.id())
    );
    // Its own giver cannot take it.
    let own = client.save_character_with(hero, 2, json!({"gold": 10}), taking(there));
    refused(own.await, Code::NotFound);
    let take = || client.save_ship_with(guild, 1, json!({"gold": 3}), taking(there), "taken");
    assert_eq!(take().await.unwrap().version, 2);
    assert_eq!(take().await.unwrap().version, 2, "a retry");
    let twice = client.save_ship_with(guild, 2, json!({"gold": 6}), taking(there), "again");
    refused(twice.await, Code::EscrowTaken);
    assert_eq!(client.escrows_of_guild(guild).await.unwrap(), []);

    let back = Uuid::now_v7();
    let give = client.save_ship_with(
        guild,
        2,
        json!({"gold": 1}),
        to_character(back, hero, 2),
        "paid",
    );
    assert_eq!(give.await.unwrap().version, 3);
    let take = client.save_character_with(hero, 2, json!({"gold": 9}), taking(back));
    assert_eq!(take.await.unwrap().version, 3);
    let used = client.save_character_with(hero, 3, json!({"gold": 8}), to_guild(there, guild, 1));
    assert_eq!(
        refused(used.await, Code::RefusedByDatabase).rule,
        "database.unique"
    );
    assert_eq!(client.ship_ledger(guild, None).await.unwrap().len(), 2);
}

#[tokio::test]
async fn gifts_that_fit_no_answer_are_listed_one_part_after_the_other() {
    let server = Server::start_with(|config| {
        let limits = &mut config.limits;
        (limits.requests_in_flight_max, limits.guild_members_max) = (2, 10);
        limits.outbox_bytes_max = 300 * 1024;
    });
    let Crew {
        player,
        hero,
        guild,
    } = crew(&server).await;
    let mut given = Vec::new();
    for version in 1..=2 {
        let give: Vec<_> = (0..3)
            .map(|_| GiveToCharacter {
                escrow: Uuid::now_v7(),
                to_character: hero,
                what: json!("x".repeat(60_000)),
            })
            .collect();
        given.extend(give.iter().map(|gift| gift.escrow));
        let take = vec![];
        let saved =
            player
                .client
                .save_ship_with(guild, version, json!({}), Moves { give, take }, "gifts");
        saved.await.unwrap();
    }
    let mut shown = Vec::new();
    let mut some = player.client.escrows_of_character(hero).await.unwrap();
    while let Some(last) = some.last().map(|escrow| escrow.escrow) {
        shown.extend(some.iter().map(|escrow| escrow.escrow));
        let behind = player.client.escrows_of_character_after(hero, last);
        some = behind.await.unwrap();
    }
    given.sort_unstable();
    assert_eq!(shown, given);
}

#[tokio::test]
async fn nothing_goes_to_strangers_or_for_strangers() {
    let server = Server::start_with(|config| config.limits.escrows_open_max = 1);
    let Crew {
        player,
        hero,
        guild,
    } = crew(&server).await;
    let stranger = server.player("stranger").await.client;
    let theirs = stranger
        .create_character("Theirs", json!({}))
        .await
        .unwrap()
        .0
        .character;
    let give =
        stranger.save_character_with(theirs, 1, json!({}), to_guild(Uuid::now_v7(), guild, 1));
    refused(give.await, Code::NotFound);
    let nowhere = stranger.save_character_with(
        theirs,
        1,
        json!({}),
        to_guild(Uuid::now_v7(), Uuid::now_v7(), 1),
    );
    refused(nowhere.await, Code::NotFound);
    for other in [theirs, Uuid::now_v7()] {
        let give = player.client.save_ship_with(
            guild,
            1,
            json!({}),
            to_character(Uuid::now_v7(), other, 1),
            "",
        );
        assert_eq!(refused(give.await, Code::NotAMember).rule, "ship.exchange");
    }
    refused(stranger.escrows_of_guild(guild).await, Code::NotFound);
    refused(stranger.escrows_of_character(hero).await, Code::NotFound);
    let first = Uuid::now_v7();
    player
        .client
        .save_character_with(hero, 1, json!({}), to_guild(first, guild, 1))
        .await
        .unwrap();
    let full =
        player
            .client
            .save_character_with(hero, 2, json!({}), to_guild(Uuid::now_v7(), guild, 1));
    assert_eq!(
        refused(full.await, Code::LimitReached).rule,
        "limits.escrows_open_max"
    );
    assert_eq!(player.client.character(hero).await.unwrap().version, 2);
    let many = Moves {
        give: vec![],
        take: (0..16).map(|_| Uuid::now_v7()).collect(),
    };
    refused(
        player
            .client
            .save_character_with(hero, 2, json!({}), many)
            .await,
        Code::BadField,
    );
}

/// What was given belongs to whom it was given to, whatever becomes of the membership.
#[tokio::test]
async fn who_left_takes_what_is_owed_to_him_and_the_ship_what_he_gave() {
    let server = Server::start();
    let Crew { player, guild, .. } = crew(&server).await;
    let leader = &player.client;
    let code = leader.invite_to_guild(guild).await.unwrap();
    let bert = server.player("bert").await.client;
    bert.join_guild(&code).await.unwrap();
    let (hero, _) = bert
        .create_character("Sailor", json!({"gold": 10}))
        .await
        .unwrap();
    let hero = hero.character;
    let (paid, owed) = (Uuid::now_v7(), Uuid::now_v7());
    bert.save_character_with(hero, 1, json!({"gold": 7}), to_guild(paid, guild, 3))
        .await
        .unwrap();
    let owe = to_character(owed, hero, 2);
    leader
        .save_ship_with(guild, 1, json!({"gold": 5}), owe, "owed")
        .await
        .unwrap();
    bert.leave_guild(guild).await.unwrap();
    refused(bert.escrows_of_guild(guild).await, Code::NotFound);
    let back = bert.save_character_with(hero, 2, json!({"gold": 10}), taking(paid));
    refused(back.await, Code::NotFound);
    assert_eq!(bert.escrows_of_character(hero).await.unwrap().len(), 2);
    let take = || bert.save_character_with(hero, 2, json!({"gold": 9}), taking(owed));
    assert_eq!(take().await.unwrap().version, 3);
    assert_eq!(take().await.unwrap().version, 3, "a retry");
    let take = leader.save_ship_with(guild, 2, json!({"gold": 8}), taking(paid), "paid");
    assert_eq!(take.await.unwrap().version, 3);
    let again = leader.save_ship_with(guild, 3, json!({"gold": 11}), taking(paid), "paid");
    refused(again.await, Code::EscrowTaken);
    let more = to_guild(Uuid::now_v7(), guild, 1);
    let more = bert.save_character_with(hero, 3, json!({"gold": 8}), more);
    refused(more.await, Code::NotFound);
    let sums = (
        gold(&bert.character(hero).await.unwrap().state),
        gold(&leader.guild(guild).await.unwrap().ship.state),
    );
    assert_eq!(sums, (9, 8));
}

/// Splitmix64: one number repeats the run.
struct Dice(u64);

impl Dice {
    fn roll() -> Self {
        let fresh = || RandomState::new().build_hasher().finish();
        let seed =
            std::env::var("GUILDHALL_SEED").map_or_else(|_| fresh(), |it| it.parse().unwrap());
        println!("GUILDHALL_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }
}

#[tokio::test]
async fn the_sum_of_all_gold_stays_over_lost_connections_and_restarts() {
    let mut dice = Dice::roll();
    let mut server = Server::start();
    let Crew {
        mut player,
        hero,
        guild,
    } = crew(&server).await;
    player
        .client
        .save_ship(guild, 1, json!({"gold": 10}))
        .await
        .unwrap();
    let mut moved = 0;
    for _ in 0..4 {
        for _ in 0..12 {
            moved += step(&mut dice, &player.client, hero, guild).await;
            if dice.below(4) == 0 {
                // The connection goes in the middle of a save.
                tokio::select! {
                    biased;
                    _ = step(&mut dice, &player.client, hero, guild) => {}
                    () = player.client.close() => {}
                }
                let (client, events) = player.account.connect().await.unwrap();
                player = Player {
                    account: player.account,
                    client,
                    events,
                };
            }
            assert_eq!(sum(&player.client, hero, guild).await, 20);
        }
        server = server.restart().await;
        let account = server
            .http()
            .account(player.account.id(), player.account.token().to_owned());
        let (client, events) = account.connect().await.unwrap();
        player = Player {
            account,
            client,
            events,
        };
        assert_eq!(sum(&player.client, hero, guild).await, 20);
    }
    assert!(moved > 10, "{moved}");
}

/// One side gives or takes; 1 when something moved. A save that another of this test was under way with
/// may be stale.
async fn step(dice: &mut Dice, client: &Client, hero: Uuid, guild: Uuid) -> u32 {
    let Ok(shown) = client.character(hero).await else {
        return 0;
    };
    let Ok(ship) = client.guild(guild).await.map(|it| it.ship) else {
        return 0;
    };
    let Ok(open) = client.escrows_of_guild(guild).await else {
        return 0;
    };
    let (mine, its) = (gold(&shown.state), gold(&ship.state));
    let done = match dice.below(4) {
        0 if mine > 0 => {
            let what = 1 + dice.below(mine);
            let moves = to_guild(Uuid::now_v7(), guild, what);
            client
                .save_character_with(hero, shown.version, json!({"gold": mine - what}), moves)
                .await
        }
        1 if its > 0 => {
            let what = 1 + dice.below(its);
            let moves = to_character(Uuid::now_v7(), hero, what);
            client
                .save_ship_with(guild, ship.version, json!({"gold": its - what}), moves, "")
                .await
        }
        _ => match open.first() {
            Some(it) if it.to == hero => {
                let state = json!({"gold": mine + it.what.as_u64().unwrap()});
                client
                    .save_character_with(hero, shown.version, state, taking(it.escrow))
                    .await
            }
            Some(it) => {
                let state = json!({"gold": its + it.what.as_u64().unwrap()});
                client
                    .save_ship_with(guild, ship.version, state, taking(it.escrow), "")
                    .await
            }
            None => return 0,
        },
    };
    u32::from(done.is_ok())
}

/// Read until two looks agree: a save of a lost connection may be decided in between.
async fn sum(client: &Client, hero: Uuid, guild: Uuid) -> u64 {
    let look = async || {
        let shown = client.character(hero).await.unwrap();
        let ship = client.guild(guild).await.unwrap().ship;
        let open = client.escrows_of_guild(guild).await.unwrap();
        let waits: u64 = open.iter().map(|it| it.what.as_u64().unwrap()).sum();
        let sum = gold(&shown.state) + gold(&ship.state) + waits;
        (shown.version, ship.version, sum)
    };
    let mut seen = look().await;
    loop {
        let again = look().await;
        if again == seen {
            return seen.2;
        }
        seen = again;
    }
}
