//! Uploads that go wrong at the ticket, at a chunk or at the commit: refused by code, the head stays, no
//! bytes are left behind, and the next upload works.

use guildhall_client::ClientError;
use guildhall_protocol::{Chunk, Code, Event, Head, Refusal, Role, ServerFrame};
use guildhall_testkit::{RawFrame, eventually};
use uuid::Uuid;

use super::{Bystander, assert_code};
use crate::harness::{PATIENCE, Player, Server, Table, Wire};

const FORMAT: &str = "opaque";

/// A table whose GM has the board open and has put a first revision on it.
struct Set {
    server: Server,
    table: Table,
    head: Head,
    bystander: Bystander,
}

impl Set {
    async fn up() -> Self {
        let server = Server::start();
        let bystander = Bystander::of(&server).await;
        let table = server.table(FORMAT).await;
        table.gm.client.open_board(table.board).await.unwrap();
        let first = table
            .gm
            .client
            .upload_board(table.board, None, FORMAT, b"the first");
        let (head, _) = first.await.unwrap();
        Self {
            server,
            table,
            head,
            bystander,
        }
    }

    fn gm(&self) -> &Player {
        &self.table.gm
    }

    async fn ticket(&self, size_bytes: u64) -> Uuid {
        let base = Some(self.head.revision);
        let client = &self.table.gm.client;
        let ticket = client.start_upload(self.table.board, base, size_bytes, None);
        ticket.await.unwrap().upload
    }

    /// Sends a chunk that must be refused.
    async fn refused_chunk(&mut self, upload: Uuid, offset: u64, data: &[u8]) -> Refusal {
        let gm = &mut self.table.gm;
        gm.client.send_chunk(upload, offset, data).await.unwrap();
        let refused = gm.events.find(|event| match event {
            Event::UploadRefused { upload: of, error } if of == upload => Some(error),
            _ => None,
        });
        tokio::time::timeout(PATIENCE, refused)
            .await
            .unwrap()
            .unwrap()
    }

    /// The head is as it was, nothing half-made is left, a good upload works, and others are served.
    async fn all_is_well(mut self) {
        let client = &self.table.gm.client;
        let status = client.board_status(self.table.board).await.unwrap();
        assert_eq!(status.head.as_ref(), Some(&self.head));
        let path = guildhall_protocol::http::revision_path(self.table.board, self.head.revision);
        let bytes = self.table.gm.account.download(&path, &self.head).await;
        assert_eq!(bytes.unwrap(), b"the first");
        let base = Some(self.head.revision);
        let good = client.upload_board(self.table.board, base, FORMAT, b"the second");
        self.head = good.await.unwrap().0;
        assert_eq!(self.head.revision, 2);
        let partial = self.server.data.path().join("partial");
        let empty = async || std::fs::read_dir(&partial).unwrap().count() == 0;
        eventually(PATIENCE, "the end of the partial files", empty).await;
        self.bystander.is_served().await;
    }
}

#[tokio::test]
async fn a_chunk_for_no_ticket_is_refused() {
    let mut set = Set::up().await;
    let refusal = set.refused_chunk(Uuid::now_v7(), 0, b"x").await;
    assert_eq!(refusal.code, Code::UploadUnknown);
    let commit = set.gm().client.commit_upload(Uuid::now_v7(), None).await;
    assert_code(commit, Code::UploadUnknown);
    let abandon = set.gm().client.abandon_upload(Uuid::now_v7()).await;
    assert_code(abandon, Code::UploadUnknown);
    set.all_is_well().await;
}

/// Chunks of an upload of ten bytes, the last of which is refused.
type Chunks = &'static [(u64, &'static [u8])];

