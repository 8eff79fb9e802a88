//! The download of a revision: whole, in parts, not again when it is there, and for members only.

use guildhall_client::Account;
use guildhall_protocol::Code;
use guildhall_protocol::http::revision_path;

use crate::harness::{HttpAnswer, Server, http};

const CONTENT: &[u8] = b"0123456789abcdefghij";

async fn get(server: &Server, path: &str, account: &Account, header: &str) -> HttpAnswer {
    let token = account.token();
    let head = format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n{header}");
    http(server.address(), &head, b"").await
}

#[tokio::test]
async fn a_revision_can_be_had_whole_in_parts_or_not_again() {
    let server = Server::start();
    let table = server.table("opaque").await;
    let (board, player) = (table.board, &table.player.account);
    table.gm.client.open_board(board).await.unwrap();
    let upload = table
        .gm
        .client
        .upload_board(board, None, "opaque", CONTENT)
        .await;
    let head = upload.unwrap().0;
    let path = revision_path(board, head.revision);

    let whole = get(&server, &path, player, "X-Nothing: 1").await;
    assert_eq!((whole.status, whole.body.as_slice()), (200, CONTENT));
    let tag = format!("\"{}\"", head.hash);
    assert_eq!(whole.header("etag"), Some(tag.as_str()));
    assert_eq!(
        whole.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(whole.header("content-disposition"), Some("attachment"));
    assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));

    let parts = [
        ("bytes=0-0", 206, &b"0"[..], "bytes 0-0/20"),
        ("bytes=5-9", 206, b"56789", "bytes 5-9/20"),
        ("bytes=15-", 206, b"fghij", "bytes 15-19/20"),
        ("bytes=-3", 206, b"hij", "bytes 17-19/20"),
        ("bytes=18-99", 206, b"ij", "bytes 18-19/20"),
        ("bytes=20-", 416, b"", "bytes */20"),
    ];
    for (range, status, bytes, told) in parts {
        let part = get(&server, &path, player, &format!("Range: {range}")).await;
        assert_eq!(
            (part.status, part.header("content-range")),
            (status, Some(told)),
            "{range}"
        );
        if status == 206 {
            assert_eq!(
                (part.body.as_slice(), part.header("etag")),
                (bytes, Some(tag.as_str()))
            );
        }
    }
    let wrong = "\"another\"";
    for (condition, status) in [(tag.as_str(), 304), ("*", 304), (wrong, 200)] {
        let answer = get(
            &server,
            &path,
            player,
            &format!("If-None-Match: {condition}"),
        )
        .await;
        assert_eq!(answer.status, status, "{condition}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()), "{condition}");
        assert_eq!(answer.body.is_empty(), status == 304, "{condition}");
    }
}

#[tokio::test]
async fn a_revision_is_for_members_of_its_campaign_only() {
    let server = Server::start();
    let table = server.table("opaque").await;
    let stranger = server.account("stranger").await;
    let board = table.board;
    table.gm.client.open_board(board).await.unwrap();
    let upload = table
        .gm
        .client
        .upload_board(board, None, "opaque", CONTENT)
        .await;
    let head = upload.unwrap().0;
    let path = revision_path(board, head.revision);

    // Knowing the hash, or asking for a part, opens nothing.
    let knows = format!("If-None-Match: \"{}\"", head.hash);
    for header in ["X-Nothing: 1", &knows, "Range: bytes=0-1"] {
        let denied = get(&server, &path, &stranger, header).await;
        assert_eq!(
            (denied.status, denied.refusal().code),
            (403, Code::NotAMember),
            "{header}"
        );
    }
    let nobody = http(server.address(), &format!("GET {path} HTTP/1.1"), b"").await;
    assert_eq!(
        (nobody.status, nobody.refusal().code),
        (401, Code::Unauthenticated)
    );
    let token = table.gm.account.token();
    let in_url = format!("GET {path}?token={token} HTTP/1.1");
    let in_url = http(server.address(), &in_url, b"").await;
    assert_eq!(
        (in_url.status, in_url.refusal().code),
        (401, Code::Unauthenticated)
    );
    let later = revision_path(board, head.revision + 1);
    let missing = get(&server, &later, &table.gm.account, "X-Nothing: 1").await;
    assert_eq!(
        (missing.status, missing.refusal().code),
        (404, Code::NotFound)
    );

    // Whoever becomes a member may from then on.
    let (client, _events) = stranger.connect().await.unwrap();
    let role = guildhall_protocol::Role::Spectator;
    let code = table.gm.client.invite(table.campaign, role).await.unwrap();
    client.join_campaign(&code).await.unwrap();
    assert_eq!(stranger.download(&path, &head).await.unwrap(), CONTENT);
}

#[tokio::test]
async fn a_side_revision_is_for_gms_only() {
    let server = Server::start();
    let table = server.table("opaque").await;
    let (board, gm) = (table.board, &table.gm);
    gm.client.open_board(board).await.unwrap();
    let late = gm.client.start_upload(board, None, 4, None).await;
    let late = late.unwrap().upload;
    gm.client.send_chunk(late, 0, b"late").await.unwrap();
    let upload = gm.client.upload_board(board, None, "opaque", CONTENT);
    let head = upload.await.unwrap().0;
    let lost = gm.client.commit_upload(late, None).await;
    assert_eq!(lost.unwrap_err().code(), Some(Code::StaleBase));

    let side = revision_path(board, head.revision + 1);
    let kept = get(&server, &side, &gm.account, "X-Nothing: 1").await;
    assert_eq!((kept.status, kept.body.as_slice()), (200, &b"late"[..]));
    let tag = kept.header("etag").unwrap().to_owned();
    let role = guildhall_protocol::Role::Spectator;
    let code = gm.client.invite(table.campaign, role).await.unwrap();
    let spectator = server.player("the-spectator").await;
    spectator.client.join_campaign(&code).await.unwrap();
    for account in [&table.player.account, &spectator.account] {
        let knows = format!("If-None-Match: {tag}");
        for header in ["X-Nothing: 1", &knows, "Range: bytes=0-1"] {
            let denied = get(&server, &side, account, header).await;
            let refusal = denied.refusal();
            assert_eq!(
                (denied.status, refusal.code, refusal.rule.as_str()),
                (403, Code::RoleForbidden, "board.sides"),
                "{header}"
            );
        }
        let path = revision_path(board, head.revision);
        assert_eq!(account.download(&path, &head).await.unwrap(), CONTENT);
    }
    // Whether there is one is no stranger's business.
    let stranger = server.account("stranger").await;
    for revision in 1..=3 {
        let path = revision_path(board, revision);
        let denied = get(&server, &path, &stranger, "X-Nothing: 1").await;
        assert_eq!(denied.refusal().code, Code::NotAMember, "{revision}");
    }
}
