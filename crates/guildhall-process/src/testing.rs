//! Fault injection for tests of processes (feature `testing`).

use std::sync::atomic::{AtomicU32, Ordering};

use crate::pid::Pid;
use crate::table;

/// The next message that the process handles panics with "injected crash". False if it is dead.
pub fn crash_next(pid: Pid) -> bool {
    crash_nth(pid, 1)
}

/// The `n`-th message from now on that the process handles panics (1 = the next one; 0 takes an
/// injected crash back). Timers, exits, downs and results of [`crate::Ctx::run`] count as messages.
/// False if the process is dead.
pub fn crash_nth(pid: Pid, n: u32) -> bool {
    table::get(pid).is_some_and(|cell| {
        cell.crash_in.store(n, Ordering::Relaxed);
        cell.is_alive()
    })
}

#[expect(clippy::panic, reason = "a panic is what this is for")]
pub(crate) fn crash_if_due(crash_in: &AtomicU32) {
    let left = crash_in.load(Ordering::Relaxed);
    if left > 0 {
        crash_in.store(left - 1, Ordering::Relaxed);
        if left == 1 {
            panic!("injected crash");
        }
    }
}
