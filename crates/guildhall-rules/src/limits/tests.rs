//! Tests of `limits`: the defaults hold, and every relation is seen when it breaks.

use super::*;

/// The sentences that `check` says about the defaults with one change.
fn broken(change: impl FnOnce(&mut Limits)) -> String {
    let mut limits = Limits::default();
    change(&mut limits);
    limits.check().err().unwrap_or_default().join("\n")
}

#[test]
fn the_defaults_fit_each_other() {
    assert_eq!(Limits::default().check(), Ok(()));
}

#[test]
fn every_broken_relation_is_named() {
    type Case = (fn(&mut Limits), &'static str);
    let cases: [Case; 49] = [
        (|l| l.doors.failures_free = 0, "every limit"),
        (
            |l| l.doors.failure_delay_ms = 300_001,
            "at least doors.failure_delay_ms",
        ),
        (|l| l.clock.ahead_max_ms = 0, "every limit"),
        (
            |l| l.clock.note_interval_ms = 1 << 40,
            "before it is too long ago",
        ),
        (|l| l.reader_threads = 65, "at most 64 each"),
        (|l| l.requests_in_flight_max = 75, "half of it holds"),
        (|l| l.chunk_bytes_max = 65_537, "the protocol's chunks"),
        (
            |l| l.state_bytes_max = 65_537,
            "state_bytes_max must be at most",
        ),
        (|l| l.sessions_max = 0, "every limit"),
        (|l| l.flush_window_ms = 0, "every limit"),
        (|l| l.map.walls_max = 0, "every limit"),
        (|l| l.map.outside_cells_max = f64::NAN, "every limit"),
        (|l| l.map.outside_cells_max = f64::INFINITY, "finite"),
        (|l| l.map.pixels_per_grid_min = 9999.0, "_min must be"),
        (|l| l.map.map_cells_per_side_min = 9999.0, "_min must be"),
        (|l| l.map.tokens_max = 0, "every limit"),
        (
            |l| l.map.document_bytes_max = l.map.file_bytes_max + 1,
            "map.document_bytes_max",
        ),
        (|l| l.map.nesting_max = 5, "nesting_max"),
        (|l| l.map.nesting_max = 127, "nesting_max"),
        (
            |l| l.chunk_bytes_max = usize::MAX,
            "frame_bytes_max must hold",
        ),
        (
            |l| l.frame_bytes_max = 1 << 30,
            "message_bytes_max must be at least frame",
        ),
        (
            |l| l.state_bytes_max = 200 << 10,
            "at least twice state_bytes_max",
        ),
        (
            |l| l.upload_bytes_max = 1,
            "upload_bytes_max must be at least",
        ),
        (
            |l| l.outbox_bytes_max = 1,
            "outbox_bytes_max must be at least message",
        ),
        (|l| l.outbox_frames_max = 63, "at least credit_frames"),
        (|l| l.credit_bytes = 16 << 20, "at least credit_bytes"),
        (
            |l| l.requests_in_flight_max = 8193,
            "at least requests_in_flight_max",
        ),
        (
            |l| l.ping_interval_ms = 15_000,
            "longer than ping_interval_ms",
        ),
        (
            |l| l.liveness_timeout_ms = 3_600_000,
            "longer than liveness_timeout_ms",
        ),
        (|l| l.idle_timeout_ms = 600_000, "two keepalive_interval_ms"),
        (|l| l.ticket_ttl_ms = 30_001, "ticket_ttl_ms"),
        (|l| l.batch_rows_max = 1 << 20, "dirty_max must"),
        (|l| l.dirty_bytes_max = (16 << 20) - 1, "dirty_bytes_max"),
        (
            |l| l.flush_window_ms = 5_000,
            "flush_window_ms must be at most",
        ),
        (
            |l| l.journal_flush_window_ms = 9,
            "journal_flush_window_ms must be at least",
        ),
        (
            |l| l.saving_delayed_ms = 1_999,
            "two journal_flush_window_ms",
        ),
        (
            |l| l.answer_deadline_ms = 2_000,
            "longer than saving_delayed_ms",
        ),
        (|l| l.answer_deadline_ms = 4_751, "calls wait 5 s"),
        (
            |l| l.guild_members_max = 10_000,
            "half of it holds a guild's members",
        ),
        (
            |l| l.refused_lines_max = 1_001,
            "refused_lines_per_account_max must be at least",
        ),
        (
            |l| l.read_deadline_ms = 4_501,
            "read_deadline_ms must be at most",
        ),
        (|l| l.acts.tokens_max = 0, "every limit"),
        (|l| l.acts.coordinate_cells_max = f64::NAN, "every limit"),
        (
            |l| l.acts.coordinate_cells_max = 5_000.0,
            "acts.coordinate_cells_max must reach beyond",
        ),
        (
            |l| l.acts.token_size_cells_max = 9_000.0,
            "acts.token_size_cells_max must be at most",
        ),
        (|l| l.acts.tokens_max = 4_999, "must each be at least"),
        (|l| l.acts.area_points_max = 256, "8192 bytes of one act"),
        (
            |l| l.acts.tokens_max = 8_000,
            "acts.state_bytes_max must hold",
        ),
        (
            |l| l.acts.owners_max = usize::MAX,
            "acts.state_bytes_max must hold",
        ),
    ];
    for (change, part) in cases {
        let said = broken(change);
        assert!(said.contains(part), "{part:?} is not in {said:?}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let said = broken(|l| {
        l.ticket_ttl_ms = 60_000;
        l.idle_timeout_ms = 60_000;
    });
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn a_table_of_some_limits_keeps_the_other_defaults() {
    let limits: Limits =
        toml::from_str("idle_timeout_ms = 7200000\n[map]\nwalls_max = 10").unwrap();
    assert_eq!(limits.idle_timeout_ms, 7_200_000);
    assert_eq!(limits.map.walls_max, 10);
    assert_eq!(limits.frame_bytes_max, Limits::default().frame_bytes_max);
}

#[test]
fn an_unknown_key_is_an_error_that_names_it() {
    for text in [
        "idel_timeout_ms = 1",
        "[map]\nwall_max = 1",
        "[acts]\ntoken_max = 1",
    ] {
        let error = toml::from_str::<Limits>(text).unwrap_err().to_string();
        assert!(error.contains("unknown field"), "{error}");
    }
}

#[test]
fn the_parts_carry_the_same_figures() {
    let limits = Limits::default();
    assert_eq!(
        limits.clock_limits().idle_timeout,
        Duration::from_secs(3600)
    );
    assert_eq!(limits.outbox_limits().credit_bytes, limits.credit_bytes);
    assert_eq!(
        limits.outbox_limits().write_timeout,
        Duration::from_secs(20)
    );
}
