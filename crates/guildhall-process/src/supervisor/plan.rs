//! The supervisor's decisions, without a runtime: whether a child is restarted, which children
//! are stopped and started for it and in which order, and whether the supervisor ends with it.

use super::policy::{AutoShutdown, Restart, Shutdown, SpecError, Strategy};
use crate::exit::ExitReason;

/// A child of one supervisor; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub u64);

/// What the plan needs to know of a child.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub key: Key,
    pub restart: Restart,
    /// Or it waits for a restart, which a stop ends.
    pub running: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Stop(Key),
    Start(Key),
}

/// Whether a specification may stand below a supervisor with this `auto` (OTP's
/// `validSignificant`).
pub(crate) fn check(
    id: &str,
    restart: Restart,
    significant: bool,
    auto: AutoShutdown,
) -> Result<(), SpecError> {
    match (significant, auto, restart) {
        (false, _, _) => Ok(()),
        (true, AutoShutdown::Never, _) => Err(SpecError::SignificantUnderNever(id.to_owned())),
        (true, _, Restart::Permanent) => Err(SpecError::SignificantPermanent(id.to_owned())),
        (true, _, _) => Ok(()),
    }
}

/// OTP's table: restart type × exit reason.
pub(crate) fn restarts(restart: Restart, reason: &ExitReason) -> bool {
    match restart {
        Restart::Permanent => true,
        Restart::Transient => !reason.is_normal_exit(),
        Restart::Temporary => false,
    }
}

/// Whether the supervisor ends because a child has ended by itself for good (OTP's
/// `do_auto_shutdown`). `others_left`: another significant child runs or is to be restarted.
pub(crate) fn ends_with(auto: AutoShutdown, significant: bool, others_left: bool) -> bool {
    match auto {
        AutoShutdown::Never => false,
        AutoShutdown::AnySignificant => significant,
        AutoShutdown::AllSignificant => significant && !others_left,
    }
}

/// Whether a child that was stopped ended as it should (OTP's `shutdown`); otherwise it is worth a
/// report. `NoProc`: it had ended before, and its own report tells why.
pub(crate) fn stopped_well(shutdown: Shutdown, restart: Restart, reason: &ExitReason) -> bool {
    match (shutdown, reason) {
        (Shutdown::BrutalKill, ExitReason::Killed) | (_, ExitReason::NoProc) => true,
        (Shutdown::Timeout(_) | Shutdown::Infinity, ExitReason::Shutdown) => true,
        (_, reason) => restart != Restart::Permanent && reason.is_normal_exit(),
    }
}

/// All running children, last one first.
pub(crate) fn stop_all(children: &[Entry]) -> Vec<Step> {
    let running = children.iter().rev().filter(|child| child.running);
    running.map(|child| Step::Stop(child.key)).collect()
}

/// The children that a restart of `key` takes along, with itself, in start order.
pub(crate) fn reach(strategy: Strategy, mut children: Vec<Entry>, key: Key) -> Vec<Entry> {
    let from = children.iter().position(|child| child.key == key);
    let from = from.unwrap_or(children.len());
    match strategy {
        Strategy::OneForOne => children.retain(|child| child.key == key),
        Strategy::RestForOne => drop(children.drain(..from)),
        Strategy::OneForAll => {}
    }
    children
}

/// The steps that restart a reach. A temporary child that is stopped on the way does not come
/// back; every other one does, even if it had ended before.
pub(crate) fn restart(reach: &[Entry]) -> Vec<Step> {
    let mut steps = stop_all(reach);
    let comes_back = reach
        .iter()
        .filter(|child| child.restart != Restart::Temporary);
    steps.extend(comes_back.map(|child| Step::Start(child.key)));
    steps
}

#[cfg(test)]
mod tests;