#[tokio::test]
async fn a_chunk_out_of_order_or_too_long_ends_its_upload_and_frees_its_place() {
    let cases: [(&str, Chunks, Code); 8] = [
        ("a gap at the start", &[(1, b"x")], Code::UploadOutOfOrder),
        ("a gap", &[(0, b"abc"), (4, b"x")], Code::UploadOutOfOrder),
        (
            "twice the same",
            &[(0, b"abc"), (0, b"abc")],
            Code::UploadOutOfOrder,
        ),
        (
            "an overlap",
            &[(0, b"abc"), (2, b"cd")],
            Code::UploadOutOfOrder,
        ),
        (
            "far out",
            &[(0, b"abc"), (u64::MAX, b"x")],
            Code::UploadOutOfOrder,
        ),
        (
            "one byte too many",
            &[(0, b"0123456789A")],
            Code::UploadTooLong,
        ),
        (
            "one byte after the last",
            &[(0, b"0123456789"), (10, b"A")],
            Code::UploadTooLong,
        ),
        (
            "too many in the second",
            &[(0, b"012345"), (6, b"6789A")],
            Code::UploadTooLong,
        ),
    ];
    let mut set = Set::up().await;
    for (what, chunks, code) in cases {
        let upload = set.ticket(10).await;
        let ((offset, data), good) = chunks.split_last().unwrap();
        for (offset, data) in good {
            set.gm()
                .client
                .send_chunk(upload, *offset, data)
                .await
                .unwrap();
        }
        let refusal = set.refused_chunk(upload, *offset, data).await;
        assert_eq!(refusal.code, code, "{what}");
        // Whatever follows hears the same, also the right bytes.
        assert_eq!(
            set.refused_chunk(upload, 0, b"0123456789").await.code,
            code,
            "{what}"
        );
        let commit = set.gm().client.commit_upload(upload, None).await;
        assert_code(commit, code);
    }
    set.all_is_well().await;
}

#[tokio::test]
async fn after_its_commit_or_its_end_an_upload_takes_nothing_more() {
    let mut set = Set::up().await;
    let committed = set.ticket(3).await;
    set.gm()
        .client
        .send_chunk(committed, 0, b"abc")
        .await
        .unwrap();
    let wrong = Some("0".repeat(64));
    let commit = set.gm().client.commit_upload(committed, wrong).await;
    assert_code(commit, Code::HashMismatch);
    let abandoned = set.ticket(3).await;
    set.gm().client.abandon_upload(abandoned).await.unwrap();
    for upload in [committed, abandoned] {
        assert_eq!(
            set.refused_chunk(upload, 0, b"abc").await.code,
            Code::UploadEnded
        );
        let commit = set.gm().client.commit_upload(upload, None).await;
        assert_code(commit, Code::UploadEnded);
        let abandon = set.gm().client.abandon_upload(upload).await;
        assert_code(abandon, Code::UploadEnded);
    }
    set.all_is_well().await;
}

#[tokio::test]
async fn a_chunk_after_a_good_commit_changes_nothing() {
    let mut set = Set::up().await;
    let upload = set.ticket(3).await;
    set.gm().client.send_chunk(upload, 0, b"abc").await.unwrap();
    let (head, _) = set.gm().client.commit_upload(upload, None).await.unwrap();
    assert_eq!(
        set.refused_chunk(upload, 3, b"d").await.code,
        Code::UploadEnded
    );
    assert_eq!(
        set.refused_chunk(upload, 0, b"abc").await.code,
        Code::UploadEnded
    );
    let path = guildhall_protocol::http::revision_path(set.table.board, head.revision);
    assert_eq!(
        set.gm().account.download(&path, &head).await.unwrap(),
        b"abc"
    );
    set.bystander.is_served().await;
}

#[tokio::test]
async fn another_sessions_ticket_is_no_ticket() {
    let mut set = Set::up().await;
    let upload = set.ticket(3).await;
    // The same account on a second connection, and a stranger.
    let (client, mut events) = set.gm().account.connect().await.unwrap();
    client.open_board(set.table.board).await.unwrap();
    client.send_chunk(upload, 0, b"abc").await.unwrap();
    let refused = events.find(|event| match event {
        Event::UploadRefused { upload: of, error } if of == upload => Some(error),
        _ => None,
    });
    assert_eq!(refused.await.unwrap().code, Code::UploadUnknown);
    for client in [&client, &set.bystander.0.client] {
        let commit = client.commit_upload(upload, None).await;
        assert_code(commit, Code::UploadUnknown);
        assert_code(client.abandon_upload(upload).await, Code::UploadUnknown);
    }
    // Its owner goes on with it.
    set.gm().client.send_chunk(upload, 0, b"xyz").await.unwrap();
    assert_eq!(
        set.refused_chunk(upload, 3, b"!").await.code,
        Code::UploadTooLong
    );
    client.close().await;
    set.all_is_well().await;
}

