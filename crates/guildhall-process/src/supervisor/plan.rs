//! The supervisor's decisions, without a runtime: whether a child is restarted, and which children
//! are stopped and started for it, in which order.

use std::collections::VecDeque;

use super::child::{Restart, Strategy};
use crate::exit::ExitReason;

/// A child of one supervisor; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub u64);

/// What the plan needs to know of a child.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub key: Key,
    pub restart: Restart,
    pub running: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Stop(Key),
    Start(Key),
}

/// OTP's table: restart type × exit reason.
pub(crate) fn restarts(restart: Restart, reason: &ExitReason) -> bool {
    match restart {
        Restart::Permanent => true,
        Restart::Transient => !reason.is_normal_exit(),
        Restart::Temporary => false,
    }
}

/// All running children, last one first.
pub(crate) fn stop_all(children: &[Entry]) -> VecDeque<Step> {
    children
        .iter()
        .rev()
        .filter(|child| child.running)
        .map(|child| Step::Stop(child.key))
        .collect()
}

/// The steps that restart the ended child `key`. A temporary child that is stopped on the way does
/// not come back; every other one in the strategy's reach does, even if it had ended before.
pub(crate) fn restart(strategy: Strategy, children: &[Entry], key: Key) -> VecDeque<Step> {
    let later = children
        .iter()
        .skip_while(|child| child.key != key)
        .copied();
    let reach: Vec<Entry> = match strategy {
        Strategy::OneForOne => later.take(1).collect(),
        Strategy::RestForOne => later.collect(),
        Strategy::OneForAll => children.to_vec(),
    };
    let mut steps = stop_all(&reach);
    let comes_back = reach
        .iter()
        .filter(|child| child.restart != Restart::Temporary);
    steps.extend(comes_back.map(|child| Step::Start(child.key)));
    steps
}

#[cfg(test)]
mod tests {
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
}
