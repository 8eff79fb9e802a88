//! What people do: from sign-up to a map on a player's screen.

use guildhall_testkit::small_map;

use crate::harness::{PATIENCE, Server};

#[tokio::test]
async fn a_gms_map_reaches_a_players_screen_byte_for_byte() {
    let server = Server::start();
    let mut table = server.table("universal-vtt").await;
    table.gm.client.open_board(table.board).await.unwrap();
    table.player.client.open_board(table.board).await.unwrap();
    let map = small_map();
    let (head, warnings) = table
        .gm
        .client
        .upload_board(table.board, None, "universal-vtt", &map)
        .await
        .unwrap();
    assert_eq!(warnings, []);
    let moved = table.player.events.find(|event| match event {
        guildhall_protocol::Event::BoardHeadMoved { head, download, .. } => Some((head, download)),
        _ => None,
    });
    let (seen, path) = tokio::time::timeout(PATIENCE, moved)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(seen, head);
    let bytes = table.player.account.download(&path, &seen).await.unwrap();
    assert_eq!(bytes, map);
}
