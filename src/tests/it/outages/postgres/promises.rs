//! What is called safe while the connection that writes hangs: nothing that something undecided may spoil, and
//! for whoever comes back what he has.

use futures_util::future::join_all;
use guildhall::presence::Figures;
use guildhall_client::Account;
use guildhall_protocol::SavingState::SavingDelayed;

use super::*;

/// The player's account, which asks for no more than the first promise.
fn account(scene: &Scene) -> Account {
    let http = HttpClient::new(&scene.server.url).unwrap();
    let theirs = &scene.player.account;
    http.account(theirs.id(), theirs.token().to_owned())
}

#[tokio::test]
async fn no_save_is_called_safe_behind_an_entry_into_play_that_is_not_decided() {
    let (postgres, world) = world();
    let mut scene = scene(&world).await;
    let desk = scene.player.client.clone();
    let made = desk.create_character("Sidekick", json!({})).await;
    let sidekick = made.unwrap().0.character;
    let (phone, _phone_events) = account(&scene).connect().await.unwrap();
    let writer = worlds::holder(&world);
    postgres.freeze_backend(writer);
    let saves = async {
        eventually(PATIENCE, "the entry to be under way", async || {
            scene.figures().await["in_flight"] == 1
        })
        .await;
        let hers = desk.save_character(scene.hero, 1, json!({"n": 2}));
        join(hers, desk.save_character(sidekick, 1, json!({"n": 2}))).await
    };
    let (entered, (hero, sidekick)) = join(phone.play_character(scene.hero), saves).await;
    let Err(ClientError::Refused(refusal)) = entered else {
        panic!("{entered:?}");
    };
    assert_eq!(refusal.rule, "change.outcome_unknown");
    assert_eq!(hero.unwrap().receipt, Receipt::Queued);
    assert_eq!(sidekick.unwrap().receipt, Receipt::Safe, "nobody else's");
    postgres.thaw_backend(writer);
    scene.is_caught_up().await;
    let reloaded = scene.player.events.find(|event| match event {
        Event::CharacterReloaded {
            character, reason, ..
        } => Some((character, reason)),
        _ => None,
    });
    let told = tokio::time::timeout(PATIENCE, reloaded).await.unwrap();
    let fenced = (scene.hero, Code::Fenced.rule().to_owned());
    assert_eq!(told.unwrap(), fenced);
    // By now it is known, and the answer is the refusal itself.
    let known = desk.save_character(scene.hero, 1, json!({"n": 3})).await;
    assert_eq!(known.unwrap_err().code(), Some(Code::Fenced));
}

#[tokio::test]
async fn who_comes_back_while_the_writer_hangs_plays_on_and_reads_what_is_safe() {
    let (postgres, world) = world();
    let scene = scene(&world).await;
    let account = account(&scene);
    let writer = worlds::holder(&world);
    postgres.freeze_backend(writer);
    let saved = scene
        .player
        .client
        .save_character(scene.hero, 1, json!({"n": 2}));
    assert_eq!(saved.await.unwrap().receipt, Receipt::Safe);
    let Scene {
        server,
        player,
        hero,
    } = scene;
    drop(player);
    eventually(PATIENCE, "the end of the session", async || {
        let figures = server.hall.presence.call(|reply| Figures { reply }).await;
        figures.unwrap().here == 0
    })
    .await;
    let (client, _events) = account.connect().await.unwrap();
    let (seen, receipt) = client.character_and_receipt(hero).await.unwrap();
    assert_eq!((seen.version, receipt), (2, Receipt::Safe));
    assert_eq!(seen.state, json!({"n": 2}));
    let saved = client.save_character(hero, 2, json!({"n": 3})).await;
    assert_eq!(saved.unwrap().receipt, Receipt::Safe);
    // Another sign-in has nothing to go on from, and takes nothing away unless the database says so.
    postgres.thaw_backend(writer);
    eventually(PATIENCE, "the commit", async || {
        let (seen, receipt) = client.character_and_receipt(hero).await.unwrap();
        assert_eq!((seen.version, seen.state), (3, json!({"n": 3})));
        receipt == Receipt::Durable
    })
    .await;
    let epoch = format!("SELECT play_epoch FROM characters WHERE id = '{hero}'");
    assert_eq!(world.sql().number(&epoch), 0, "he never left play");
}

#[tokio::test]
async fn a_connection_that_stays_in_a_black_hole_is_given_up_and_all_is_saved_in_time() {
    let (postgres, world) = world();
    let (proxy, mut scene) = behind_a_proxy(&postgres, &world).await;
    proxy.set(Carriage::BlackHole);
    let saved = scene
        .player
        .client
        .save_character(scene.hero, 1, json!({"n": 2}));
    assert_eq!(saved.await.unwrap().receipt, Receipt::Safe);
    scene.hears(SavingDelayed).await;
    // The network is back, for new connections only.
    proxy.set(Carriage::Pass);
    let begun = Instant::now();
    scene.is_caught_up().await;
    let took = begun.elapsed();
    assert!(took < CATCH_UP_MAX, "caught up after {took:?}");
    let version = format!("SELECT version FROM characters WHERE id = '{}'", scene.hero);
    assert_eq!(world.sql().number(&version), 2);
}

#[tokio::test]
async fn reads_that_stay_in_a_black_hole_are_given_up_and_others_are_answered_in_time() {
    let (postgres, world) = world();
    let (proxy, scene) = behind_a_proxy(&postgres, &world).await;
    let client = &scene.player.client;
    let threads = scene.server.hall.config.limits.reader_threads;
    let reads = || join_all((0..threads).map(|_| client.characters()));
    // Slow enough that each thread has a connection of its own.
    proxy.set(Carriage::Delay(Duration::from_millis(20)));
    assert!(reads().await.iter().all(Result::is_ok));
    proxy.set(Carriage::BlackHole);
    for read in reads().await {
        assert_eq!(read.unwrap_err().code(), Some(Code::Unavailable));
    }
    // The network is back, for new connections only.
    proxy.set(Carriage::Pass);
    let begun = Instant::now();
    eventually(PATIENCE, "a read", async || {
        client.characters().await.is_ok()
    })
    .await;
    let took = begun.elapsed();
    assert!(took < CATCH_UP_MAX, "read again after {took:?}");
}
