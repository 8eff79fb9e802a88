//! What the operator sees: the whole tree with every figure, behind a token, and nothing of the players.

use guildhall_client::{AdminClient, ClientError, SUPERVISOR_PATH};
use guildhall_protocol::{Code, Role};
use guildhall_testkit::eventually;
use serde_json::{Value, json};

use super::{find, status};
use crate::crowd::Victim;
use crate::harness::{HttpAnswer, PASSWORD, PATIENCE, Server, http};

/// A GET with one more line in its head, or none.
async fn get(url: &str, path: &str, line: &str) -> HttpAnswer {
    let address = url.trim_start_matches("http://").parse().unwrap();
    let head = format!("GET {path} HTTP/1.1\r\n{line}");
    http(address, head.trim_end(), b"").await
}

#[tokio::test]
async fn the_status_is_told_to_nobody_without_the_admin_token() {
    let server = Server::start();
    let player = server.player("the-player").await;
    let wrong = [
        String::new(),
        "Authorization: Bearer ".to_owned(),
        "Authorization: Bearer nonsense".to_owned(),
        "Authorization: Basic YWRtaW46YWRtaW4=".to_owned(),
        format!("Authorization: Bearer {}", player.account.token()),
    ];
    for line in wrong {
        let answer = get(&server.admin_url, SUPERVISOR_PATH, &line).await;
        assert_eq!(answer.status, 401, "{line}");
        assert_eq!(answer.refusal().code, Code::Unauthenticated);
        assert!(!String::from_utf8(answer.body).unwrap().contains("tree"));
    }
    // Nor is it to be had from the public listener, whoever asks, or with the token in the address.
    let right = format!("Authorization: Bearer {}", server.admin_token());
    assert_eq!(get(&server.url, SUPERVISOR_PATH, &right).await.status, 404);
    let path = format!("{SUPERVISOR_PATH}?token={}", server.admin_token());
    assert_eq!(get(&server.admin_url, &path, "").await.status, 401);
    let wrong = AdminClient::new(&server.admin_url, "nonsense").unwrap();
    let refused = wrong.supervisor().await.unwrap_err();
    assert!(matches!(refused, ClientError::Http { status: 401, .. }));
    status(&server).await;
}

