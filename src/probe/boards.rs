//! A map on its way from the GM's disk to the player's screen, and the upload that a player may not make.

use guildhall_client::{Client, Events};
use guildhall_protocol::{Code, Event, Head};
use guildhall_rules::board_format::FORMAT_UNIVERSAL_VTT;
use uuid::Uuid;

use super::people::Party;
use super::walk::{Fault, Stopped, Walk, equal, refused};

/// Uploads, announces, downloads and verifies the map.
pub(super) async fn share(
    walk: &mut Walk<'_>,
    party: &mut Party,
    campaign: Uuid,
    map: &[u8],
) -> Result<(), Stopped> {
    let board = walk
        .step("the GM creates a board", create(&party.gm.client, campaign))
        .await?;
    walk.step("both open the board", open(party, board)).await?;
    let head = walk
        .step(
            "the GM uploads the map",
            upload(&party.gm.client, board, map),
        )
        .await?;
    let download = walk
        .step("the player hears of the new head", async {
            head_moved(&mut party.player.events, board, &head).await
        })
        .await?;
    walk.step("the player downloads the map, byte for byte", async {
        let bytes = party.player.account.download(&download, &head).await?;
        same_bytes(&bytes, map)
    })
    .await?;
    walk.step("the player acknowledges the load", async {
        let (board, revision) = (board, head.revision);
        let player = &party.player.client;
        Ok(player.board_loaded(board, revision, &head.hash).await?)
    })
    .await?;
    walk.step("the player's upload is refused at its first frame", async {
        let (base, format) = (Some(head.revision), Some(FORMAT_UNIVERSAL_VTT));
        let player = &party.player.client;
        let upload = player.start_upload(board, base, head.size_bytes, format);
        refused(upload.await, Code::RoleForbidden).map(drop)
    })
    .await
}

async fn create(gm: &Client, campaign: Uuid) -> Result<Uuid, Fault> {
    let board = gm
        .create_board(campaign, "Probe board", FORMAT_UNIVERSAL_VTT)
        .await?;
    equal("the head of a new board", &board.head, &None)?;
    Ok(board.board)
}

async fn open(party: &Party, board: Uuid) -> Result<(), Fault> {
    let gm = party.gm.client.open_board(board).await?;
    let player = party.player.client.open_board(board).await?;
    equal("the audiences", &(gm.audience, player.audience), &(1, 2))
}

async fn upload(gm: &Client, board: Uuid, map: &[u8]) -> Result<Head, Fault> {
    let (head, _) = gm
        .upload_board(board, None, FORMAT_UNIVERSAL_VTT, map)
        .await?;
    let hash = blake3::hash(map).to_hex().to_string();
    equal("the hash", &head.hash, &hash)?;
    Ok(head)
}

/// Waits for the event; where to download from.
async fn head_moved(events: &mut Events, board: Uuid, head: &Head) -> Result<String, Fault> {
    let (moved, download) = events
        .find(|event| match event {
            Event::BoardHeadMoved {
                board: moved,
                head,
                download,
                ..
            } if moved == board => Some((head, download)),
            _ => None,
        })
        .await?;
    equal("the head", &moved, head)?;
    Ok(download)
}

/// Not by `equal`: nobody wants to read two maps.
fn same_bytes(came: &[u8], expected: &[u8]) -> Result<(), Fault> {
    if came == expected {
        return Ok(());
    }
    let expected = format!("the {} bytes of the map", expected.len());
    let came = format!("{} bytes that are others", came.len());
    Err(Fault::unmet(expected, came))
}
