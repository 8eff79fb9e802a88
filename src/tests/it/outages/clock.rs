//! The clock of the host is set back an hour under a running server, as an operator or a time server does.

use std::path::{Path, PathBuf};
use std::process::Command;

use guildhall_testkit::{ChildServer, TestWorld};

use super::*;
use crate::harness::PASSWORD;

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

/// A server whose clock differs by what the file says. Clocks that only measure go on as they are.
fn serve(world: &TestWorld, clock: &Path) -> ChildServer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "127.0.0.1:0",
    ]);
    command.arg("--data").arg(world.path());
    command.args(["--database", &world.url()]);
    command
        .env("LD_PRELOAD", library())
        .env(FILE_VARIABLE, clock);
    command
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    ChildServer::spawn(command)
}

#[tokio::test]
async fn a_clock_that_is_set_back_an_hour_costs_no_save_and_no_sign_in() {
    let world = TestWorld::new();
    let clock = world.path().join("clock");
    std::fs::write(&clock, "+0").unwrap();
    let child = serve(&world, &clock);
    let url = child.wait_for_line("listening ", PATIENCE);
    let http = HttpClient::new(&url).unwrap().saves_until(Receipt::Durable);
    http.sign_up("early", PASSWORD).await.unwrap();
    let account = http.sign_in("early", PASSWORD, None).await.unwrap();
    let (client, _events) = account.connect().await.unwrap();
    let (hero, _) = client.create_character("Hero", json!({})).await.unwrap();
    let hero = hero.character;
    client
        .save_character(hero, 1, json!({"n": 1}))
        .await
        .unwrap();

    std::fs::write(&clock, "-3600").unwrap();
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

    // The clock did go back, and the order of what happened does not hang on it.
    let lines = world
        .sql()
        .rows("SELECT version, at FROM entity_history WHERE entity_kind = 'character' ORDER BY id");
    let versions: Vec<_> = lines.iter().map(|line| line[0].number()).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5]);
    assert!(lines[2][1].number() < lines[1][1].number() - 3_000_000_000);
    drop(child);
    let child = serve(&world, &clock);
    let url = child.wait_for_line("listening ", PATIENCE);
    let http = HttpClient::new(&url).unwrap().saves_until(Receipt::Durable);
    let account = http.account(account.id(), account.token().to_owned());
    let (client, _events) = account.connect().await.unwrap();
    let saved = client
        .save_character(hero, 5, json!({"n": 5}))
        .await
        .unwrap();
    assert_eq!(saved.version, 6);
}
