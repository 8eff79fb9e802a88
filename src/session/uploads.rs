//! Uploads of one session: ticket → chunks → commit. A chunk is checked here, appended in order on a file
//! thread, and holds its place in the socket's window until it is written, so a fast sender is slowed by
//! the disk and by nothing else.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use guildhall_process::{Ctx, Lane, Pid, ProcRef};
use guildhall_protocol::{
    Answer, Ask, CHUNK_HEADER_BYTES, Chunk, Code, Event, Refusal, ServerFrame,
};
use guildhall_rules::upload::{ChunkRefusal, UploadState};
use guildhall_store::blobs::{BlobStore, FileBlobs, Partial};
use uuid::Uuid;

use super::Session;
use crate::board_sync::{self, BoardSync};
use crate::hall::{self, HallRef};
use crate::refusal;

/// Ended uploads that are remembered, so that a late chunk hears why and not `upload_unknown`.
const ENDED_MAX: usize = 16;

/// The uploads under way and those that ended lately.
#[derive(Default)]
pub(super) struct Uploads {
    open: HashMap<Uuid, Upload>,
    /// Tickets asked for and not yet answered; they count against the limit.
    asked: usize,
    /// What every later frame of an upload is refused with.
    ended: VecDeque<(Uuid, Refusal)>,
}

/// Jobs of one upload that may wait: far more than chunks fit into the socket's window.
const LANE_QUEUE_MAX: usize = 1024;

struct Upload {
    board: ProcRef<BoardSync>,
    state: UploadState,
    /// By the server's clock; what comes later is refused.
    expires: Duration,
    lane: Lane,
    file: Arc<File>,
}

/// The partial file, shared with the jobs of its lane.
struct File {
    blobs: Arc<FileBlobs>,
    slot: Mutex<Slot>,
}

enum Slot {
    Closed,
    Open(Box<Partial>),
    Failed(Refusal),
}

impl File {
    fn with<T>(&self, act: impl FnOnce(&mut Slot) -> T) -> T {
        act(&mut self.slot.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn begin(&self, upload: Uuid, size_bytes: u64) {
        let opened = match self.blobs.begin(upload, size_bytes) {
            Ok(partial) => Slot::Open(Box::new(partial)),
            Err(error) => Slot::Failed(refusal::store(&error)),
        };
        self.with(|slot| *slot = opened);
    }

    fn append(&self, data: &[u8]) -> Result<(), Refusal> {
        self.with(|slot| match slot {
            Slot::Open(partial) => self
                .blobs
                .append(partial, data)
                .map_err(|e| refusal::store(&e)),
            Slot::Failed(refusal) => Err(refusal.clone()),
            Slot::Closed => Err(ended_refusal()),
        })
    }

    fn take(&self) -> Result<Partial, Refusal> {
        self.with(|slot| match std::mem::replace(slot, Slot::Closed) {
            Slot::Open(partial) => Ok(*partial),
            Slot::Failed(refusal) => Err(refusal),
            Slot::Closed => Err(ended_refusal()),
        })
    }
}

/// A session that dies leaves no partial file behind: the lane removes it after what was queued.
impl Drop for Upload {
    fn drop(&mut self) {
        let file = Arc::clone(&self.file);
        drop(self.lane.run(move || {
            if let Ok(partial) = file.take()
                && let Err(error) = file.blobs.discard(partial)
            {
                log::warn!("a partial upload could not be removed: {error}");
            }
        }));
    }
}

fn ended_refusal() -> Refusal {
    Refusal::new(Code::UploadEnded, "This upload has ended.")
}

impl Uploads {
    /// Chunks wait to be written, and hold their places meanwhile.
    pub(super) fn wait_for_disk(&self) -> bool {
        self.open.values().any(|upload| upload.lane.queued() > 0)
    }

    pub(super) fn len(&self) -> usize {
        self.open.len() + self.asked
    }

    /// The uploads to a board that this session no longer has bound end with the binding.
    pub(super) fn forget_board(&mut self, board: Pid) {
        let gone: Vec<Uuid> = self
            .open
            .iter()
            .filter(|(_, upload)| upload.board.pid() == board)
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.end(id, ended_refusal());
        }
    }

    /// Ends an upload; what comes for it from now on is refused with `why`.
    fn end(&mut self, upload: Uuid, why: Refusal) -> Option<Upload> {
        let ended = self.open.remove(&upload)?;
        if self.ended.len() >= ENDED_MAX {
            self.ended.pop_front();
        }
        self.ended.push_back((upload, why));
        Some(ended)
    }

    fn missing(&self, upload: Uuid) -> Refusal {
        let ended = self.ended.iter().find(|(id, _)| *id == upload);
        ended.map(|(_, why)| why.clone()).unwrap_or_else(|| {
            Refusal::new(Code::UploadUnknown, "This session has no such upload.")
        })
    }
}

impl Upload {
    fn new(hall: &HallRef, id: Uuid, board: ProcRef<BoardSync>, size_bytes: u64) -> Self {
        let chunk_bytes_max = u64::try_from(hall.config.limits.chunk_bytes_max).unwrap_or(u64::MAX);
        let ttl = Duration::from_millis(hall.config.limits.partial_upload_ttl_ms);
        let file = Arc::new(File {
            blobs: Arc::clone(&hall.blobs),
            slot: Mutex::new(Slot::Closed),
        });
        let lane = Lane::new(&hall.files, LANE_QUEUE_MAX);
        let begun = Arc::clone(&file);
        drop(lane.run(move || begun.begin(id, size_bytes)));
        Self {
            board,
            state: UploadState::new(size_bytes, chunk_bytes_max),
            expires: hall.now().saturating_add(ttl),
            lane,
            file,
        }
    }

