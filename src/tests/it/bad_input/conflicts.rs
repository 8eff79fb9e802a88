//! Two who want the same head: one wins, the other hears which head there is, and no content is thrown away.

use guildhall_client::{ClientError, OpenedBoard};
use guildhall_protocol::{Code, Head, Refusal, Role};
use guildhall_testkit::{Cell, eventually};
use uuid::Uuid;

use super::{Bystander, assert_code};
use crate::harness::{PATIENCE, Player, Server, Table};

const FORMAT: &str = "opaque";

/// A second GM of the table's campaign.
async fn second_gm(server: &Server, table: &Table) -> Player {
    let gm = server.player("the-second-gm").await;
    let code = table
        .gm
        .client
        .invite(table.campaign, Role::Gm)
        .await
        .unwrap();
    let campaign = gm.client.join_campaign(&code).await.unwrap();
    assert_eq!(campaign.role, Role::Gm);
    gm
}

/// Opens the board and acknowledges its head, as a client does after it has downloaded it.
async fn load(who: &Player, board: Uuid) -> OpenedBoard {
    let opened = who.client.open_board(board).await.unwrap();
    if let (Some(head), Some(path)) = (&opened.board.head, &opened.download) {
        who.account.download(path, head).await.unwrap();
        let loaded = who.client.board_loaded(board, head.revision, &head.hash);
        loaded.await.unwrap();
    }
    opened
}

/// The head that a conflict names.
fn named_head(refusal: &Refusal) -> Option<Head> {
    let detail = refusal
        .detail
        .as_deref()
        .expect("a conflict names the head");
    serde_json::from_value(detail["head"].clone()).unwrap()
}

/// All revisions of a board as the database has them: number, whether it is a side revision, hash.
fn revisions(server: &Server, board: Uuid) -> Vec<(u32, bool, String)> {
    let rows = server.sql().rows(&format!(
        "SELECT revision, is_side, hash FROM board_revisions WHERE board_id = '{board}' ORDER BY revision"
    ));
    let revision = |row: &Vec<Cell>| (row[0].parse(), row[1].truth(), row[2].as_str().to_owned());
    rows.iter().map(revision).collect()
}

/// The content of a hash is among the board files.
fn is_kept(server: &Server, hash: &str, content: &[u8]) -> bool {
    let mut bytes = [0; 32];
    for (byte, digits) in bytes.iter_mut().zip(hash.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
    }
    use guildhall_store::blobs::BlobStore;
    let path = server.hall.blobs.path(&bytes);
    std::fs::read(path).is_ok_and(|kept| kept == content)
}

#[tokio::test]
async fn an_upload_on_a_base_that_is_not_the_head_hears_which_head_there_is() {
    let server = Server::start();
    let bystander = Bystander::of(&server).await;
    let table = server.table(FORMAT).await;
    let (board, gm) = (table.board, &table.gm.client);
    gm.open_board(board).await.unwrap();
    let early = assert_code(
        gm.start_upload(board, Some(1), 3, None).await,
        Code::StaleBase,
    );
    assert_eq!(named_head(&early), None);
    let (first, _) = gm.upload_board(board, None, FORMAT, b"one").await.unwrap();
    let (second, _) = gm
        .upload_board(board, Some(1), FORMAT, b"two")
        .await
        .unwrap();
    assert_eq!((first.revision, second.revision), (1, 2));
    for base in [None, Some(0), Some(1), Some(3), Some(u32::MAX)] {
        let refusal = assert_code(gm.start_upload(board, base, 3, None).await, Code::StaleBase);
        assert_eq!(named_head(&refusal).as_ref(), Some(&second), "{base:?}");
    }
    let status = gm.board_status(board).await.unwrap();
    assert_eq!(status.head, Some(second));
    bystander.is_served().await;
}