#[tokio::test]
async fn a_binary_frame_that_is_no_chunk_is_refused() {
    let set = Set::up().await;
    let mut wire = Wire::open(&set.server, &set.gm().account).await;
    let upload = Uuid::now_v7();
    let chunk = |data: &[u8]| {
        let chunk = Chunk {
            upload,
            offset: 0,
            data,
        };
        chunk.encode()
    };
    let malformed = [
        Vec::new(),
        b"short".to_vec(),
        upload.as_bytes().to_vec(),
        chunk(b"x")[..23].to_vec(),
        chunk(b""),
        chunk(&vec![0; 65_537]),
    ];
    for bytes in malformed {
        wire.send(&RawFrame::binary(&bytes)).await;
        let ServerFrame::Refused { re: None, error } = wire.next().await else {
            panic!("no refusal of {} bytes", bytes.len());
        };
        assert_eq!(error.code, Code::ChunkMalformed);
    }
    wire.ask(guildhall_protocol::Ask::SessionKeepalive {})
        .await
        .unwrap();
    // The client library tells such a refusal to whoever listens.
    let chunk = set.gm().client.send_chunk(upload, 0, b"").await;
    assert_eq!(chunk, Ok(()));
    let mut set = set;
    let told = tokio::time::timeout(PATIENCE, set.table.gm.events.find(|_| None::<()>));
    let told = told.await.unwrap();
    assert!(
        matches!(&told, Err(ClientError::Refused(error)) if error.code == Code::ChunkMalformed),
        "{told:?}"
    );
    set.all_is_well().await;
}

#[tokio::test]
async fn a_commit_with_missing_chunks_is_refused_and_can_be_completed() {
    let set = Set::up().await;
    let client = &set.gm().client;
    let (board, base) = (set.table.board, Some(set.head.revision));
    let upload = set.ticket(10).await;
    for (sent, data) in [(0_u64, &b"0123"[..]), (4, b"456"), (7, b"789")] {
        let refusal = assert_code(
            client.commit_upload(upload, None).await,
            Code::UploadIncomplete,
        );
        assert_eq!(refusal.detail.unwrap()["received_bytes"], sent);
        client.send_chunk(upload, sent, data).await.unwrap();
    }
    let (head, _) = client.commit_upload(upload, None).await.unwrap();
    assert_eq!((head.revision, head.size_bytes), (2, 10));
    let stale = client.start_upload(board, base, 10, None).await;
    assert_code(stale, Code::StaleBase);
    set.bystander.is_served().await;
}

#[tokio::test]
async fn a_commit_with_another_hash_is_refused() {
    let set = Set::up().await;
    let right = blake3::hash(b"abc").to_hex().to_string();
    let others = [
        String::new(),
        "nonsense".to_owned(),
        right[..63].to_owned(),
        blake3::hash(b"abd").to_hex().to_string(),
        set.head.hash.clone(),
    ];
    for hash in others {
        let upload = set.ticket(3).await;
        set.gm().client.send_chunk(upload, 0, b"abc").await.unwrap();
        let commit = set.gm().client.commit_upload(upload, Some(hash)).await;
        assert_code(commit, Code::HashMismatch);
    }
    set.all_is_well().await;
}

#[tokio::test]
async fn a_ticket_is_refused_for_a_size_or_a_format_that_cannot_be() {
    let set = Set::up().await;
    let (board, base) = (set.table.board, Some(set.head.revision));
    let max = set.gm().client.welcome().limits.upload_bytes_max;
    let client = &set.gm().client;
    for size in [max + 1, u64::MAX] {
        let ticket = client.start_upload(board, base, size, None).await;
        assert_code(ticket, Code::UploadTooLarge);
    }
    let empty = client.upload_board(board, base, FORMAT, b"").await;
    let refusal = assert_code(empty, Code::BadField);
    assert_eq!(refusal.rule, "upload.size_min");
    for format in ["universal-vtt", "", "OPAQUE", "no such format"] {
        let ticket = client.start_upload(board, base, 3, Some(format)).await;
        assert_code(ticket, Code::FormatMismatch);
        if format != "universal-vtt" {
            let created = client
                .create_board(set.table.campaign, "Another", format)
                .await;
            let refusal = assert_code(created, Code::BadField);
            assert_eq!(refusal.rule, "board.format_known");
        }
    }
    set.all_is_well().await;
}

