//! Who may have a world, and a server that is started before its database.

use super::*;

/// The program on this world with a folder of its own.
fn serve(world: &TestWorld, folder: &tempfile::TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "127.0.0.1:0",
    ]);
    command.arg("--data").arg(folder.path());
    command.args(["--database", &world.url()]);
    command
}

#[tokio::test]
async fn a_second_server_on_a_world_is_refused_in_plain_words_and_harms_nobody() {
    let (_postgres, world) = world();
    let scene = scene(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let mut second = ChildServer::spawn(serve(&world, &folder));
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
    let server = Arc::new(ChildServer::spawn(serve(&world, &folder)));
    let begun = Instant::now();
    beside(&postgres, Postgres::resume).await;
    let listens = Arc::clone(&server);
    let listens =
        tokio::task::spawn_blocking(move || listens.wait_for_line("listening ", PATIENCE));
    let url = listens.await.unwrap();
    let took = begun.elapsed();
    assert!(took < CATCH_UP_MAX, "{took:?}");
    let http = guildhall_client::HttpClient::new(&url).unwrap();
    http.sign_up("early", crate::harness::PASSWORD)
        .await
        .unwrap();
}
