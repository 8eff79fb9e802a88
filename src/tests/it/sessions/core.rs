//! Each child of `core` falls while two hundred sockets are open.

use futures_util::future::join_all;
use guildhall::hall::Hall;
use guildhall_client::{Client, ClientError};
use guildhall_process::{ExitReason, Pid, exit, testing};
use guildhall_protocol::Code;
use guildhall_store::queries;
use guildhall_testkit::eventually;
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Fall, find, status};
use crate::crowd::Crowd;
use crate::harness::{PATIENCE, Server};

const CHILDREN: [&str; 4] = ["store", "names", "persistence", "presence"];

/// The process as it lives now.
fn child(hall: &Hall, name: &str) -> Option<Pid> {
    match name {
        "store" => hall.store.whereis().map(|process| process.pid()),
        "names" => hall.names.whereis().map(|process| process.pid()),
        "presence" => hall.presence.whereis().map(|process| process.pid()),
        _ => hall.persistence.whereis().map(|process| process.pid()),
    }
}

#[tokio::test]
async fn a_killed_child_of_core_costs_no_socket() {
    each_child_of_core(Fall::Kill).await;
}

#[tokio::test]
async fn a_panic_in_a_child_of_core_costs_no_socket() {
    each_child_of_core(Fall::Panic).await;
}

async fn each_child_of_core(how: Fall) {
    let crowd = Crowd::gather("opaque").await;
    for (number, name) in CHILDREN.into_iter().enumerate() {
        let hall = &crowd.server.hall;
        let before = child(hall, name).expect("a living process");
        match how {
            Fall::Kill => exit(before, ExitReason::Kill),
            Fall::Panic => assert!(testing::crash_next(before)),
        }
        // The one goes through the first three of them, the other through the last.
        let wanted = format!("Hero {number}");
        let made = crowd.gm.client.create_character(&wanted, json!({})).await;
        assert!(is_ok_or_unavailable(&made), "{name}: {made:?}");
        let members = crowd.gm.client.members(crowd.campaign).await;
        assert!(is_ok_or_unavailable(&members), "{name}: {members:?}");
        let refused = crowd.ask_all(Client::characters).await;
        assert!(
            refused.keys().all(|code| *code == "unavailable"),
            "{name}: {refused:?}"
        );
        eventually(PATIENCE, "the successor", async || {
            child(hall, name).is_some_and(|pid| pid != before)
        })
        .await;
        crowd.is_untouched().await;
        is_counted(&crowd.server, name, how).await;
        has_one_character(&crowd.gm.client, &wanted).await;
        everyone_is_here(&crowd).await;
    }
}

/// Also a presence process that has just started knows the crowd, the GM and the player.
async fn everyone_is_here(crowd: &Crowd) {
    let expected = u64::from(crowd.everyone()) + 1;
    eventually(PATIENCE, "everyone's presence", async || {
        status(&crowd.server).await["sessions"]["here"] == expected
    })
    .await;
    let members = crowd.gm.client.members(crowd.campaign).await.unwrap();
    assert!(members.iter().all(|member| member.online), "{members:?}");
}

fn is_ok_or_unavailable<T>(outcome: &Result<T, ClientError>) -> bool {
    match outcome {
        Ok(_) => true,
        Err(error) => error.code() == Some(Code::Unavailable),
    }
}

/// One restart more, with the reason of the end that it followed.
async fn is_counted(server: &Server, name: &str, how: Fall) {
    let status = status(server).await;
    let node = find(&status["tree"], name).expect("a node in the tree");
    assert_eq!(node["restarts"], 1, "{node}");
    let reason = node["last_exit_reason"].as_str().expect("a reason");
    match how {
        Fall::Kill => assert_eq!(reason, "killed"),
        Fall::Panic => assert!(reason.contains("injected crash"), "{reason}"),
    }
}

/// Whatever was answered: asked again, the name is there in the end, once.
async fn has_one_character(client: &Client, name: &str) {
    let there = async || {
        let characters = client.characters().await.unwrap();
        let named = characters.iter().filter(|c| c.name == name).count();
        assert!(named <= 1, "{characters:?}");
        named == 1
    };
    eventually(PATIENCE, "an answer that stands", async || {
        match client.create_character(name, json!({})).await {
            Ok(_) => there().await,
            // Also while the outcome of an earlier write is being read back; then it is free again.
            Err(error) if error.code() == Some(Code::NameTaken) => there().await,
            Err(error) => {
                assert_eq!(error.code(), Some(Code::Unavailable), "{error}");
                false
            }
        }
    })
    .await;
}

/// Characters that are saved at the same time.
const SAVED: usize = 20;
/// At which message of each round persistence crashes; the supervisor of `core` bears five in 10 s.
const CRASH_AT: [u32; 4] = [1, 3, 11, 20];

#[tokio::test]
async fn a_save_before_a_crash_of_persistence_is_durable_or_refused_in_words() {
    let crowd = Crowd::gather("opaque").await;
    let (server, client) = (&crowd.server, &crowd.gm.client);
    let mut characters = Vec::new();
    for number in 0..SAVED {
        let name = format!("Saver {number}");
        let (made, _) = client.create_character(&name, json!({})).await.unwrap();
        characters.push((made.character, made.version));
    }
    let (mut durable, mut unknown) = (0, 0);
    for (round, crash_at) in CRASH_AT.into_iter().enumerate() {
        let before = child(&server.hall, "persistence").expect("a living process");
        assert!(testing::crash_nth(before, crash_at));
        let state = json!({ "round": round, "text": "kept or refused" });
        let saves = characters
            .iter()
            .map(|(id, version)| client.save_character(*id, *version, state.clone()));
        let saved = timeout(PATIENCE, join_all(saves))
            .await
            .expect("an answer to each");
        for ((id, version), outcome) in characters.iter_mut().zip(saved) {
            assert!(is_ok_or_unavailable(&outcome), "{outcome:?}");
            let (stored, held) = stored(server, *id).await;
            match outcome {
                Ok(saved) => {
                    durable += 1;
                    assert_eq!(stored, saved.version);
                    assert_eq!(held, state);
                }
                // Nobody knows, and so it was said; but never half, and never something else.
                Err(_) => {
                    unknown += 1;
                    assert_eq!(stored == *version, held != state);
                }
            }
            *version = stored;
        }
        eventually(PATIENCE, "the successor", async || {
            child(&server.hall, "persistence").is_some_and(|pid| pid != before)
        })
        .await;
    }
    println!("{durable} saves were durable, {unknown} refused in words");
    assert!(
        durable > 0 && unknown > 0,
        "{durable} durable, {unknown} refused"
    );
    for (id, version) in characters {
        let last = client.save_character(id, version, json!("last")).await;
        assert_eq!(last.unwrap().version, version + 1);
    }
    crowd.is_untouched().await;
}

/// Version and state in the database itself.
async fn stored(server: &Server, character: Uuid) -> (u32, Value) {
    let row = server
        .hall
        .read(move |conn| queries::character(conn, character));
    let row = row.await.unwrap().expect("a row");
    (row.version, serde_json::from_slice(&row.state).unwrap())
}
