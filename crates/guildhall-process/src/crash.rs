//! The crash report: one structured log record for every process that breaks by itself.

use std::sync::atomic::Ordering;

use crate::cell::Cell;
use crate::exit::ExitReason;
use crate::info;
use crate::panics::catch;
use crate::pid::Pid;
use crate::sync::{lock, since_ns};
use crate::table;

/// Writes the report. A logger that panics must not keep the death from being announced.
pub(crate) fn report(cell: &Cell, reason: &ExitReason, last: Option<&str>, summary: Option<&str>) {
    let _ = catch(|| write(cell, reason, last, summary));
}

fn write(cell: &Cell, reason: &ExitReason, last: Option<&str>, summary: Option<&str>) {
    let (links, monitors) = relations(cell);
    let kind = cell.body.kind();
    let name = cell.label.name.as_deref().unwrap_or("");
    let uptime = since_ns(cell.started_ns);
    log::error!(
        pid:% = cell.pid,
        name = name,
        kind = kind,
        reason:% = reason,
        last_message = last.unwrap_or(""),
        state = summary.unwrap_or(""),
        ancestors:? = named_ancestors(cell),
        links:? = links,
        monitors:? = monitors,
        mailbox_len = cell.mailbox_len.load(Ordering::Relaxed),
        handled = cell.handled.load(Ordering::Relaxed),
        restarts = cell.label.child.as_ref().map_or(0, |child| child.restarts),
        uptime_ms = u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX);
        "process {} {kind} {name} crashed: {reason}", cell.pid
    );
}

/// Its links, and whom it monitors. No lock is held when the logger runs.
fn relations(cell: &Cell) -> (Vec<Pid>, Vec<Pid>) {
    let mut state = lock(&cell.state);
    let Some(relations) = state.known_relations() else {
        return (Vec::new(), Vec::new());
    };
    let links = info::sorted(relations.links.keys().copied());
    (links, info::sorted(relations.monitors.values().copied()))
}

fn named_ancestors(cell: &Cell) -> Vec<String> {
    let ancestors = info::ancestors(cell).into_iter();
    let named = |pid: Pid| {
        let cell = table::get(pid);
        let name = cell.as_deref().and_then(|cell| cell.label.name.as_deref());
        name.map_or_else(|| pid.to_string(), |name| format!("{pid} {name}"))
    };
    ancestors.map(named).collect()
}
