//! What a board process is asked, and what it answers. Its own timers stay with it.

use guildhall_process::{Pid, ProcRef, ReplyTo};
use guildhall_protocol::{BoardView, Head, Position, Refusal, Role, Warning};
use guildhall_store::blobs::Partial;
use uuid::Uuid;

use crate::session::Session;

/// What a session that opens the board is told.
#[derive(Debug)]
pub struct Opened {
    /// The board with its head.
    pub board: BoardView,
    /// The role it was opened with.
    pub role: Role,
    /// Sessions that have it open, this one included.
    pub audience: u32,
    /// Where the board's events are.
    pub position: Position,
}

/// Join the audience.
pub struct Open {
    /// Who listens.
    pub session: ProcRef<Session>,
    /// Whose session it is.
    pub account: Uuid,
    /// The present state, or the refusal.
    pub reply: ReplyTo<Result<Opened, Refusal>>,
}

/// Leave the audience.
pub struct Close {
    /// Who leaves.
    pub session: Pid,
    /// Done.
    pub reply: ReplyTo<()>,
}

/// Tell head, audience and position to a session that has the board open.
pub struct Status {
    /// Who asks.
    pub session: Pid,
    /// `not_open` when it has not.
    pub reply: ReplyTo<Result<Told, Refusal>>,
}

/// The answer to [`Status`].
#[derive(Debug)]
pub struct Told {
    /// The present head.
    pub head: Option<Head>,
    /// Sessions that have the board open.
    pub audience: u32,
    /// Where the board's events are.
    pub position: Position,
}

/// A session downloaded a revision and compared its hash.
pub struct Loaded {
    /// Who.
    pub session: Pid,
    /// Which.
    pub revision: u32,
    /// What it computed.
    pub hash: String,
    /// Noted, or why not.
    pub reply: ReplyTo<Result<(), Refusal>>,
}

/// Ask for an upload ticket.
pub struct BeginUpload {
    /// Who uploads.
    pub session: Pid,
    /// Its id, for the history.
    pub session_id: Uuid,
    /// Whose session it is.
    pub account: Uuid,
    /// The revision that it succeeds.
    pub base: Option<u32>,
    /// Bytes announced.
    pub size_bytes: u64,
    /// The format the client means, if it says.
    pub format: Option<String>,
    /// The upload's id, or the refusal.
    pub reply: ReplyTo<Result<Uuid, Refusal>>,
}

/// All bytes are there: check them, make them durable, move the head.
pub struct Commit {
    /// Which upload.
    pub upload: Uuid,
    /// Who asks; must be who was granted the upload.
    pub session: Pid,
    /// What was received.
    pub partial: Partial,
    /// The client's hash, compared and never trusted.
    pub claimed_hash: Option<String>,
    /// The new head, or the refusal.
    pub reply: ReplyTo<Result<Committed, Refusal>>,
}

/// The answer to a commit.
#[derive(Debug)]
pub struct Committed {
    /// Which board.
    pub board: Uuid,
    /// Its new head.
    pub head: Head,
    /// What the format accepted and wants known.
    pub warnings: Vec<Warning>,
}

/// Forget an upload.
pub struct Abandon {
    /// Which.
    pub upload: Uuid,
    /// Who asks.
    pub session: Pid,
}