#[tokio::test]
async fn a_session_has_so_many_uploads_and_no_more() {
    let set = Set::up().await;
    let (board, base) = (set.table.board, Some(set.head.revision));
    let client = &set.gm().client;
    let first = set.ticket(3).await;
    let second = set.ticket(3).await;
    let third = client.start_upload(board, base, 3, None).await;
    assert_code(third, Code::TooManyUploads);
    // Three at once, with one place free: the tickets that are asked for count as well.
    client.abandon_upload(first).await.unwrap();
    let ask = || client.start_upload(board, base, 3, None);
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    let granted: Vec<_> = [a, b, c].into_iter().flatten().collect();
    assert_eq!(granted.len(), 1);
    client.abandon_upload(granted[0].upload).await.unwrap();
    client.abandon_upload(second).await.unwrap();
    set.all_is_well().await;
}

#[tokio::test]
async fn an_upload_of_a_player_a_spectator_or_a_stranger_is_refused_at_its_first_frame() {
    let set = Set::up().await;
    let (board, base) = (set.table.board, Some(set.head.revision));
    let spectator = set.server.player("the-spectator").await;
    let invite = set.gm().client.invite(set.table.campaign, Role::Spectator);
    let code = invite.await.unwrap();
    spectator.client.join_campaign(&code).await.unwrap();
    for who in [&set.table.player, &spectator] {
        who.client.open_board(board).await.unwrap();
        // Whatever the rest of the request says: rights come first.
        for (base, size) in [(base, 3), (None, 3), (Some(99), u64::MAX)] {
            let ticket = who.client.start_upload(board, base, size, Some("?")).await;
            let refusal = assert_code(ticket, Code::RoleForbidden);
            assert_eq!(refusal.rule, "board.upload");
            assert!(refusal.next.contains("GM"), "{}", refusal.next);
        }
        let created = who
            .client
            .create_board(set.table.campaign, "Mine", FORMAT)
            .await;
        assert_code(created, Code::RoleForbidden);
        let invited = who.client.invite(set.table.campaign, Role::Gm).await;
        assert_code(invited, Code::RoleForbidden);
    }
    let stranger = &set.bystander.0;
    assert_code(stranger.client.open_board(board).await, Code::NotAMember);
    let ticket = stranger.client.start_upload(board, base, 3, None).await;
    assert_code(ticket, Code::NotOpen);
    let boards = stranger.client.boards(set.table.campaign).await;
    assert_code(boards, Code::NotAMember);
    let members = stranger.client.members(set.table.campaign).await;
    assert_code(members, Code::NotAMember);
    let board = Uuid::now_v7();
    assert_code(stranger.client.open_board(board).await, Code::NotFound);
    let nobodys = stranger.client.boards(Uuid::now_v7()).await;
    assert_code(nobodys, Code::NotFound);
    set.all_is_well().await;
}

#[tokio::test]
async fn a_board_that_was_closed_takes_no_more_of_its_uploads() {
    let mut set = Set::up().await;
    let upload = set.ticket(3).await;
    set.gm().client.send_chunk(upload, 0, b"ab").await.unwrap();
    set.gm().client.close_board(set.table.board).await.unwrap();
    assert_eq!(
        set.refused_chunk(upload, 2, b"c").await.code,
        Code::UploadEnded
    );
    let commit = set.gm().client.commit_upload(upload, None).await;
    assert_code(commit, Code::UploadEnded);
    let board = set.table.board;
    let client = &set.gm().client;
    let base = Some(set.head.revision);
    assert_code(
        client.start_upload(board, base, 3, None).await,
        Code::NotOpen,
    );
    assert_code(client.board_status(board).await, Code::NotOpen);
    assert_code(client.close_board(board).await, Code::NotOpen);
    // What was acknowledged before the board was closed is not, after it was opened again.
    client.open_board(board).await.unwrap();
    let ticket = client.start_upload(board, base, 3, None).await;
    assert_code(ticket, Code::BaseNotLoaded);
    client
        .board_loaded(board, set.head.revision, &set.head.hash)
        .await
        .unwrap();
    set.all_is_well().await;
}
