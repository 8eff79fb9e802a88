//! Request and answer through socket, session and board, a hundred clients with one request in flight each,
//! against an echo that speaks the same websocket and sends as many bytes both ways.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use guildhall_protocol::http::SOCKET_PATH;
use guildhall_protocol::{Ask, Request, SUB_PROTOCOL};
use guildhall_testkit::RawFrame;
use uuid::Uuid;

use super::echo::{self, EchoServer};
use super::peer::Peer;
use super::report;
use crate::harness::{Server, Table};

pub const NAME: &str = "request_answer";
const AIM: f64 = 0.8;
const CLIENTS: usize = 100;
const REQUESTS_PER_CLIENT: usize = 200;
const ROUNDS: usize = 21;

pub fn measure() {
    let server = Server::start();
    let runtime = crate::runtime();
    let table = runtime.block_on(server.table("opaque"));
    runtime.block_on(give_a_head(&table));
    let request = text(Ask::BoardStatus { board: table.board });
    let mut sessions = sessions(&server, &table);
    let answer = sessions[0].ask(&request);
    assert!(answer.contains("board.status_told"), "{answer}");
    let echo = EchoServer::start(answer.clone());
    let mut echoes: Vec<Peer> = (0..CLIENTS)
        .map(|_| Peer::connect(echo.address, echo::PATH, ""))
        .collect();
    let frame = RawFrame::text(&request).encode();
    // Once unmeasured: the first answers of a connection find its events before them.
    round(&mut sessions, &frame);
    round(&mut echoes, &frame);
    let (ours, bare) = report::in_turns(
        ROUNDS,
        || round(&mut sessions, &frame),
        || round(&mut echoes, &frame),
    );
    let requests = f64::from(u32::try_from(CLIENTS * REQUESTS_PER_CLIENT).unwrap());
    println!(
        "{NAME}: {CLIENTS} clients, {} bytes asked, {} answered",
        request.len(),
        answer.len()
    );
    report::side(NAME, "session and board", &ours, requests, "requests");
    report::side(NAME, "actix-web-actors echo", &bare, requests, "requests");
    report::ratio(NAME, &ours, &bare, AIM);
}

/// Every client has one request in flight; whose answer has come asks again. They are waited for in order:
/// a server that is faster than that finds the others' requests there already.
fn round(peers: &mut [Peer], frame: &[u8]) -> Duration {
    let started = Instant::now();
    for peer in &mut *peers {
        peer.send(frame);
    }
    for _ in 1..REQUESTS_PER_CLIENT {
        for peer in &mut *peers {
            peer.answer();
            peer.send(frame);
        }
    }
    for peer in &mut *peers {
        peer.answer();
    }
    started.elapsed()
}

async fn give_a_head(table: &Table) {
    let gm = &table.gm.client;
    gm.open_board(table.board).await.unwrap();
    let uploaded = gm
        .upload_board(table.board, None, "opaque", b"a board")
        .await;
    uploaded.unwrap();
}

/// Sessions of the GM that have the board open.
fn sessions(server: &Server, table: &Table) -> Vec<Peer> {
    let address: SocketAddr = server.url.trim_start_matches("http://").parse().unwrap();
    let headers = format!(
        "Authorization: Bearer {}\r\nSec-WebSocket-Protocol: {SUB_PROTOCOL}\r\n",
        table.gm.account.token()
    );
    let hello = text(Ask::SessionHello {
        build: "bench".to_owned(),
        device: None,
        features: Vec::new(),
    });
    let open = text(Ask::BoardOpen { board: table.board });
    let connect = |_| {
        let mut peer = Peer::connect(address, SOCKET_PATH, &headers);
        assert!(peer.ask(&hello).contains("session.welcome"));
        assert!(peer.ask(&open).contains("board.opened"));
        peer
    };
    (0..CLIENTS).map(connect).collect()
}

fn text(body: Ask) -> String {
    let id = Uuid::now_v7();
    Request { id, body }.to_json()
}