    /// Gives the ticket back to the board; one that is gone has forgotten its tickets with itself.
    fn withdraw(&self, upload: Uuid, session: Pid) {
        let _ = self.board.tell(board_sync::Abandon { upload, session });
    }

    fn in_time(&self, now: Duration) -> Result<(), Refusal> {
        if now < self.expires {
            return Ok(());
        }
        Err(Refusal::new(
            Code::UploadEnded,
            "This upload took too long and has expired.",
        )
        .rule("upload.expiry"))
    }

    fn complete(&self) -> Result<(), Refusal> {
        self.state.complete().map_err(|incomplete| {
            let sentence = format!("Not all is here: {incomplete}.");
            let received = serde_json::json!({ "received_bytes": self.state.received() });
            Refusal::new(Code::UploadIncomplete, sentence).detail(received)
        })
    }

    fn accept(&mut self, chunk: &Chunk<'_>, now: Duration) -> Result<(), Refusal> {
        self.in_time(now)?;
        let len = u64::try_from(chunk.data.len()).unwrap_or(u64::MAX);
        self.state.accept(chunk.offset, len).map_err(|refused| {
            let code = match refused {
                ChunkRefusal::OutOfOrder { .. } => Code::UploadOutOfOrder,
                ChunkRefusal::TooLong { .. } => Code::UploadTooLong,
                ChunkRefusal::Empty => Code::ChunkMalformed,
            };
            Refusal::new(code, format!("This chunk was refused: {refused}."))
        })
    }
}

impl Session {
    pub(super) fn upload_request(&mut self, id: Uuid, ask: Ask, ctx: &mut Ctx<Self>) {
        match ask {
            Ask::BoardUpload {
                board,
                base,
                size_bytes,
                format,
            } => {
                self.begin_upload(id, board, base, size_bytes, format, ctx);
            }
            Ask::BoardCommit { upload, hash } => self.commit(id, upload, hash, ctx),
            Ask::BoardAbandon { upload } => self.abandon(id, upload, ctx),
            _ => {}
        }
    }

    fn begin_upload(
        &mut self,
        id: Uuid,
        board: Uuid,
        base: Option<u32>,
        size_bytes: u64,
        format: Option<String>,
        ctx: &mut Ctx<Self>,
    ) {
        let max = self.hall.config.limits.uploads_per_session_max;
        if self.uploads.len() >= max {
            let sentence = format!("A session may have {max} uploads at a time.");
            return self.answer(id, Err(Refusal::new(Code::TooManyUploads, sentence)), ctx);
        }
        let process = match self.bound_board(board) {
            Ok(process) => process,
            Err(refusal) => return self.answer(id, Err(refusal), ctx),
        };
        let (session, session_id, account) = (ctx.pid(), self.id, self.who.account);
        let granted = process.call(hall::CALL_TIMEOUT, |reply| board_sync::BeginUpload {
            session,
            session_id,
            account,
            base,
            size_bytes,
            format,
            reply,
        });
        self.uploads.asked += 1;
        let granted = async move { granted.await.map_err(|e| refusal::call(&e))? };
        self.then(id, granted, ctx, move |this, granted, _| {
            this.uploads.asked -= 1;
            let upload = granted?;
            let limits = &this.hall.config.limits;
            let chunk_bytes_max = u64::try_from(limits.chunk_bytes_max).unwrap_or(u64::MAX);
            let ttl_us = i64::try_from(limits.partial_upload_ttl_ms.saturating_mul(1000));
            let begun = Upload::new(&this.hall, upload, process, size_bytes);
            this.uploads.open.insert(upload, begun);
            Ok(Answer::BoardUploadReady {
                upload,
                board,
                base,
                chunk_bytes_max,
                expires_at_us: this
                    .hall
                    .now_us()
                    .saturating_add(ttl_us.unwrap_or(i64::MAX)),
            })
        });
    }

