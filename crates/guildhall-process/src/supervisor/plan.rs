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
mod tests;