#[tokio::test]
async fn a_base_that_was_not_loaded_cannot_be_replaced() {
    let server = Server::start();
    let table = server.table(FORMAT).await;
    let board = table.board;
    let other = second_gm(&server, &table).await;
    load(&table.gm, board).await;
    other.client.open_board(board).await.unwrap();
    let first = table
        .gm
        .client
        .upload_board(board, None, FORMAT, b"one")
        .await;
    let head = first.unwrap().0;
    let ticket = async || other.client.start_upload(board, Some(1), 3, None).await;
    let refusal = assert_code(ticket().await, Code::BaseNotLoaded);
    assert!(refusal.next.contains("board.loaded"), "{}", refusal.next);
    // An acknowledgement that is wrong counts for nothing.
    let claims = [
        (1, "0".repeat(64), Code::HashMismatch),
        (1, String::new(), Code::HashMismatch),
        (2, head.hash.clone(), Code::StaleBase),
        (0, head.hash.clone(), Code::StaleBase),
    ];
    for (revision, hash, code) in claims {
        let loaded = other.client.board_loaded(board, revision, &hash).await;
        assert_code(loaded, code);
        assert_code(ticket().await, Code::BaseNotLoaded);
    }
    other
        .client
        .board_loaded(board, 1, &head.hash)
        .await
        .unwrap();
    let second = other
        .client
        .upload_board(board, Some(1), FORMAT, b"two")
        .await;
    // Now the first GM is the one who has not loaded.
    let head = second.unwrap().0;
    let ticket = table.gm.client.start_upload(board, Some(2), 3, None).await;
    assert_code(ticket, Code::BaseNotLoaded);
    assert_eq!(
        table.gm.client.board_status(board).await.unwrap().head,
        Some(head)
    );
}

#[tokio::test]
async fn who_commits_second_is_told_the_head_and_keeps_a_side_revision() {
    let server = Server::start();
    let table = server.table(FORMAT).await;
    let board = table.board;
    let other = second_gm(&server, &table).await;
    load(&table.gm, board).await;
    load(&other, board).await;
    let late = other
        .client
        .start_upload(board, None, 4, None)
        .await
        .unwrap();
    other
        .client
        .send_chunk(late.upload, 0, b"late")
        .await
        .unwrap();
    let first = table
        .gm
        .client
        .upload_board(board, None, FORMAT, b"first")
        .await;
    let head = first.unwrap().0;
    let commit = other.client.commit_upload(late.upload, None).await;
    let refusal = assert_code(commit, Code::StaleBase);
    assert_eq!(named_head(&refusal), Some(head.clone()));
    assert!(refusal.next.contains("side revision"), "{}", refusal.next);
    let hash = blake3::hash(b"late").to_hex().to_string();
    let kept = vec![(1, false, head.hash.clone()), (2, true, hash.clone())];
    assert_eq!(revisions(&server, board), kept);
    assert!(is_kept(&server, &hash, b"late"));
    // The way out that the refusal names: load the head, upload on it.
    load(&other, board).await;
    let again = other
        .client
        .upload_board(board, Some(1), FORMAT, b"late")
        .await;
    let head = again.unwrap().0;
    let opened = table.player.client.open_board(board).await.unwrap();
    assert_eq!(opened.board.head, Some(head.clone()));
    let bytes = table
        .player
        .account
        .download(&opened.download.unwrap(), &head)
        .await;
    assert_eq!(bytes.unwrap(), b"late");
}

