//! Sessions live by themselves: what happens to rows takes nothing from who is in, and gives nothing to who was
//! signed out.

use std::time::{Duration, Instant};

use guildhall_client::ClientError;
use guildhall_protocol::{CloseCode, Code};
use tokio::time::timeout;

use crate::harness::{PATIENCE, Server};

/// From a sign-out to the close of the socket.
const BOUND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn all_token_rows_of_an_account_are_deleted_while_it_is_connected() {
    let server = Server::start();
    let table = server.table("opaque").await;
    let (gm, board) = (&table.gm, table.board);
    gm.client.open_board(board).await.unwrap();
    let first = gm.client.upload_board(board, None, "opaque", b"one").await;
    let (first, _) = first.unwrap();

    let id = gm.account.id();
    let rows = format!("DELETE FROM tokens WHERE account_id = '{id}'");
    server.sql().run(&rows);

    // The base is fetched and its successor made on the strength of the live session.
    let path = guildhall_protocol::http::revision_path(board, first.revision);
    let base = gm.account.download(&path, &first).await.unwrap();
    assert_eq!(base, b"one");
    let second = gm
        .client
        .upload_board(board, Some(1), "opaque", b"two")
        .await;
    let (second, _) = second.unwrap();
    assert_eq!(second.revision, 2);
    // It vouches for nobody who wants to come in, and the bystander for nobody at all.
    let another = gm.account.connect().await.map(drop);
    assert_eq!(another.unwrap_err().code(), Some(Code::Unauthenticated));
    let stranger = server.http().account(id, "garbage".to_owned());
    let stranger = stranger.download(&path, &first).await;
    assert_eq!(stranger.unwrap_err().code(), Some(Code::Unauthenticated));

    let begun = Instant::now();
    gm.account.sign_out().await.unwrap();
    let ended = timeout(PATIENCE, gm.client.ended()).await.unwrap();
    let took = begun.elapsed();
    let CloseCode { code, reason } = CloseCode::SIGNED_OUT;
    let reason = reason.to_owned();
    assert_eq!(ended, ClientError::Closed { code, reason });
    assert!(took < BOUND, "{took:?}");
    let third = gm.client.upload_board(board, Some(2), "opaque", b"three");
    third.await.unwrap_err();
    let download = gm.account.download(&path, &first).await;
    assert_eq!(download.unwrap_err().code(), Some(Code::Unauthenticated));
    // Once more is no fault: it was a token, and it is out.
    gm.account.sign_out().await.unwrap();

    // The other member is where it was.
    let opened = table.player.client.open_board(board).await.unwrap();
    assert_eq!(opened.board.head, Some(second));
}

#[tokio::test]
async fn a_token_whose_row_is_gone_is_signed_out_also_by_who_is_not_connected() {
    let server = Server::start();
    let account = server.account("anna").await;
    let (client, _events) = account.connect().await.unwrap();
    client.close().await;
    client.ended().await;
    server.sql().run("DELETE FROM tokens");
    account.sign_out().await.unwrap();
    // Of one that was never given out nothing is known, however often it is shown.
    let nobody = server.http().account(account.id(), "garbage".to_owned());
    for _ in 0..2 {
        let signed_out = nobody.sign_out().await;
        assert_eq!(signed_out.unwrap_err().code(), Some(Code::Unauthenticated));
    }
}
