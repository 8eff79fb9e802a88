//! The crash report: one structured log record for every process that breaks by itself.

use std::sync::atomic::Ordering;

use crate::cell::Cell;
use crate::exit::ExitReason;
use crate::info;
use crate::panics::catch;
use crate::pid::Pid;
use crate::sync::lock;
use crate::table;

/// A bound on the chain of ancestors, should parents ever form a long line.
const ANCESTORS_MAX: usize = 32;

/// Writes the report. A logger that panics must not keep the death from being announced.
pub(crate) fn report(cell: &Cell, reason: &ExitReason, last: Option<&str>, summary: Option<&str>) {
    let _ = catch(|| write(cell, reason, last, summary));
}

fn write(cell: &Cell, reason: &ExitReason, last: Option<&str>, summary: Option<&str>) {
    let links = lock(&cell.state)
        .known_relations()
        .map(|relations| info::sorted(relations.links.iter().copied()))
        .unwrap_or_default();
    let kind = cell.body.kind();
    let name = cell.label.name.as_deref().unwrap_or("");
    log::error!(
        pid:% = cell.pid,
        name = name,
        kind = kind,
        reason:% = reason,
        last_message = last.unwrap_or(""),
        state = summary.unwrap_or(""),
        ancestors:? = ancestors(cell.parent),
        links:? = links,
        mailbox_len = cell.mailbox_len.load(Ordering::Relaxed);
        "process {} {kind} {name} crashed: {reason}", cell.pid
    );
}

fn ancestors(parent: Option<Pid>) -> Vec<String> {
    std::iter::successors(parent, |pid| table::get(*pid).and_then(|cell| cell.parent))
        .take(ANCESTORS_MAX)
        .map(|pid| {
            let cell = table::get(pid);
            let name = cell.as_deref().and_then(|cell| cell.label.name.as_deref());
            name.map_or_else(|| pid.to_string(), |name| format!("{pid} {name}"))
        })
        .collect()
}
