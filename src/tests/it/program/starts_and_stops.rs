//! What a start prints and makes, and that a stop by either signal is clean with sockets open.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use guildhall_client::ClientError;
use guildhall_protocol::CloseCode;
use guildhall_testkit::{ChildServer, eventually};
use serde_json::json;
use tokio::time::timeout;

use super::{Folder, PATIENCE, Running, stop};

/// A stop with a few sockets open takes no longer.
const STOP_MAX: Duration = Duration::from_secs(5);

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_start_prints_its_addresses_and_keeps_its_files_to_its_user() {
    let folder = Folder::new();
    let running = Running::start(folder.serve());
    let socket = running.child.wait_for_line("socket ", PATIENCE);
    assert_eq!(
        socket,
        format!("{}/v1/socket", running.url.replace("http", "ws"))
    );
    assert_eq!(mode(&folder.world()), 0o700);
    assert_eq!(running.token_file, folder.world().join("admin.token"));
    assert_eq!(mode(&running.token_file), 0o600);
    let status = running.admin().supervisor().await.unwrap();
    assert_eq!(status["tree"]["name"], "guildhall");
    let token = std::fs::read_to_string(&running.token_file).unwrap();
    let log = running.stop("-TERM");
    assert!(!log.contains(token.trim()), "the admin token is in the log");
}

#[tokio::test]
async fn either_signal_stops_it_cleanly_with_sockets_open_and_nothing_is_lost() {
    let folder = Folder::new();
    let running = Running::start(folder.serve());
    let account = running.account("the-keeper").await;
    let (client, _events) = account.connect().await.unwrap();
    let (made, _) = client.create_character("Keeper", json!(0)).await.unwrap();
    client.close().await;
    let mut version = made.version;
    let mut running = Some(running);
    for signal in ["-TERM", "-INT"] {
        let now = running
            .take()
            .unwrap_or_else(|| Running::start(folder.serve()));
        let account = now.sign_in("the-keeper").await;
        let (client, _events) = account.connect().await.unwrap();
        let (idle, _idle_events) = account.connect().await.unwrap();
        let saved = client.save_character(made.character, version, json!(signal));
        version = saved.await.unwrap().version;

        let begun = Instant::now();
        let stopping = tokio::task::spawn_blocking(move || now.stop(signal));
        for client in [client, idle] {
            let CloseCode { code, reason } = CloseCode::GOING_AWAY;
            let expected = ClientError::Closed {
                code,
                reason: reason.to_owned(),
            };
            let ended = timeout(PATIENCE, client.ended()).await;
            assert_eq!(ended.expect("the end of the socket"), expected);
        }
        stopping.await.unwrap();
        let took = begun.elapsed();
        println!("stopped by {signal} after {} ms", took.as_millis());
        assert!(took < STOP_MAX, "{took:?}");
    }
    let running = Running::start(folder.serve());
    let account = running.sign_in("the-keeper").await;
    let (client, _events) = account.connect().await.unwrap();
    let kept = client.character(made.character).await.unwrap();
    assert_eq!((kept.version, kept.state), (version, json!("-INT")));
}

#[tokio::test]
async fn a_stop_that_is_ordered_while_it_starts_is_an_orderly_one() {
    let folder = Folder::new();
    let child = ChildServer::spawn(folder.serve());
    // The first word that it says, before it says that it listens.
    child.wait_for_line("socket ", PATIENCE);
    stop(child, "-TERM");
}

#[tokio::test]
async fn a_save_that_is_under_way_when_it_is_told_to_stop_is_durable_or_refused() {
    let folder = Folder::new();
    let running = Running::start(folder.serve());
    let account = running.account("the-late").await;
    let (client, _events) = account.connect().await.unwrap();
    let mut characters = Vec::new();
    for number in 0..20 {
        let name = format!("Late {number}");
        let (made, _) = client.create_character(&name, json!(0)).await.unwrap();
        characters.push(made);
    }
    let saves = characters
        .iter()
        .map(|made| client.save_character(made.character, made.version, json!("late")));
    let saves = futures_util::future::join_all(saves);
    let stopping = async { tokio::task::spawn_blocking(move || running.stop("-TERM")).await };
    let (saved, stopped) = timeout(PATIENCE, async { tokio::join!(saves, stopping) })
        .await
        .expect("an answer to each, and the end");
    stopped.unwrap();

    let running = Running::start(folder.serve());
    let account = running.sign_in("the-late").await;
    let (client, _events) = account.connect().await.unwrap();
    for (made, outcome) in characters.iter().zip(saved) {
        let kept = client.character(made.character).await.unwrap();
        match outcome {
            Ok(saved) => assert_eq!((kept.version, kept.state), (saved.version, json!("late"))),
            Err(_) => assert!(
                [json!(0), json!("late")].contains(&kept.state),
                "{}",
                kept.state
            ),
        }
    }
}

#[tokio::test]
async fn what_was_being_uploaded_when_it_was_killed_is_removed_at_the_next_start() {
    let folder = Folder::new();
    let unfinished = || {
        let listed = std::fs::read_dir(folder.world().join("partial"));
        listed.unwrap().count()
    };
    let mut running = Running::start(folder.serve());
    let account = running.account("the-gm").await;
    let (client, _events) = account.connect().await.unwrap();
    let campaign = client.create_campaign("Cut short").await.unwrap().campaign;
    let board = client.create_board(campaign, "The board", "opaque").await;
    let board = board.unwrap().board;
    client.open_board(board).await.unwrap();
    client
        .upload_board(board, None, "opaque", b"kept")
        .await
        .unwrap();
    let upload = client.start_upload(board, Some(1), 10, None).await;
    let upload = upload.unwrap().upload;
    client.send_chunk(upload, 0, b"half").await.unwrap();
    eventually(PATIENCE, "a file that grows", async || unfinished() == 1).await;
    running.child.kill9();
    assert_eq!(unfinished(), 1);

    let running = Running::start(folder.serve());
    assert_eq!(unfinished(), 0);
    let account = running.sign_in("the-gm").await;
    let (client, _events) = account.connect().await.unwrap();
    let opened = client.open_board(board).await.unwrap();
    let head = opened.board.head.unwrap();
    let kept = account.download(&opened.download.unwrap(), &head).await;
    assert_eq!(kept.unwrap(), b"kept");
    running.stop("-TERM");
}
