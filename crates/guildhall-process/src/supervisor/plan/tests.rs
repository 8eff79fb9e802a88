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
    restart(&reach(strategy, children, Key(1)))
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

#[test]
fn an_ended_sibling_in_reach_is_started_but_not_stopped() {
    let children = children([false, false, true, true]);
    let steps = restart(&reach(Strategy::OneForAll, children, Key(1)));
    let (stop, start) = (Step::Stop, Step::Start);
    let starts = [start(Key(0)), start(Key(1)), start(Key(3))];
    assert_eq!(steps[..2], [stop(Key(3)), stop(Key(2))]);
    assert_eq!(steps[2..], starts);
}

#[test]
fn nobody_is_restarted_for_a_child_that_is_gone() {
    for strategy in [Strategy::OneForOne, Strategy::RestForOne] {
        let children = children([true; 4]);
        assert_eq!(restart(&reach(strategy, children, Key(9))), []);
    }
}

#[test]
fn the_auto_shutdown_table_has_otps_cells() {
    use AutoShutdown::{AllSignificant, AnySignificant, Never};
    let cells = [
        // policy, significant, others left, ends
        (Never, true, false, false),
        (Never, false, false, false),
        (AnySignificant, false, false, false),
        (AnySignificant, true, true, true),
        (AnySignificant, true, false, true),
        (AllSignificant, false, false, false),
        (AllSignificant, true, true, false),
        (AllSignificant, true, false, true),
    ];
    for (auto, significant, others_left, ends) in cells {
        let seen = ends_with(auto, significant, others_left);
        assert_eq!(seen, ends, "{auto:?} {significant} {others_left}");
    }
}

#[test]
fn a_specification_is_refused_as_in_otp() {
    use AutoShutdown::{AllSignificant, AnySignificant, Never};
    let check = |restart, significant, auto| check("a", restart, significant, auto);
    let under_never = Err(SpecError::SignificantUnderNever("a".into()));
    let permanent = Err(SpecError::SignificantPermanent("a".into()));
    for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
        for auto in [Never, AnySignificant, AllSignificant] {
            assert_eq!(check(restart, false, auto), Ok(()));
        }
        // OTP looks at the supervisor first.
        assert_eq!(check(restart, true, Never), under_never);
    }
    for auto in [AnySignificant, AllSignificant] {
        assert_eq!(check(Restart::Permanent, true, auto), permanent);
        assert_eq!(check(Restart::Transient, true, auto), Ok(()));
        assert_eq!(check(Restart::Temporary, true, auto), Ok(()));
    }
}

#[test]
fn a_stop_that_went_wrong_is_reported_as_in_otp() {
    use Restart::{Permanent, Transient};
    let timeout = Shutdown::Timeout(std::time::Duration::ZERO);
    let kill = Shutdown::BrutalKill;
    let with = || ExitReason::shutdown_with("t");
    let cells = [
        (kill, Permanent, ExitReason::Killed, true),
        (kill, Permanent, ExitReason::Shutdown, false),
        (kill, Transient, ExitReason::Shutdown, true),
        (kill, Transient, ExitReason::error("boom"), false),
        (timeout, Permanent, ExitReason::Shutdown, true),
        (timeout, Permanent, ExitReason::Normal, false),
        (timeout, Permanent, with(), false),
        (timeout, Transient, ExitReason::Normal, true),
        (timeout, Transient, with(), true),
        (timeout, Transient, ExitReason::Killed, false),
        (timeout, Permanent, ExitReason::NoProc, true),
        (Shutdown::Infinity, Permanent, ExitReason::Shutdown, true),
        (Shutdown::Infinity, Permanent, ExitReason::Killed, false),
    ];
    for (shutdown, restart, reason, well) in cells {
        let seen = stopped_well(shutdown, restart, &reason);
        assert_eq!(seen, well, "{shutdown:?} {restart:?} {reason}");
    }
}