#[tokio::test]
async fn of_two_gms_who_commit_at_the_same_time_exactly_one_wins_and_nothing_is_thrown_away() {
    const ROUNDS: u32 = 12;
    let server = Server::start_with(|config| config.workers = 2);
    let bystander = Bystander::of(&server).await;
    let table = server.table(FORMAT).await;
    let board = table.board;
    let other = second_gm(&server, &table).await;
    let mut contents = Vec::new();
    for round in 0..ROUNDS {
        let base = load(&table.gm, board)
            .await
            .board
            .head
            .map(|head| head.revision);
        load(&other, board).await;
        let upload = async |who: &Player, content: &str| {
            let size = content.len().try_into().unwrap();
            let ticket = who.client.start_upload(board, base, size, None).await;
            let upload = ticket.unwrap().upload;
            who.client
                .send_chunk(upload, 0, content.as_bytes())
                .await
                .unwrap();
            upload
        };
        let texts = [
            format!("by the first, {round}"),
            format!("by the second, {round}"),
        ];
        let first = upload(&table.gm, &texts[0]).await;
        let second = upload(&other, &texts[1]).await;
        let (first, second) = tokio::join!(
            table.gm.client.commit_upload(first, None),
            other.client.commit_upload(second, None)
        );
        let head = winner(first, second);
        let (won, lost) = match head.by == table.gm.account.id() {
            true => (&texts[0], &texts[1]),
            false => (&texts[1], &texts[0]),
        };
        assert_eq!(head.hash, blake3::hash(won.as_bytes()).to_hex().to_string());
        let opened = table.player.client.open_board(board).await.unwrap();
        assert_eq!(opened.board.head, Some(head));
        contents.push((won.clone(), false));
        contents.push((lost.clone(), true));
    }
    let kept: Vec<(bool, String)> = revisions(&server, board)
        .into_iter()
        .map(|(_, is_side, hash)| (is_side, hash))
        .collect();
    assert_eq!(kept.len(), contents.len());
    for (content, is_side) in contents {
        let hash = blake3::hash(content.as_bytes()).to_hex().to_string();
        assert!(is_kept(&server, &hash, content.as_bytes()), "{content}");
        assert!(kept.contains(&(is_side, hash)), "{content}");
    }
    bystander.is_served().await;
}

#[tokio::test]
async fn two_commits_that_are_decided_in_one_batch_know_the_same_head() {
    let server = Server::start();
    let table = server.table(FORMAT).await;
    let board = table.board;
    let other = second_gm(&server, &table).await;
    let upload = async |who: &Player, content: &[u8]| {
        load(who, board).await;
        let ticket = who.client.start_upload(board, None, 1, None).await;
        let upload = ticket.unwrap().upload;
        who.client.send_chunk(upload, 0, content).await.unwrap();
        upload
    };
    let first = upload(&table.gm, b"1").await;
    let second = upload(&other, b"2").await;

    // Somebody else writes to the database: a batch hangs, and the commits gather in the next one.
    let elsewhere = server.sql();
    elsewhere.begin_and_lock("batches");
    let hanging = table.player.client.create_campaign("Hanging");
    let release = async {
        let gathered = async || {
            let status = guildhall::admin::status(&server.hall).await;
            let figures = &status["persistence"];
            figures["in_flight"] == 1 && figures["dirty"] == 3
        };
        eventually(PATIENCE, "a batch that hangs and two commits", gathered).await;
        elsewhere.run("COMMIT");
    };
    let commit = async |who: &Player, upload: Uuid| {
        let hangs = async || {
            let status = guildhall::admin::status(&server.hall).await;
            status["persistence"]["in_flight"] == 1
        };
        eventually(PATIENCE, "a batch that hangs", hangs).await;
        who.client.commit_upload(upload, None).await
    };
    let (hanging, (), first, second) = tokio::join!(
        hanging,
        release,
        commit(&table.gm, first),
        commit(&other, second)
    );
    hanging.unwrap();
    let head = winner(first, second);
    assert_eq!(head.revision, 1);
    assert_eq!(revisions(&server, board).len(), 2);
}

type Commit = Result<(Head, Vec<guildhall_protocol::Warning>), ClientError>;

/// The one head of two commits; the other one was told of it.
#[track_caller]
fn winner(first: Commit, second: Commit) -> Head {
    let (won, lost) = match (first, second) {
        (Ok((head, _)), lost) | (lost, Ok((head, _))) => (head, lost),
        (first, second) => panic!("nobody won: {first:?}, {second:?}"),
    };
    let refusal = assert_code(lost, Code::StaleBase);
    assert_eq!(named_head(&refusal).as_ref(), Some(&won));
    won
}