#[tokio::test]
async fn the_status_shows_the_whole_tree_and_what_the_house_counts() {
    let server = Server::start();
    let table = server.table("opaque").await;
    table.gm.client.open_board(table.board).await.unwrap();
    let (guild, _) = table.gm.client.create_guild("The guild").await.unwrap();
    // Nobody has looked at the guild before, so nothing of it lives.
    assert!(server.hall.guilds.registry().is_empty());
    table.gm.client.guild(guild.guild).await.unwrap();
    let made = table
        .gm
        .client
        .create_character("The hero", json!({}))
        .await;
    made.unwrap();
    let mut leaver = Victim::connect(&server, &table.player.account).await;
    leaver.wire.socket.half_close().await.unwrap();
    leaver.is_gone().await;
    eventually(PATIENCE, "the end counted", async || {
        server.ended_by("connection_lost").await == 1
    })
    .await;

    let status = status(&server).await;
    let tree = &status["tree"];
    assert_eq!(tree["name"], "guildhall");
    assert_eq!(
        names(tree),
        [
            "core",
            "campaigns",
            "boards",
            "guilds",
            "sessions",
            "endpoint",
            "admin"
        ]
    );
    let core = find(tree, "core").unwrap();
    assert_eq!(
        names(core),
        ["store", "names", "persistence", "presence", "retention"]
    );
    every_field_is_there(tree, true);
    for (supervisor, kind, living) in [
        ("campaigns", "campaign", 1),
        ("boards", "board_sync", 1),
        ("guilds", "guild", 1),
        ("sessions", "session", 2),
    ] {
        let children = find(tree, supervisor).unwrap()["children"]
            .as_array()
            .unwrap();
        assert_eq!(children.len(), living, "{children:?}");
        for child in children {
            assert_eq!(child["kind"], kind);
            assert_eq!(child["restart_type"], "temporary");
        }
    }
    sessions_and_sockets_are_linked(&status);
    let sessions = &status["sessions"];
    assert_eq!(sessions["here"], 2);
    assert_eq!(sessions["started"], 3);
    assert_eq!(sessions["ended_by_cause"], json!({"connection_lost": 1}));
    let persistence = &status["persistence"];
    assert_eq!(
        (&persistence["dirty"], &persistence["in_flight"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(persistence["refused"], 0);
    assert!(
        persistence["committed"].as_u64() >= Some(5),
        "{persistence}"
    );
    assert!(persistence["batches"].as_u64() >= Some(1), "{persistence}");
    let figures = &status["names"];
    // Of the guild and of the hero.
    assert_eq!(figures["taken"], 2, "{figures}");
    assert_eq!(figures["index_minus_database"], 0);
    assert_eq!(figures["database_minus_index"], 0);
    assert_eq!(figures["alarms"], 0);
    assert!(status["uptime_ms"].is_u64());
}

fn names(node: &Value) -> Vec<&str> {
    let children = node["children"].as_array().unwrap();
    children
        .iter()
        .map(|child| child["name"].as_str().unwrap())
        .collect()
}

/// The fields that every process shows, down the whole tree.
fn every_field_is_there(node: &Value, is_root: bool) {
    for text in ["kind", "class", "pid"] {
        assert!(node[text].is_string(), "{text} in {node}");
    }
    assert!(node["name"].is_string(), "{node}");
    assert!(is_root || node["restart_type"].is_string(), "{node}");
    for list in [
        "links",
        "monitors",
        "monitored_by",
        "registered",
        "groups",
        "recent_messages",
    ] {
        assert!(node[list].is_array(), "{list} in {node}");
    }
    for number in ["handled", "restarts", "timers", "uptime_ms"] {
        assert!(node[number].is_u64(), "{number} in {node}");
    }
    assert!(node["mailbox"]["length"].is_u64(), "{node}");
    assert!(node["mailbox"]["max"].is_u64(), "{node}");
    let fields = node.as_object().unwrap();
    assert!(fields.contains_key("last_exit_reason"), "{node}");
    for child in node["children"].as_array().unwrap() {
        assert_eq!(child["parent"], node["pid"]);
        every_field_is_there(child, false);
    }
}

/// Each session with one socket and back; the board and the presence process watch it.
fn sessions_and_sockets_are_linked(status: &Value) {
    let tree = &status["tree"];
    let sockets = status["sockets"].as_array().unwrap();
    let presence = find(tree, "presence").unwrap();
    for session in find(tree, "sessions").unwrap()["children"]
        .as_array()
        .unwrap()
    {
        let links = session["links"].as_array().unwrap();
        let socket = sockets.iter().find(|socket| links.contains(&socket["pid"]));
        let socket = socket.expect("a linked socket");
        assert_eq!(socket["class"], "port");
        assert_eq!(socket["links"], json!([session["pid"]]));
        let watchers = session["monitored_by"].as_array().unwrap();
        assert!(watchers.contains(&presence["pid"]), "{session}");
    }
}

#[tokio::test]
async fn nothing_that_players_hold_secret_is_in_the_status() {
    let server = Server::start();
    let table = server.table("opaque").await;
    let client = &table.gm.client;
    client.open_board(table.board).await.unwrap();
    let code = client.invite(table.campaign, Role::Player).await.unwrap();
    let secret = json!({ "diary": "moonlit-diary-entry" });
    let (made, _) = client
        .create_character("Hushed Hero", secret)
        .await
        .unwrap();
    let worse = json!({ "diary": "another-diary-entry" });
    let saved = client.save_character(made.character, made.version, worse);
    saved.await.unwrap();
    let ticket = table.player.account.socket_ticket().await.unwrap().ticket;
    let board = client.upload_board(table.board, None, "opaque", b"bytes-of-a-board");
    board.await.unwrap();

    let text = status(&server).await.to_string();
    let admin_token = server.admin_token();
    let secrets = [
        table.gm.account.token(),
        table.player.account.token(),
        admin_token.as_str(),
        PASSWORD,
        &code,
        &ticket,
        "moonlit-diary-entry",
        "another-diary-entry",
        "Hushed Hero",
        "bytes-of-a-board",
    ];
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} is in the status");
    }
    // What the status does show is found by the same search.
    assert!(text.contains(&table.board.to_string()));
}

#[tokio::test]
async fn both_listeners_tell_their_health_with_empty_bodies() {
    let server = Server::start();
    for url in [&server.url, &server.admin_url] {
        for path in ["/healthz", "/readyz"] {
            let healthy = get(url, path, "").await;
            assert_eq!((healthy.status, healthy.body), (204, vec![]), "{url}{path}");
        }
        let unknown = get(url, "/health", "").await;
        assert_eq!(unknown.status, 404, "{url}");
        assert_eq!(unknown.refusal().code, Code::NotFound);
    }
}
