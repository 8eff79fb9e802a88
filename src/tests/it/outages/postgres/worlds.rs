//! Who may have a world, and a server that is started before its database.

use super::*;

#[tokio::test]
async fn a_second_server_on_a_world_is_refused_in_plain_words_and_harms_nobody() {
    let (_postgres, world) = world();
    let scene = scene(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let mut second = ChildServer::spawn(serve(&world, folder.path()));
    let (status, said) = second.wait_end(PATIENCE);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("process {}", std::process::id())),
        "{said}"
    );
    let saved = scene.player.client.save_character(scene.hero, 1, json!({}));
    assert_eq!(saved.await.unwrap().version, 2);
}

#[tokio::test]
async fn a_server_that_has_lost_its_world_promises_nothing_more() {
    let (_postgres, world) = world();
    let scene = scene(&world).await;
    world
        .sql()
        .run("UPDATE world SET epoch = epoch + 1, holder = 'another'");
    let (client, state) = (&scene.player.client, json!({"false": true}));
    let save = client.save_character_until(scene.hero, 1, state, Receipt::Durable);
    let durable = save
        .await
        .is_ok_and(|saved| saved.receipt == Receipt::Durable);
    assert!(!durable);
    let hero = scene.hero;
    let version = format!("SELECT version FROM characters WHERE id = '{hero}'");
    assert_eq!(world.sql().number(&version), 1);
}

#[tokio::test]
async fn a_server_that_is_started_before_its_database_serves_once_that_is_there() {
    let (postgres, world) = world();
    let folder = tempfile::tempdir().unwrap();
    beside(&postgres, |it| it.stop(Stop::Fast)).await;
    let server = Arc::new(ChildServer::spawn(serve(&world, folder.path())));
    let begun = Instant::now();
    beside(&postgres, Postgres::resume).await;
    let url = url_of(&server).await;
    let took = begun.elapsed();
    assert!(took < CATCH_UP_MAX, "{took:?}");
    let http = guildhall_client::HttpClient::new(&url).unwrap();
    http.sign_up("early", crate::harness::PASSWORD)
        .await
        .unwrap();
}

/// PostgreSQL's process that holds the world.
pub(super) fn holder(world: &TestWorld) -> u32 {
    let holders = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    world.sql().rows(holders)[0][0].parse()
}

#[tokio::test]
async fn a_server_that_lost_its_world_tells_nobody_otherwise_and_ends_with_its_own_status() {
    let (_postgres, world) = world();
    let folder = tempfile::tempdir().unwrap();
    let mut server = Arc::new(ChildServer::spawn(serve(&world, folder.path())));
    let (client, hero) = hero(&url_of(&server).await).await;
    let taken = "UPDATE world SET epoch = epoch + 1, holder = 'the thief'";
    world.sql().run(taken);
    let save = client.save_character_until(hero, 1, json!({"false": true}), Receipt::Durable);
    let durable = save.await.is_ok_and(|it| it.receipt == Receipt::Durable);
    assert!(!durable);
    let server = Arc::get_mut(&mut server).unwrap();
    let (status, said) = server.wait_end(PATIENCE);
    assert_eq!(status.code(), Some(3), "{said}");
    let words = "guildhall gave up: the world was taken over by another server, the thief since";
    assert!(said.contains(words), "{said}");
    assert!(said.contains("Stop one of the two servers"), "{said}");
    let version = format!("SELECT version FROM characters WHERE id = '{hero}'");
    assert_eq!(world.sql().number(&version), 1);
}

#[tokio::test]
async fn a_killed_server_whose_connection_hangs_is_followed_by_one_that_waits_for_its_end() {
    let (postgres, world) = world();
    let folder = tempfile::tempdir().unwrap();
    let mut first = Arc::new(ChildServer::spawn(serve(&world, folder.path())));
    let (client, hero) = hero(&url_of(&first).await).await;
    let former = holder(&world);
    postgres.freeze_backend(former);
    let saved = client.save_character(hero, 1, json!({"kept": true}));
    assert_eq!(saved.await.unwrap().receipt, Receipt::Safe);
    Arc::get_mut(&mut first).unwrap().kill9();

    let second = Arc::new(ChildServer::spawn(serve(&world, folder.path())));
    eventually(PATIENCE, "the second to wait", async || {
        second.log().contains("holds the world for a dead server")
    })
    .await;
    postgres.thaw_backend(former);
    url_of(&second).await;
    assert_ne!(holder(&world), former);
    let version = format!("SELECT version FROM characters WHERE id = '{hero}'");
    assert_eq!(world.sql().number(&version), 2, "what was safe is there");
}

#[tokio::test]
async fn a_connection_that_never_ends_is_named_with_what_to_do() {
    let (postgres, world) = world();
    let folder = tempfile::tempdir().unwrap();
    let mut first = Arc::new(ChildServer::spawn(serve(&world, folder.path())));
    url_of(&first).await;
    let former = holder(&world);
    postgres.freeze_backend(former);
    Arc::get_mut(&mut first).unwrap().kill9();
    let mut second = ChildServer::spawn(serve(&world, folder.path()));
    let (status, said) = second.wait_end(PATIENCE);
    assert_eq!(status.code(), Some(1), "{said}");
    let words = format!("guildhall cannot start: process {former} of PostgreSQL holds");
    assert!(said.contains(&words), "{said}");
    assert!(said.contains("kill -CONT"), "{said}");
    postgres.thaw_backend(former);
}