    /// A binary frame. It has no request id, so what is refused comes back as an event.
    pub(super) fn chunk(&mut self, frame: &Bytes, place: Box<dyn Send>, ctx: &mut Ctx<Self>) {
        let chunk = match Chunk::decode(frame) {
            Ok(chunk) => chunk,
            Err(refusal) => {
                let refused = ServerFrame::Refused {
                    re: None,
                    error: refusal,
                };
                return self.push(refused.to_json().into(), ctx);
            }
        };
        let upload = chunk.upload;
        let now = self.hall.now();
        let Some(open) = self.uploads.open.get_mut(&upload) else {
            let error = self.uploads.missing(upload);
            return self.event(Event::UploadRefused { upload, error }, ctx);
        };
        if let Err(error) = open.accept(&chunk, now) {
            return self.give_up(upload, error, ctx);
        }
        let data = frame.slice(CHUNK_HEADER_BYTES..);
        let file = Arc::clone(&open.file);
        let appended = open.lane.run(move || {
            let appended = file.append(&data);
            drop(place);
            appended
        });
        ctx.run(appended, move |this, appended, ctx| {
            let refused = match appended {
                Ok(Ok(())) => return,
                Ok(Err(refusal)) => refusal,
                Err(error) => refusal::job(&error),
            };
            this.give_up(upload, refused, ctx);
        });
    }

    /// A chunk was refused, and its upload with it: its place is free and its bytes are removed.
    fn give_up(&mut self, upload: Uuid, error: Refusal, ctx: &mut Ctx<Self>) {
        if let Some(open) = self.uploads.end(upload, error.clone()) {
            open.withdraw(upload, ctx.pid());
            self.event(Event::UploadRefused { upload, error }, ctx);
        }
    }

    fn commit(&mut self, id: Uuid, upload: Uuid, hash: Option<String>, ctx: &mut Ctx<Self>) {
        let now = self.hall.now();
        let complete = match self.uploads.open.get(&upload) {
            None => Err(self.uploads.missing(upload)),
            Some(open) => open.in_time(now).and_then(|()| open.complete()),
        };
        if let Err(refusal) = complete {
            return self.answer(id, Err(refusal), ctx);
        }
        let Some(open) = self.uploads.end(upload, ended_refusal()) else {
            return;
        };
        let (session, board) = (ctx.pid(), open.board.clone());
        let file = Arc::clone(&open.file);
        // In the lane, so after every chunk.
        let taken = open.lane.run(move || file.take());
        let committed = async move {
            let partial = taken.await.map_err(|e| refusal::job(&e))??;
            board
                .call(COMMIT_TIMEOUT, |reply| board_sync::Commit {
                    upload,
                    session,
                    partial,
                    claimed_hash: hash,
                    reply,
                })
                .await
                .map_err(|e| refusal::call(&e))?
        };
        self.then(id, committed, ctx, move |_, committed, _| {
            let board_sync::Committed {
                board,
                head,
                warnings,
            } = committed?;
            Ok(Answer::BoardCommitted {
                board,
                head,
                warnings,
            })
        });
    }

    fn abandon(&mut self, id: Uuid, upload: Uuid, ctx: &mut Ctx<Self>) {
        let answer = match self.uploads.end(upload, ended_refusal()) {
            Some(open) => {
                open.withdraw(upload, ctx.pid());
                Ok(Answer::BoardAbandoned { upload })
            }
            None => Err(self.uploads.missing(upload)),
        };
        self.answer(id, answer, ctx);
    }
}

/// Sealing, checking and fsync of the largest board on a slow disk.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(60);
