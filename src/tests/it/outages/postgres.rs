//! PostgreSQL goes away in every way that it has.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use guildhall_client::Client;

use guildhall_testkit::postgres::{DURABLE, Postgres, Stop};
use guildhall_testkit::{Carriage, ChildServer, Proxy, Sql, TestWorld};

use super::*;

mod commits;
mod disks;
mod files;
mod full;
mod orders;
mod promises;
mod worlds;

/// A PostgreSQL of one's own, and a world in it.
fn world() -> (Arc<Postgres>, Arc<TestWorld>) {
    let postgres = Arc::new(Postgres::start(DURABLE));
    let world = TestWorld::on_server(&postgres);
    (postgres, Arc::new(world))
}

/// The program on this world with a folder of its own.
fn serve(world: &TestWorld, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
    command.args(SERVE).arg(folder);
    command.args(["--database", &world.url()]);
    command
}

const SERVE: [&str; 6] = [
    "serve",
    "--listen",
    "127.0.0.1:0",
    "--admin-listen",
    "127.0.0.1:0",
    "--data",
];

/// Where a program listens, once it does.
async fn url_of(server: &Arc<ChildServer>) -> String {
    let server = Arc::clone(server);
    let listens = move || server.wait_for_line("listening ", PATIENCE);
    tokio::task::spawn_blocking(listens).await.unwrap()
}

/// A player of this server with a character, who asks for no more than the first promise.
async fn hero(url: &str) -> (Client, Uuid) {
    let http = HttpClient::new(url).unwrap();
    http.sign_up("player", PASSWORD).await.unwrap();
    let account = http.sign_in("player", PASSWORD, None).await.unwrap();
    let (client, _events) = account.connect().await.unwrap();
    let made = client.create_character("Hero", json!({})).await.unwrap();
    (client, made.0.character)
}

async fn scene(world: &Arc<TestWorld>) -> Scene {
    Scene::on(Server::start_on(Arc::clone(world), |_| {})).await
}

/// Runs what blocks beside everything else.
async fn beside(postgres: &Arc<Postgres>, act: impl FnOnce(&Postgres) + Send + 'static) {
    let postgres = Arc::clone(postgres);
    let done = tokio::task::spawn_blocking(move || act(&postgres));
    done.await.unwrap();
}

#[tokio::test]
async fn a_stopped_database_is_ridden_out() {
    let (postgres, world) = world();
    let scene = scene(&world).await;
    let stop = async || beside(&postgres, |it| it.stop(Stop::Fast)).await;
    scene
        .ride_out(stop, async || beside(&postgres, Postgres::resume).await)
        .await;
}

#[tokio::test]
async fn a_killed_database_is_ridden_out() {
    let (postgres, world) = world();
    let scene = scene(&world).await;
    let kill = async || beside(&postgres, Postgres::kill9).await;
    scene
        .ride_out(kill, async || beside(&postgres, Postgres::resume).await)
        .await;
}

#[tokio::test]
async fn a_frozen_database_is_ridden_out() {
    let (postgres, world) = world();
    let scene = scene(&world).await;
    let freeze = async || beside(&postgres, Postgres::freeze).await;
    scene
        .ride_out(freeze, async || beside(&postgres, Postgres::thaw).await)
        .await;
}

/// A server that reaches its database through a proxy.
async fn behind_a_proxy(postgres: &Postgres, world: &Arc<TestWorld>) -> (Proxy, Scene) {
    let port = postgres.port();
    let proxy = Proxy::before(([127, 0, 0, 1], port).into());
    let (there, here) = (format!(":{port}/"), format!(":{}/", proxy.address().port()));
    let url = world.url().replace(&there, &here);
    let server = Server::start_on(Arc::clone(world), |config| config.database = Some(url));
    (proxy, Scene::on(server).await)
}

#[tokio::test]
async fn a_database_behind_a_black_hole_is_ridden_out() {
    let (postgres, world) = world();
    let (proxy, scene) = behind_a_proxy(&postgres, &world).await;
    let lose = async || proxy.set(Carriage::BlackHole);
    // A host that is there again knows nothing of the connections that it lost.
    let find = async || {
        proxy.set(Carriage::Pass);
        proxy.cut();
    };
    scene.ride_out(lose, find).await;
}

#[tokio::test]
async fn a_database_that_refuses_connections_is_ridden_out() {
    let (postgres, world) = world();
    let (proxy, scene) = behind_a_proxy(&postgres, &world).await;
    let refuse = async || {
        proxy.set(Carriage::Refuse);
        proxy.cut();
    };
    scene
        .ride_out(refuse, async || proxy.set(Carriage::Pass))
        .await;
}
