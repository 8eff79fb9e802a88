//! What must hold between limits, a sentence each, naming the keys.

use super::{CHUNK_HEADER_BYTES, DAY_MS, Limits};

/// Threads of one kind; more only wait for each other.
const THREADS_MAX: usize = 64;

/// One process waits 5 s for another's answer; this much less is left for the way back.
const ANSWER_DEADLINE_MS_MAX: u64 = 4_750;

/// Ten years, the longest that a name may cool.
const NAME_COOLING_MS_MAX: u64 = 10 * 365 * 24 * 60 * 60 * 1000;

/// What an answer needs beside the state in it.
const ANSWER_BYTES: usize = 1024;

/// What a member of a guild needs in an answer.
const MEMBER_BYTES: usize = 512;

impl Limits {
    pub(super) fn relations(&self) -> impl Iterator<Item = (bool, &'static str)> {
        let sizes = self.relations_of_sizes().into_iter();
        sizes
            .chain(self.relations_of_boards())
            .chain(self.relations_of_saving())
            .chain(self.relations_of_retention())
            .chain(self.relations_of_times())
            .chain(self.acts.relations(&self.map))
    }

    fn relations_of_sizes(&self) -> [(bool, &'static str); 12] {
        let chunk_frame = self.chunk_bytes_max.saturating_add(CHUNK_HEADER_BYTES);
        let state_escaped = self.state_bytes_max.saturating_mul(2);
        let answer = self.state_bytes_max.saturating_add(ANSWER_BYTES);
        let answers = answer.saturating_mul(self.requests_in_flight_max);
        let members = self.guild_members_max.saturating_mul(MEMBER_BYTES);
        let half_an_outbox = self.outbox_bytes_max / 2;
        [
            (
                self.all_positive(),
                "every limit must be above 0 and finite",
            ),
            (
                chunk_frame <= self.frame_bytes_max,
                "frame_bytes_max must hold chunk_bytes_max and a header of 24 bytes",
            ),
            (
                self.frame_bytes_max <= self.message_bytes_max,
                "message_bytes_max must be at least frame_bytes_max",
            ),
            (
                state_escaped <= self.message_bytes_max,
                "message_bytes_max must be at least twice state_bytes_max: a state is sent as JSON",
            ),
            (
                self.message_bytes_max <= self.outbox_bytes_max,
                "outbox_bytes_max must be at least message_bytes_max",
            ),
            (
                self.credit_frames <= self.outbox_frames_max,
                "outbox_frames_max must be at least credit_frames",
            ),
            (
                self.threads_are_few(),
                "reader_threads, file_threads and password_threads must be at most 64 each",
            ),
            (
                half_an_outbox >= answers,
                "outbox_bytes_max must be at least 2 * requests_in_flight_max * (state_bytes_max + 1024): half of it holds an answer with a state for each request",
            ),
            (
                self.chunk_bytes_max <= 65_536,
                "chunk_bytes_max must be at most 65536: the protocol's chunks end there",
            ),
            (
                self.credit_bytes <= self.outbox_bytes_max,
                "outbox_bytes_max must be at least credit_bytes",
            ),
            (
                half_an_outbox >= members,
                "outbox_bytes_max must be at least 2 * guild_members_max * 512: half of it holds a guild's members",
            ),
            (
                self.requests_in_flight_max <= self.outbox_frames_max,
                "outbox_frames_max must be at least requests_in_flight_max: each is answered",
            ),
        ]
    }

    fn relations_of_boards(&self) -> [(bool, &'static str); 4] {
        [
            (
                self.map.file_bytes_max <= self.upload_bytes_max,
                "upload_bytes_max must be at least map.file_bytes_max",
            ),
            (
                self.map.document_bytes_max <= self.map.file_bytes_max,
                "map.file_bytes_max must be at least map.document_bytes_max",
            ),
            (
                self.map.ranges_hold(),
                "in map, every _min must be at most its _max",
            ),
            (self.map.nesting_fits(), "map.nesting_max must be 6 to 100"),
        ]
    }

    fn relations_of_saving(&self) -> [(bool, &'static str); 3] {
        let batch_bytes = self.batch_rows_max.saturating_mul(self.state_bytes_max);
        [
            (
                self.batch_rows_max <= self.dirty_max,
                "dirty_max must be at least batch_rows_max",
            ),
            (
                batch_bytes <= self.dirty_bytes_max,
                "dirty_bytes_max must hold batch_rows_max states of state_bytes_max",
            ),
            (
                self.state_bytes_max <= 65_536,
                "state_bytes_max must be at most 65536: the database checks the same bound",
            ),
        ]
    }

    fn relations_of_retention(&self) -> [(bool, &'static str); 3] {
        [
            (
                self.history_lines_max >= 2,
                "history_lines_max must be at least 2: what is there, and what was before",
            ),
            (
                self.refused_lines_max <= self.refused_lines_per_account_max,
                "refused_lines_per_account_max must be at least refused_lines_max",
            ),
            (
                self.batches_age_max_ms >= DAY_MS,
                "batches_age_max_ms must be at least 86400000 (a day): a journal asks for batches of before an outage",
            ),
        ]
    }

    fn relations_of_times(&self) -> [(bool, &'static str); 13] {
        let keepalives = self.keepalive_interval_ms.saturating_mul(2);
        let journal_windows = self.journal_flush_window_ms.saturating_mul(2);
        [
            (
                self.ping_interval_ms < self.liveness_timeout_ms,
                "liveness_timeout_ms must be longer than ping_interval_ms",
            ),
            (
                self.liveness_timeout_ms < self.idle_timeout_ms,
                "idle_timeout_ms must be longer than liveness_timeout_ms",
            ),
            (
                keepalives < self.idle_timeout_ms,
                "idle_timeout_ms must be longer than two keepalive_interval_ms: one may be lost",
            ),
            (
                self.name_cooling_ms <= NAME_COOLING_MS_MAX,
                "name_cooling_ms must be at most 315360000000, ten years: longer is a reservation",
            ),
            (
                self.ticket_ttl_ms <= 30_000,
                "ticket_ttl_ms must be at most 30000: a ticket is spent at once",
            ),
            (
                self.flush_window_ms <= 1_000,
                "flush_window_ms must be at most 1000: every durable answer waits for it",
            ),
            (
                self.flush_window_ms <= self.journal_flush_window_ms,
                "journal_flush_window_ms must be at least flush_window_ms",
            ),
            (
                journal_windows <= self.saving_delayed_ms,
                "saving_delayed_ms must be at least two journal_flush_window_ms: a window is no delay",
            ),
            (
                self.saving_delayed_ms < self.answer_deadline_ms,
                "answer_deadline_ms must be longer than saving_delayed_ms",
            ),
            (
                self.answer_deadline_ms <= ANSWER_DEADLINE_MS_MAX,
                "answer_deadline_ms must be at most 4750: calls wait 5 s",
            ),
            (
                self.read_deadline_ms <= self.answer_deadline_ms,
                "read_deadline_ms must be at most answer_deadline_ms",
            ),
            (
                self.doors.delay_grows(),
                "doors.failure_delay_max_ms must be at least doors.failure_delay_ms",
            ),
            (
                self.clock.notes_in_time(),
                "clock.ahead_max_ms and clock.behind_max_ms must be at least clock.note_interval_ms: the time is noted before it is too long ago",
            ),
        ]
    }

    fn threads_are_few(&self) -> bool {
        let threads = [
            self.reader_threads,
            self.file_threads,
            self.password_threads,
        ];
        threads.iter().all(|&threads| threads <= THREADS_MAX)
    }

    fn all_positive(&self) -> bool {
        let sizes = [
            self.frame_bytes_max,
            self.message_bytes_max,
            self.chunk_bytes_max,
            self.uploads_per_session_max,
            self.state_bytes_max,
            self.outbox_frames_max,
            self.outbox_bytes_max,
            self.credit_frames,
            self.credit_bytes,
            self.tickets_max,
            self.tokens_remembered_max,
            self.bans_remembered_max,
            self.sessions_left_max,
            self.reader_threads,
            self.reader_queue_max,
            self.file_threads,
            self.file_queue_max,
            self.password_threads,
            self.password_queue_max,
            self.sessions_max,
            self.requests_in_flight_max,
            self.http_body_bytes_max,
            self.batch_rows_max,
            self.dirty_max,
            self.dirty_bytes_max,
            self.history_lines_max,
            self.refused_lines_max,
            self.refused_lines_per_account_max,
            self.names_cooling_max,
            self.characters_per_account_max,
            self.guilds_founded_max,
            self.guild_members_max,
            self.invites_open_max,
            self.escrows_open_max,
            self.ledger_note_chars_max,
        ];
        let times = [
            self.upload_bytes_max,
            self.partial_upload_ttl_ms,
            self.write_timeout_ms,
            self.ping_interval_ms,
            self.liveness_timeout_ms,
            self.keepalive_interval_ms,
            self.idle_timeout_ms,
            self.handshake_timeout_ms,
            self.http_timeout_ms,
            self.ticket_ttl_ms,
            self.token_ttl_ms,
            self.token_memory_ms,
            self.read_deadline_ms,
            self.name_cooling_ms,
            self.names_compare_interval_ms,
            self.names_free_interval_ms,
            self.invite_ttl_ms,
            self.service_token_ttl_ms,
            self.flush_window_ms,
            self.journal_flush_window_ms,
            self.answer_deadline_ms,
            self.saving_delayed_ms,
            self.history_age_max_ms,
            self.refused_age_max_ms,
            self.batches_age_max_ms,
            self.retention_interval_ms,
        ];
        !sizes.contains(&0) && !times.contains(&0) && self.tables_are_positive()
    }

    fn tables_are_positive(&self) -> bool {
        self.map.all_positive()
            && self.clock.all_positive()
            && self.doors.all_positive()
            && self.acts.all_positive()
    }
}
