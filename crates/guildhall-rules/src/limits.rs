//! Every limit of the server as a named value with its unit, default and reason, and the relations
//! between them. The configuration file's `[limits]` table is read into [`Limits`].
//!
//! Nothing else may hold a figure of its own: whoever needs a bound takes it from here.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::acts::ActLimits;
use crate::board_format::FormatLimits;
use crate::clocks::ClockLimits;
use crate::doors::DoorLimits;
use crate::outbox::OutboxLimits;
use crate::retention::RetentionLimits;
use crate::saving::SavingLimits;
use crate::wall::WallLimits;

mod relations;
#[cfg(test)]
mod tests;

/// Milliseconds.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Bytes of an upload chunk's header: 16 of upload id, 8 of offset.
pub const CHUNK_HEADER_BYTES: usize = 24;

/// The limits of one server. Unknown keys are errors, missing ones take their default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Payload of one inbound binary frame: a full chunk with its header, and slack. 66 KiB.
    /// A text message may come in one frame of its own bound.
    pub frame_bytes_max: usize,
    /// A text message put together from its frames. A full state fits with room for JSON escapes. 256 KiB.
    pub message_bytes_max: usize,
    /// Data bytes of one upload chunk; other traffic of the connection waits for one chunk at most. 64 KiB.
    pub chunk_bytes_max: usize,
    /// One uploaded board. Real maps are 1 to 50 MB. 128 MiB.
    pub upload_bytes_max: u64,
    /// Uploads that one session may have open; each holds a partial file. 2.
    pub uploads_per_session_max: usize,
    /// How long an unfinished upload may be resumed: an evening's map the next day. 24 h.
    pub partial_upload_ttl_ms: u64,
    /// The state of one character or ship. 64 KiB.
    pub state_bytes_max: usize,

    /// Frames that may wait for one peer: answers to a whole burst of small requests. 8,192.
    pub outbox_frames_max: usize,
    /// Bytes that may wait for one peer; what a reader who stopped costs us. 9 MiB.
    pub outbox_bytes_max: usize,
    /// Frames handed to the socket and not acknowledged. 64.
    pub credit_frames: usize,
    /// Bytes handed to the socket and not acknowledged. 64 KiB.
    pub credit_bytes: usize,
    /// Frames in flight with no acknowledgement for this long end the session. Slow readers live. 20 s.
    pub write_timeout_ms: u64,

    /// A peer that was silent this long is pinged. 10 s.
    pub ping_interval_ms: u64,
    /// The heartbeat bound: a silent peer that left a ping unanswered is gone. 15 s.
    pub liveness_timeout_ms: u64,
    /// How often a client sends its keep-alive. 5 min.
    pub keepalive_interval_ms: u64,
    /// A session without an application message ends. 1 h.
    pub idle_timeout_ms: u64,
    /// From accept to upgrade, so that half-made connections hold nothing. 5 s.
    pub handshake_timeout_ms: u64,
    /// How long a ticket for the socket is good, once. 30 s.
    pub ticket_ttl_ms: u64,

    /// How long a sign-in is good. 30 days.
    pub token_ttl_ms: u64,
    /// How long a name that was given up is kept for who had it, so that a rename by mistake can be undone
    /// and nobody is taken for another. 30 days.
    pub name_cooling_ms: u64,
    /// Former names that are kept for one character or guild at a time: undoing a mistake takes one. Each is a
    /// name that nobody else can have. 3.
    pub names_cooling_max: usize,
    /// Characters of one player's account. A service makes them for its realm and has no bound. 50.
    pub characters_per_account_max: usize,
    /// Guilds that one account has founded and that are there, or whose name cools. 10.
    pub guilds_founded_max: usize,
    /// Members of one guild; everyone who looks at it is shown all of them. 500.
    pub guild_members_max: usize,
    /// Invite codes of one account that are good, those of guilds and campaigns together. 64.
    pub invites_open_max: usize,
    /// How long an invite code is good: it lies about in chats. 30 days.
    pub invite_ttl_ms: u64,
    /// How often the index of names is compared with the database as a whole. 1 min.
    pub names_compare_interval_ms: u64,
    /// How often it is looked for names whose time of cooling is over; that is counted in days. 1 min.
    pub names_free_interval_ms: u64,
    /// How long the token of a service is good: a game server is not signed in again every month. 365 days.
    pub service_token_ttl_ms: u64,
    /// Unused socket tickets; each lives seconds. 10,000.
    pub tickets_max: usize,
    /// How long a token that was found good is remembered, so that people reconnect while the database is
    /// gone. 24 h.
    pub token_memory_ms: u64,
    /// Tokens that are remembered, about 250 bytes each; the one used longest ago goes first. 50,000.
    pub tokens_remembered_max: usize,
    /// Bans ordered since the start that are remembered, so that they hold also while the database is gone. 10,000.
    pub bans_remembered_max: usize,
    /// Sessions that ended in play, of which it is remembered what they played, some hundred bytes each: who
    /// comes back with the same token goes on playing, also while the database is gone. 10,000, one for each
    /// that may be here.
    pub sessions_left_max: usize,

    /// Threads and connections for database reads. 4.
    pub reader_threads: usize,
    /// Reads that may wait for a thread. 4,096.
    pub reader_queue_max: usize,
    /// A read that has no answer by then is given up, although its thread may hang for longer. 4 s.
    pub read_deadline_ms: u64,
    /// Threads for the files of boards: hashing, checking, fsync. 2.
    pub file_threads: usize,
    /// File jobs that may wait for a thread. 4,096.
    pub file_queue_max: usize,
    /// Threads for password hashing, about 70 ms and 19 MiB each time. 2.
    pub password_threads: usize,
    /// Password hashes that may wait: the bound on hash exhaustion. 64.
    pub password_queue_max: usize,

    /// Sessions on this server. 10,000.
    pub sessions_max: usize,
    /// Requests of one session that wait for their answers. 64.
    pub requests_in_flight_max: usize,
    /// From the head of an HTTP request to that of its answer, the body's arrival included. 15 s.
    pub http_timeout_ms: u64,
    /// A body sent to the HTTP API: sign-in forms, nothing large. 16 KiB.
    pub http_body_bytes_max: usize,

    /// How long a write waits for company before its batch goes. 10 ms.
    pub flush_window_ms: u64,
    /// The same where a journal has promised already: the longer, the fewer rows are written. 1 s.
    pub journal_flush_window_ms: u64,
    /// By then who asked for a write is told how far it came, within the 5 s that calls wait. 4.5 s.
    pub answer_deadline_ms: u64,
    /// From this age of the oldest unsaved write on clients are told that saving is delayed. 2 s.
    pub saving_delayed_ms: u64,
    /// Rows of one batch; from here on durable settings cost nothing. 256.
    pub batch_rows_max: usize,
    /// Entities with unsaved changes; beyond it callers are told `overloaded`. 16,384.
    pub dirty_max: usize,
    /// Bytes of unsaved states; what a database that fails for long may cost us. 256 MiB.
    pub dirty_bytes_max: usize,
    /// Escrows that may wait for one character or ship, so that nobody is buried in gifts. 256.
    pub escrows_open_max: usize,
    /// Characters of a note in a ship's ledger; the database checks the same bound. 1,024.
    pub ledger_note_chars_max: usize,

    /// Lines of history that are kept of one entity: some evenings of play to go back to. 200.
    pub history_lines_max: usize,
    /// How long a line of history is kept; the newest of an entity stays. 90 days.
    pub history_age_max_ms: u64,
    /// Refused writes that are kept of one entity, the newest of them; a client that errs, errs often. 50.
    pub refused_lines_max: usize,
    /// Refused writes that are kept of one player's account, the newest of them, each with a state at most:
    /// 64 MiB of the disk, whatever ids they name. 1,000.
    pub refused_lines_per_account_max: usize,
    /// How long a refused write is kept with its payload: somebody may come back after long. 365 days.
    pub refused_age_max_ms: u64,
    /// How long it is known of a batch that it was committed; a local journal may ask. 30 days.
    pub batches_age_max_ms: u64,
    /// How often it is looked for records that may be forgotten, while there are none. 10 s.
    pub retention_interval_ms: u64,

    /// The bounds of board formats: the `[limits.map]` table.
    pub map: FormatLimits,
    /// What strangers and single accounts may take: the `[limits.doors]` table.
    pub doors: DoorLimits,
    /// How far the system's clock may be off: the `[limits.clock]` table.
    pub clock: WallLimits,
    /// The bounds of acts on boards: the `[limits.acts]` table.
    pub acts: ActLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes_max: 66 * 1024,
            message_bytes_max: 256 * 1024,
            chunk_bytes_max: 64 * 1024,
            upload_bytes_max: 128 * 1024 * 1024,
            uploads_per_session_max: 2,
            partial_upload_ttl_ms: 24 * 60 * 60 * 1000,
            state_bytes_max: 64 * 1024,
            outbox_frames_max: 8_192,
            outbox_bytes_max: 9 * 1024 * 1024,
            credit_frames: 64,
            credit_bytes: 64 * 1024,
            write_timeout_ms: 20_000,
            ping_interval_ms: 10_000,
            liveness_timeout_ms: 15_000,
            keepalive_interval_ms: 5 * 60 * 1000,
            idle_timeout_ms: 60 * 60 * 1000,
            handshake_timeout_ms: 5_000,
            ticket_ttl_ms: 30_000,
            token_ttl_ms: 30 * 24 * 60 * 60 * 1000,
            name_cooling_ms: 30 * 24 * 60 * 60 * 1000,
            names_cooling_max: 3,
            characters_per_account_max: 50,
            guilds_founded_max: 10,
            guild_members_max: 500,
            invites_open_max: 64,
            invite_ttl_ms: 30 * DAY_MS,
            names_compare_interval_ms: 60_000,
            names_free_interval_ms: 60_000,
            service_token_ttl_ms: 365 * 24 * 60 * 60 * 1000,
            tickets_max: 10_000,
            token_memory_ms: 24 * 60 * 60 * 1000,
            tokens_remembered_max: 50_000,
            bans_remembered_max: 10_000,
            sessions_left_max: 10_000,
            reader_threads: 4,
            reader_queue_max: 4_096,
            read_deadline_ms: 4_000,
            file_threads: 2,
            file_queue_max: 4_096,
            password_threads: 2,
            password_queue_max: 64,
            sessions_max: 10_000,
            requests_in_flight_max: 64,
            http_timeout_ms: 15_000,
            http_body_bytes_max: 16 * 1024,
            flush_window_ms: 10,
            journal_flush_window_ms: 1_000,
            answer_deadline_ms: 4_500,
            saving_delayed_ms: 2_000,
            batch_rows_max: 256,
            dirty_max: 16_384,
            dirty_bytes_max: 256 * 1024 * 1024,
            history_lines_max: 200,
            history_age_max_ms: 90 * DAY_MS,
            refused_lines_max: 50,
            refused_lines_per_account_max: 1_000,
            refused_age_max_ms: 365 * DAY_MS,
            batches_age_max_ms: 30 * DAY_MS,
            retention_interval_ms: 10_000,
            escrows_open_max: 256,
            ledger_note_chars_max: 1_024,
            map: FormatLimits::default(),
            doors: DoorLimits::default(),
            clock: WallLimits::default(),
            acts: ActLimits::default(),
        }
    }
}

