//! What people do: from sign-up to a map on a player's screen, and what is left of it after a restart.

use guildhall_protocol::{Event, Head};
use guildhall_testkit::small_map;

use crate::harness::{PATIENCE, Player, Server};

mod boards;
mod clocks;
mod doors;
mod downloads;
mod people;
mod restarts;
mod slow_readers;

/// The next head that this connection hears of, with the path of its bytes.
async fn next_head(who: &mut Player) -> (Head, String) {
    let moved = who.events.find(|event| match event {
        Event::BoardHeadMoved { head, download, .. } => Some((head, download)),
        _ => None,
    });
    let moved = tokio::time::timeout(PATIENCE, moved).await;
    moved.expect("a head in time").unwrap()
}

#[tokio::test]
async fn a_gms_map_reaches_a_players_screen_byte_for_byte() {
    let server = Server::start();
    let mut table = server.table("universal-vtt").await;
    table.gm.client.open_board(table.board).await.unwrap();
    table.player.client.open_board(table.board).await.unwrap();
    let map = small_map();
    let upload = table
        .gm
        .client
        .upload_board(table.board, None, "universal-vtt", &map);
    let (head, warnings) = upload.await.unwrap();
    assert_eq!(warnings, []);
    let (seen, path) = next_head(&mut table.player).await;
    assert_eq!(seen, head);
    let bytes = table.player.account.download(&path, &seen).await.unwrap();
    assert_eq!(bytes, map);
}
