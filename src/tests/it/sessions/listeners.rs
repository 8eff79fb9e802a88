//! The tree above the sessions: what a fall there takes along, that the address stays, and a full house.

use std::time::Duration;

use guildhall_client::{AdminClient, ClientError};
use guildhall_process::{ExitReason, Pid, TreeNode, exit, tree};
use guildhall_protocol::{Ask, CloseCode};
use guildhall_testkit::eventually;
use tokio::time::timeout;

use super::{find, status};
use crate::crowd::Victim;
use crate::harness::{PASSWORD, PATIENCE, Player, Server, Wire};

/// The children of the root in start order.
fn children(server: &Server) -> Vec<(String, Pid)> {
    let root = server.hall.root.get().copied().expect("a started root");
    let TreeNode { children, .. } = tree(root).expect("a living root");
    let named = |node: TreeNode| (node.info.name.unwrap_or_default(), node.info.pid);
    children.into_iter().map(named).collect()
}

/// Kills the child and waits until it and all that were started after it are new, and only they.
async fn fall(server: &Server, name: &str) {
    let before = children(server);
    let first = before.iter().position(|(child, _)| child == name);
    let first = first.expect("a child of the root");
    exit(before[first].1, ExitReason::Kill);
    eventually(PATIENCE, "the children started again", async || {
        let now = children(server);
        now.len() == before.len() && now.last().map(|c| c.1) != before.last().map(|c| c.1)
    })
    .await;
    let now = children(server);
    for (place, (was, is)) in before.iter().zip(&now).enumerate() {
        assert_eq!(was.0, is.0);
        assert_eq!(
            was.1 == is.1,
            place < first,
            "{name} fell: {before:?}, now {now:?}"
        );
    }
}

/// The connection has ended, with a word or by the end of its worker.
async fn is_ended(player: &Player) {
    let ended = timeout(PATIENCE, player.client.ended()).await;
    match ended.expect("the end of the connection") {
        ClientError::Closed { code, .. } => assert!(
            [CloseCode::SESSION_KILLED.code, CloseCode::GOING_AWAY.code].contains(&code),
            "{code}"
        ),
        ClientError::Lost { .. } => {}
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_fall_in_the_tree_takes_along_what_was_started_later_and_the_address_stays() {
    let server = Server::start();
    let first = server.player("the-first").await;
    for name in ["guilds", "sessions", "endpoint"] {
        let (client, events) = first.account.connect().await.unwrap();
        let player = Player {
            account: first.account.clone(),
            client,
            events,
        };
        fall(&server, name).await;
        is_ended(&player).await;
        // The same address, the same token, a new session.
        let (client, _events) = timeout(PATIENCE, first.account.connect())
            .await
            .unwrap()
            .unwrap();
        client.keep_alive().await.unwrap();
        let status = status(&server).await;
        let node = find(&status["tree"], name).expect("a node in the tree");
        assert_eq!(node["last_exit_reason"], "killed", "{node}");
        assert!(node["restarts"].as_u64() >= Some(1), "{node}");
        client.close().await;
    }
    // No session and no socket is left over from any of them.
    eventually(PATIENCE, "no session", async || {
        server.hall.sessions.registry().is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_fall_of_the_admin_listener_costs_no_socket() {
    let server = Server::start();
    let player = server.player("the-player").await;
    let session = player.client.welcome().session;
    let before = children(&server);
    let admin = before.iter().find(|(name, _)| name == "admin").unwrap().1;
    exit(admin, ExitReason::Kill);
    eventually(PATIENCE, "the admin listener", async || {
        let now = children(&server);
        now.iter()
            .any(|(name, pid)| name == "admin" && *pid != admin)
    })
    .await;
    let admin = AdminClient::new(&server.admin_url, &server.admin_token()).unwrap();
    eventually(PATIENCE, "the status", async || {
        admin.supervisor().await.is_ok()
    })
    .await;
    player.client.keep_alive().await.unwrap();
    assert!(server.hall.sessions.registry().whereis(&session).is_some());
}

#[tokio::test]
async fn one_session_too_many_is_refused_and_nobody_else_is_hurt() {
    let server = Server::start_with(|config| config.limits.sessions_max = 3);
    let account = server.account("the-many").await;
    let mut first = Victim::connect(&server, &account).await;
    let mut others = Vec::new();
    for _ in 0..2 {
        others.push(Victim::connect(&server, &account).await);
    }
    // HTTP goes on: a full house still takes requests that are no sessions.
    let http = server.http();
    let signed_in = http.sign_in("the-many", PASSWORD, None);
    let signed_in = timeout(Duration::from_secs(5), signed_in).await;
    signed_in.expect("an answer over HTTP").unwrap();

    let connecting = timeout(PATIENCE, Wire::open_silent(&server, &account));
    let mut one_too_many = connecting.await.expect("a handshake").socket;
    let CloseCode { code, reason } = CloseCode::TRY_AGAIN_LATER;
    let close = one_too_many.read_close(PATIENCE).await;
    assert_eq!(close, Some((code, reason.to_string())));
    assert_eq!(one_too_many.read_frame(PATIENCE).await, None);

    for victim in others.iter_mut().chain([&mut first]) {
        victim.wire.ask(Ask::SessionKeepalive {}).await.unwrap();
    }
    // A place that is given up is free at once.
    first.wire.socket.half_close().await.unwrap();
    first.is_gone().await;
    Victim::connect(&server, &account).await;
}