impl Limits {
    /// Checks that every limit is above zero and that the limits fit each other. All that is wrong comes
    /// back at once, a sentence each, naming the keys.
    pub fn check(&self) -> Result<(), Vec<String>> {
        let broken = self.relations().filter(|(holds, _)| !holds);
        let sentences: Vec<String> = broken.map(|(_, sentence)| sentence.to_owned()).collect();
        if sentences.is_empty() {
            Ok(())
        } else {
            Err(sentences)
        }
    }

    /// What the session's clocks need.
    pub fn clock_limits(&self) -> ClockLimits {
        ClockLimits {
            ping_interval: Duration::from_millis(self.ping_interval_ms),
            liveness_timeout: Duration::from_millis(self.liveness_timeout_ms),
            idle_timeout: Duration::from_millis(self.idle_timeout_ms),
        }
    }

    /// What the decision about the saving state needs.
    pub fn saving_limits(&self) -> SavingLimits {
        SavingLimits {
            delayed_after: Duration::from_millis(self.saving_delayed_ms),
        }
    }

    /// How long an invite code is good, in microseconds.
    pub fn invite_ttl_us(&self) -> i64 {
        us(self.invite_ttl_ms)
    }

    /// Bytes of documents that one answer lists, if it is more than one. An eighth of the outbox, half of what one
    /// answer may have: whoever gives much must not keep somebody from seeing what lies for him.
    pub fn list_bytes_max(&self) -> usize {
        self.outbox_bytes_max / 8
    }

    /// What the retention of records needs.
    pub fn retention_limits(&self) -> RetentionLimits {
        RetentionLimits {
            history_lines_max: self.history_lines_max,
            history_age_max_us: us(self.history_age_max_ms),
            refused_lines_max: self.refused_lines_max,
            refused_lines_per_account_max: self.refused_lines_per_account_max,
            refused_age_max_us: us(self.refused_age_max_ms),
            batches_age_max_us: us(self.batches_age_max_ms),
        }
    }

    /// What the session's outbox needs.
    pub fn outbox_limits(&self) -> OutboxLimits {
        OutboxLimits {
            frames_max: self.outbox_frames_max,
            bytes_max: self.outbox_bytes_max,
            credit_frames: self.credit_frames,
            credit_bytes: self.credit_bytes,
            write_timeout: Duration::from_millis(self.write_timeout_ms),
        }
    }
}

/// Milliseconds as the database counts.
fn us(ms: u64) -> i64 {
    i64::try_from(ms.saturating_mul(1_000)).unwrap_or(i64::MAX)
}
