//! Stopping children: the order to stop, the one timer, the kill; always on monitors.

use std::collections::VecDeque;
use std::pin::Pin;

use super::policy::Shutdown;
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::signals::{exit_from, watch};

/// Stops a process in the name of `parent` and waits until it is dead; `NoProc` if it was.
pub(crate) async fn stop(parent: Pid, child: Pid, shutdown: Shutdown) -> ExitReason {
    let mut reasons = stop_all(parent, vec![child], shutdown).await;
    reasons.pop().unwrap_or(ExitReason::NoProc)
}

/// Stops processes in parallel under one timer; their reasons come in the same order.
pub(crate) async fn stop_all(
    parent: Pid,
    children: Vec<Pid>,
    shutdown: Shutdown,
) -> Vec<ExitReason> {
    let mut deaths = Deaths::of(&children);
    let order = |reason: &ExitReason| {
        for child in &children {
            exit_from(parent, *child, reason.clone());
        }
    };
    match shutdown {
        Shutdown::BrutalKill => {}
        Shutdown::Timeout(patience) => {
            order(&ExitReason::Shutdown);
            if tokio::time::timeout(patience, deaths.all()).await.is_ok() {
                return deaths.reasons;
            }
        }
        // No timer at all: a virtual clock would jump to it.
        Shutdown::Infinity => {
            order(&ExitReason::Shutdown);
            deaths.all().await;
            return deaths.reasons;
        }
    }
    order(&ExitReason::Kill);
    deaths.all().await;
    deaths.reasons
}

type Death = Pin<Box<dyn Future<Output = ExitReason> + Send>>;

struct Deaths {
    awaited: VecDeque<Death>,
    reasons: Vec<ExitReason>,
}

impl Deaths {
    fn of(pids: &[Pid]) -> Self {
        let mut awaited = VecDeque::with_capacity(pids.len());
        for pid in pids {
            let death: Death = Box::pin(watch(*pid));
            awaited.push_back(death);
        }
        Self {
            awaited,
            reasons: Vec::with_capacity(pids.len()),
        }
    }

    /// May be dropped and called again.
    async fn all(&mut self) {
        while let Some(death) = self.awaited.front_mut() {
            self.reasons.push(death.await);
            self.awaited.pop_front();
        }
    }
}
