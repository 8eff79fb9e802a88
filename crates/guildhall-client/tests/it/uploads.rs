//! An upload is ticket, chunks in order, commit; a refused chunk ends it with
//! its own reason.

use guildhall_client::{Client, ClientError};
use guildhall_protocol::{Answer, Ask, Code, Event, Head, Refusal, Warning};
use guildhall_testkit::Seed;

use crate::server::{Peer, Server, id, soon};

const UPLOAD: u128 = 3;

async fn upload(client: &Client, bytes: &[u8]) -> Result<(Head, Vec<Warning>), ClientError> {
    client.upload_board(id(2), Some(6), "opaque", bytes).await
}

/// Hands out the ticket.
async fn give_ticket(peer: &mut Peer, bytes: &[u8]) {
    let request = peer.request().await;
    let asked = Ask::BoardUpload {
        board: id(2),
        base: Some(6),
        size_bytes: u64::try_from(bytes.len()).unwrap(),
        format: Some("opaque".into()),
    };
    assert_eq!(request.body, asked);
    let ready = Answer::BoardUploadReady {
        upload: id(UPLOAD),
        board: id(2),
        base: Some(6),
        chunk_bytes_max: 65_536,
        expires_at_us: 1,
    };
    peer.answer(request.id, ready).await;
}

#[tokio::test]
async fn a_board_goes_up_in_chunks_of_64_kib_and_is_committed_with_its_hash() {
    let (client, _events, mut peer) = Server::start().await.connected().await;
    let bytes = Seed::new("a_board_goes_up_in_chunks").bytes(65_536 * 5 + 17);
    let head = Head {
        revision: 7,
        hash: blake3::hash(&bytes).to_hex().to_string(),
        size_bytes: u64::try_from(bytes.len()).unwrap(),
        format: "opaque".into(),
        created_at_us: 1,
        by: id(9),
    };
    let warnings = vec![Warning {
        code: "odd".into(),
        message: "Odd.".into(),
    }];
    let serve = async {
        give_ticket(&mut peer, &bytes).await;
        let mut received = Vec::new();
        while received.len() < bytes.len() {
            let (upload, offset, data) = peer.chunk().await;
            assert_eq!(
                (upload, offset),
                (id(UPLOAD), u64::try_from(received.len()).unwrap())
            );
            received.extend_from_slice(&data);
        }
        assert!(received == bytes, "the bytes as they were");
        let request = peer.request().await;
        let hash = Some(head.hash.clone());
        assert_eq!(
            request.body,
            Ask::BoardCommit {
                upload: id(UPLOAD),
                hash
            }
        );
        let (board, head, warnings) = (id(2), head.clone(), warnings.clone());
        peer.answer(
            request.id,
            Answer::BoardCommitted {
                board,
                head,
                warnings,
            },
        )
        .await;
    };
    let (outcome, ()) = soon(async { tokio::join!(upload(&client, &bytes), serve) }).await;
    assert_eq!(outcome, Ok((head, warnings)));
}

#[tokio::test]
async fn a_refused_ticket_sends_no_chunk() {
    let (client, _events, mut peer) = Server::start().await.connected().await;
    let refusal = Refusal::new(Code::RoleForbidden, "You are a player.");
    let serve = async {
        let re = peer.request().await.id;
        peer.refuse(Some(re), refusal.clone()).await;
        let re = peer.request().await;
        assert_eq!(re.body, Ask::SessionKeepalive {}, "the next frame");
        peer.answer(re.id, Answer::SessionKeptAlive { at_us: 1 })
            .await;
    };
    let walk = async {
        let refused = upload(&client, b"map").await;
        client.keep_alive().await.unwrap();
        refused
    };
    let (refused, ()) = soon(async { tokio::join!(walk, serve) }).await;
    assert_eq!(refused, Err(ClientError::Refused(refusal)));
}

#[tokio::test]
async fn a_refused_chunk_is_the_reason_and_not_the_commit_that_fails_for_it() {
    let (client, mut events, mut peer) = Server::start().await.connected().await;
    let refusal = Refusal::new(Code::UploadOutOfOrder, "Expected offset 0.");
    let serve = async {
        give_ticket(&mut peer, b"map").await;
        peer.chunk().await;
        let error = refusal.clone();
        peer.event(
            1,
            Event::UploadRefused {
                upload: id(UPLOAD),
                error,
            },
        )
        .await;
        // One chunk is the whole map, so the commit is under way already.
        let re = peer.request().await.id;
        peer.refuse(Some(re), Refusal::new(Code::UploadEnded, "It was refused."))
            .await;
    };
    let (outcome, ()) = soon(async { tokio::join!(upload(&client, b"map"), serve) }).await;
    assert_eq!(outcome, Err(ClientError::Refused(refusal)));
    let told = soon(events.next()).await.unwrap().event;
    assert!(
        matches!(told, Event::UploadRefused { .. }),
        "the event is told as well"
    );
}

#[tokio::test]
async fn a_request_overtakes_the_chunks_of_an_upload() {
    let (client, _events, mut peer) = Server::start().await.connected().await;
    // More than the buffers between client and peer hold.
    let bytes = vec![0; 65_536 * 500];
    let serve = async {
        give_ticket(&mut peer, &bytes).await;
        peer.chunk().await;
        let asked = client.keep_alive();
        let answered = async {
            let request = peer.request().await;
            assert_eq!(request.body, Ask::SessionKeepalive {}, "not the commit");
            peer.answer(request.id, Answer::SessionKeptAlive { at_us: 1 })
                .await;
        };
        let kept_alive = tokio::join!(asked, answered).0;
        peer.chunk().await;
        kept_alive
    };
    let uploading = upload(&client, &bytes);
    let kept_alive = soon(async {
        tokio::select! {
            done = uploading => panic!("the upload was first: {done:?}"),
            kept_alive = serve => kept_alive,
        }
    });
    assert_eq!(kept_alive.await, Ok(1));
}
