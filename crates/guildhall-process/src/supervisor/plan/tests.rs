//! The restart table, cell by cell, and the order of stops and starts.

use super::*;

fn children(running: [bool; 4]) -> Vec<Entry> {
    let restart = [
        Restart::Permanent,
        Restart::Permanent,
        Restart::Temporary,
        Restart::Permanent,
    ];
    (0..)
        .zip(restart)
        .zip(running)
        .map(|((key, restart), running)| Entry {
            key: Key(key),
            restart,
            running,
        })
        .collect()
}

fn plan(strategy: Strategy) -> Vec<Step> {
    let children = children([true, false, true, true]);
    restart(strategy, &children, Key(1)).into()
}

#[test]
fn one_for_one_starts_only_the_ended_child() {
    assert_eq!(plan(Strategy::OneForOne), [Step::Start(Key(1))]);
}

#[test]
fn rest_for_one_stops_the_later_ones_in_reverse_and_forgets_the_temporary_one() {
    let (stop, start) = (Step::Stop, Step::Start);
    let expected = [stop(Key(3)), stop(Key(2)), start(Key(1)), start(Key(3))];
    assert_eq!(plan(Strategy::RestForOne), expected);
}

#[test]
fn one_for_all_stops_all_in_reverse_and_starts_all_in_order() {
    let (stop, start) = (Step::Stop, Step::Start);
    let expected = [
        stop(Key(3)),
        stop(Key(2)),
        stop(Key(0)),
        start(Key(0)),
        start(Key(1)),
        start(Key(3)),
    ];
    assert_eq!(plan(Strategy::OneForAll), expected);
}

#[test]
fn the_restart_table_has_otps_cells() {
    let reasons = [
        (ExitReason::Normal, false),
        (ExitReason::Shutdown, false),
        (ExitReason::shutdown_with("t"), false),
        (ExitReason::error("boom"), true),
        (ExitReason::Killed, true),
    ];
    for (reason, abnormal) in reasons {
        assert!(restarts(Restart::Permanent, &reason), "{reason}");
        assert_eq!(restarts(Restart::Transient, &reason), abnormal, "{reason}");
        assert!(!restarts(Restart::Temporary, &reason), "{reason}");
    }
}
