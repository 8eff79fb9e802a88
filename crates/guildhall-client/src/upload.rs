//! Uploading a board: ticket, chunks, commit. The steps are public, so that a
//! program can send chunks as they come; `upload_board` walks all of them.

use guildhall_protocol::{Answer, Ask, CHUNK_BYTES_MAX, Chunk, Head, Warning};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::requests::unexpected;
use crate::{Client, ClientError};

/// Leave to upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadTicket {
    pub upload: Uuid,
    /// Most data in one chunk.
    pub chunk_bytes_max: usize,
    pub expires_at_us: i64,
}

impl Client {
    /// Uploads a whole board as the successor of `base` and waits until it is
    /// the head. The server's warnings come with it.
    ///
    /// # Errors
    /// `Refused` with the reason of the chunk that was refused, or that of the
    /// ticket or the commit.
    pub async fn upload_board(
        &self,
        board: Uuid,
        base: Option<u32>,
        format: &str,
        bytes: &[u8],
    ) -> Result<(Head, Vec<Warning>), ClientError> {
        let size_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let ticket = self
            .start_upload(board, base, size_bytes, Some(format))
            .await?;
        let watched = self.shared.watch_upload(ticket.upload);
        let mut hasher = blake3::Hasher::new();
        let mut offset = 0;
        for data in bytes.chunks(ticket.chunk_bytes_max) {
            if let Some(refusal) = watched.refusal() {
                return Err(ClientError::Refused(refusal));
            }
            hasher.update(data);
            self.send_chunk(ticket.upload, offset, data).await?;
            offset += u64::try_from(data.len()).unwrap_or(u64::MAX);
        }
        let hash = hasher.finalize().to_hex().to_string();
        let committed = self.commit_upload(ticket.upload, Some(hash)).await;
        // The commit of a refused upload is refused as well; the first reason is the useful one.
        committed.map_err(|error| watched.refusal().map_or(error, ClientError::Refused))
    }

    /// Asks for an upload ticket.
    ///
    /// # Errors
    /// `Refused`, among others with `role_forbidden`, `base_not_loaded`, `stale_base`.
    pub async fn start_upload(
        &self,
        board: Uuid,
        base: Option<u32>,
        size_bytes: u64,
        format: Option<&str>,
    ) -> Result<UploadTicket, ClientError> {
        let format = format.map(str::to_owned);
        let ask = Ask::BoardUpload {
            board,
            base,
            size_bytes,
            format,
        };
        match self.ask(ask).await? {
            Answer::BoardUploadReady {
                upload,
                chunk_bytes_max,
                expires_at_us,
                ..
            } => Ok(UploadTicket {
                upload,
                chunk_bytes_max: chunk_size(chunk_bytes_max),
                expires_at_us,
            }),
            other => Err(unexpected(&other)),
        }
    }

    /// Sends one chunk and waits until it was written to the socket. The server
    /// answers only what it refuses, with `upload.refused`.
    ///
    /// # Errors
    /// How the connection ended.
    pub async fn send_chunk(
        &self,
        upload: Uuid,
        offset: u64,
        data: &[u8],
    ) -> Result<(), ClientError> {
        let chunk = Chunk {
            upload,
            offset,
            data,
        };
        let (written, wait) = oneshot::channel();
        let queued = self.chunks.send((chunk.encode(), written)).await;
        if queued.is_err() || wait.await.is_err() {
            return Err(self.shared.ended());
        }
        Ok(())
    }

    /// Ends an upload; `hash` is compared with what the server received.
    ///
    /// # Errors
    /// `Refused`, among others with `upload_incomplete`, `map_invalid`,
    /// `hash_mismatch`, `stale_base`.
    pub async fn commit_upload(
        &self,
        upload: Uuid,
        hash: Option<String>,
    ) -> Result<(Head, Vec<Warning>), ClientError> {
        match self.ask(Ask::BoardCommit { upload, hash }).await? {
            Answer::BoardCommitted { head, warnings, .. } => Ok((head, warnings)),
            other => Err(unexpected(&other)),
        }
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// `Refused` with `upload_unknown` or `upload_ended`.
    pub async fn abandon_upload(&self, upload: Uuid) -> Result<(), ClientError> {
        match self.ask(Ask::BoardAbandon { upload }).await? {
            Answer::BoardAbandoned { .. } => Ok(()),
            other => Err(unexpected(&other)),
        }
    }
}

/// The server's figure, within what the protocol allows.
fn chunk_size(told: u64) -> usize {
    usize::try_from(told).map_or(CHUNK_BYTES_MAX, |told| told.clamp(1, CHUNK_BYTES_MAX))
}
