//! `guildhall explain` and `guildhall restore`, as the person at the keyboard sees them.

use guildhall_client::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Folder, Running, outcome, says};

fn explain(folder: &Folder, words: &[&str]) -> (Option<i32>, String) {
    let mut command = folder.program();
    command
        .arg("explain")
        .args(words)
        .arg("--data")
        .arg(folder.world());
    outcome(command)
}

fn restore(folder: &Folder, running: &Running, id: Uuid, version: &str) -> (Option<i32>, String) {
    let mut command = folder.program();
    command.args(["restore", "ship", &id.to_string(), "--version", version]);
    command.args(["--admin", &running.admin_url]);
    command.arg("--data").arg(folder.world());
    outcome(command)
}

async fn play(running: &Running) -> (Client, Uuid) {
    let account = running.account("the-leader").await;
    let (client, _events) = account.connect().await.unwrap();
    let (guild, _) = client.create_guild("Sea Dogs").await.unwrap();
    let saved = client.save_ship(guild.guild, 1, json!({"sails": "new"}));
    saved.await.unwrap();
    (client, guild.guild)
}

#[tokio::test]
async fn where_is_my_ship_is_one_command_beside_a_running_server_and_without_one() {
    let folder = Folder::new();
    let running = Running::start(folder.serve());
    let (_client, ship) = play(&running).await;
    let id = ship.to_string();
    let words = [
        "Version 2 was saved by the-leader",
        "there at version 2",
        "guildhall restore ship",
    ];
    let (status, beside) = explain(&folder, &["ship", &id]);
    assert_eq!(status, Some(0), "{beside}");
    says(&beside, &words);
    let (_, by_name) = explain(&folder, &["name", "sea dogs"]);
    says(&by_name, &[&id]);
    let over_http = running.admin().explain("ship", &id).await.unwrap();
    running.stop("-TERM");

    let (_, json) = explain(&folder, &["ship", &id, "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json, over_http);
    let (status, said) = explain(&folder, &["ship", &Uuid::now_v7().to_string()]);
    assert_eq!(status, Some(1), "{said}");
    says(&said, &["Nothing is known"]);
    let (status, said) = explain(&folder, &["ship", "the one with the red sails"]);
    assert_eq!(status, Some(1), "{said}");
    says(&said, &["is no id"]);
}

#[tokio::test]
async fn a_ship_is_put_back_by_one_command_where_that_is_allowed() {
    let folder = Folder::new();
    let running = Running::start(folder.serve());
    let (_client, ship) = play(&running).await;
    let (status, said) = restore(&folder, &running, ship, "1");
    assert_eq!(status, Some(1), "{said}");
    says(&said, &["cannot restore", "--admin-writes"]);
    running.stop("-TERM");

    let mut command = folder.serve();
    command.arg("--admin-writes");
    let running = Running::start(command);
    let (status, said) = restore(&folder, &running, ship, "1");
    assert_eq!(status, Some(0), "{said}");
    says(&said, &["has the state of version 1 again, as version 3"]);
    let (status, said) = restore(&folder, &running, ship, "77");
    assert_eq!(status, Some(1), "{said}");
    says(&said, &["no state of version 77"]);
    running.stop("-TERM");
}

#[tokio::test]
async fn a_restore_that_reaches_no_server_or_the_wrong_one_says_what_to_do() {
    let folder = Folder::new();
    let mut command = folder.serve();
    command.arg("--admin-writes");
    let running = Running::start(command);
    let (_client, ship) = play(&running).await;
    let restore = |admin: &str, token: &std::path::Path| {
        let mut command = folder.program();
        command.args(["restore", "ship", &ship.to_string(), "--version", "1"]);
        command.args(["--admin", admin, "--token-file"]).arg(token);
        outcome(command)
    };
    let address = running.admin_url.trim_start_matches("http://");
    let other = folder.path().join("other.token");
    std::fs::write(&other, "not-this-one").unwrap();
    let (status, said) = restore(address, &other);
    assert_eq!(status, Some(1), "{said}");
    says(
        &said,
        &["does not know this admin token", "--data", "--token-file"],
    );
    let (status, said) = restore("127.0.0.1:1", &running.token_file);
    assert_eq!(status, Some(1), "{said}");
    says(
        &said,
        &["no server answers at http://127.0.0.1:1", "--admin"],
    );
    let (status, said) = restore(address, &running.token_file);
    assert_eq!(status, Some(0), "{said}");
    running.stop("-TERM");
}
