//! The clock of the host is set under a running server and between two starts, as an operator, a time server or an
//! empty battery does: by an hour, by ten years, in both directions.

use std::path::{Path, PathBuf};
use std::process::Command;

use guildhall_client::{Account, AdminClient, Client};
use guildhall_protocol::Role;
use guildhall_testkit::{ChildServer, TestWorld};

use super::*;

mod jumps;

/// What the library reads the difference from, at every question for the time.
const FILE_VARIABLE: &str = "FAKETIME_TIMESTAMP_FILE";

/// The library of the package faketime that stands before the system's clock.
fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let of = |folder: PathBuf| folder.join("faketime/libfaketimeMT.so.1");
    let mut libraries = folders.map(|folder| of(folder.path()));
    let found = libraries.find(|library| library.is_file());
    found.expect("libfaketime: `apt-get install faketime`")
}

/// A server on a clock that can be set. Clocks that only measure go on as they are.
struct Host {
    world: TestWorld,
    child: ChildServer,
    url: String,
    admin_url: String,
}

impl Host {
    fn new() -> Self {
        let world = TestWorld::new();
        std::fs::write(clock_of(&world), "+0").unwrap();
        let child = serve(&world, &[]);
        Self::listening(world, child)
    }

    fn listening(world: TestWorld, child: ChildServer) -> Self {
        let url = child.wait_for_line("listening ", PATIENCE);
        let admin_url = child.wait_for_line("admin  ", PATIENCE);
        Self {
            world,
            child,
            url,
            admin_url,
        }
    }

    /// Has the system's clock differ from the true time by this.
    fn set_clock(&self, difference: &str) {
        std::fs::write(clock_of(&self.world), difference).unwrap();
    }

    /// Kills the server and starts one whose system has this time.
    fn restart_at(mut self, difference: &str, settings: &[(&str, &str)]) -> Self {
        self.child.kill9();
        self.set_clock(difference);
        let child = serve(&self.world, settings);
        Self::listening(self.world, child)
    }

    fn http(&self) -> HttpClient {
        let http = HttpClient::new(&self.url).unwrap();
        http.saves_until(Receipt::Durable)
    }

    fn admin(&self) -> AdminClient {
        let token = self.world.path().join(guildhall::server::ADMIN_TOKEN_FILE);
        let token = std::fs::read_to_string(token).unwrap();
        AdminClient::new(&self.admin_url, &token).unwrap()
    }

    async fn status(&self) -> Value {
        self.admin().supervisor().await.unwrap()
    }
}

fn clock_of(world: &TestWorld) -> PathBuf {
    world.path().join("clock")
}

fn program(clock: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GUILDHALL_")) {
        command.env_remove(name);
    }
    command
        .env("LD_PRELOAD", library())
        .env(FILE_VARIABLE, clock);
    command
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    command
}

/// It looks often for what is past its time, so that what a jump costs is seen at once.
fn serve(world: &TestWorld, settings: &[(&str, &str)]) -> ChildServer {
    let mut command = program(&clock_of(world));
    let listen = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    command.arg("serve").args(listen).arg("--admin-writes");
    command.arg("--data").arg(world.path());
    command.args(["--database", &world.url()]);
    command
        .env("GUILDHALL_LIMITS__RETENTION_INTERVAL_MS", "50")
        .env("GUILDHALL_LIMITS__NAMES_FREE_INTERVAL_MS", "20")
        .envs(settings.iter().copied());
    ChildServer::spawn(command)
}

#[tokio::test]
async fn a_clock_that_is_set_back_an_hour_costs_no_save_and_no_sign_in() {
    let host = Host::new();
    let http = host.http();
    http.sign_up("early", PASSWORD).await.unwrap();
    let account = http.sign_in("early", PASSWORD, None).await.unwrap();
    let (client, _events) = account.connect().await.unwrap();
    let (hero, _) = client.create_character("Hero", json!({})).await.unwrap();
    let hero = hero.character;
    client
        .save_character(hero, 1, json!({"n": 1}))
        .await
        .unwrap();

    host.set_clock("-3600");
    for base in 2..5 {
        let saved = client
            .save_character(hero, base, json!({"n": base}))
            .await
            .unwrap();
        assert_eq!((saved.version, saved.receipt), (base + 1, Receipt::Durable));
    }
    let (again, _events) = account.connect().await.unwrap();
    http.sign_in("early", PASSWORD, None).await.unwrap();
    let shown = again.character(hero).await.unwrap();
    assert_eq!((shown.version, shown.state), (5, json!({"n": 4})));

    // The clock did go back, and the world's went on.
    let clock = host.status().await["clock"].clone();
    let ahead_ms = clock["system_ahead_ms"].as_i64().unwrap();
    assert!((-3_601_000..=-3_599_000).contains(&ahead_ms), "{clock}");
    let lines = host
        .world
        .sql()
        .rows("SELECT version, at FROM entity_history WHERE entity_kind = 'character' ORDER BY id");
    let versions: Vec<_> = lines.iter().map(|line| line[0].number()).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5]);
    assert!(lines.is_sorted_by_key(|line| line[1].number()));
    let host = host.restart_at("-3600", &[]);
    let account = host
        .http()
        .account(account.id(), account.token().to_owned());
    let (client, _events) = account.connect().await.unwrap();
    let saved = client
        .save_character(hero, 5, json!({"n": 5}))
        .await
        .unwrap();
    assert_eq!(saved.version, 6);
}
