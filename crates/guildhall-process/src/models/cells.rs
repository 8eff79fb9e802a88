//! Cells without a runtime: what a process is told is written down, and it takes a turn when the
//! model says so.

use std::sync::Arc;

use crate::cell::{Body, Cell, Label};
use crate::exit::ExitReason;
use crate::letter::Note;
use crate::pid::Pid;
use crate::signals::die;
use crate::sync::lock;
use crate::table;

/// Looks at what a process is told, in the moment in which it is told.
type Look = Box<dyn Fn(&Note) + Send + Sync>;

/// The body of a cell that writes down its EXITs and DOWNs. Its lock is no part of any model.
pub struct Ears {
    heard: std::sync::Mutex<Vec<Note>>,
    look: Look,
}

pub type Owner = Arc<Cell<Ears>>;

impl Body for Ears {
    fn kind(&self) -> &'static str {
        "model"
    }

    fn class(&self) -> &'static str {
        "worker"
    }

    fn mailbox_max(&self) -> usize {
        0
    }

    fn push(&self, note: Note) {
        (self.look)(&note);
        self.heard.lock().unwrap().push(note);
    }

    // It dies in its next turn.
    fn interrupt(&self, _cell: &Cell) {}
}

/// A living process.
pub fn cell(trap_exit: bool) -> Owner {
    cell_that_looks(trap_exit, |_| ())
}

pub fn cell_that_looks(trap_exit: bool, look: impl Fn(&Note) + Send + Sync + 'static) -> Owner {
    let ears = Ears {
        heard: std::sync::Mutex::default(),
        look: Box::new(look),
    };
    let cell = Arc::new(Cell::new(None, Label::default(), ears));
    lock(&cell.state).trap_exit = trap_exit;
    table::insert(cell.clone());
    cell
}

/// One turn of a process: a pending exit ends it.
pub fn turn(cell: &Owner) {
    if let Some(reason) = cell.pending_exit() {
        die(&**cell, reason);
    }
}

/// Everything it was told so far.
pub fn heard(cell: &Owner) -> Vec<Note> {
    cell.body.heard.lock().unwrap().clone()
}

/// The EXITs of `from` that it was told.
pub fn exits(cell: &Owner, from: Pid) -> Vec<ExitReason> {
    let notes = heard(cell).into_iter();
    let reason = |note| match note {
        Note::Exit(exit) if exit.from == from => Some(exit.reason),
        _ => None,
    };
    notes.filter_map(reason).collect()
}

/// The DOWNs of `pid` that it was told.
pub fn downs(cell: &Owner, pid: Pid) -> Vec<ExitReason> {
    let notes = heard(cell).into_iter();
    let reason = |note| match note {
        Note::Down(down) if down.pid == pid => Some(down.reason),
        _ => None,
    };
    notes.filter_map(reason).collect()
}

/// Whom it is linked with.
pub fn linked(cell: &Owner, peer: Pid) -> bool {
    let mut state = lock(&cell.state);
    let relations = state.known_relations();
    relations.is_some_and(|relations| relations.links.contains_key(&peer))
}

pub fn boom() -> ExitReason {
    ExitReason::error("boom")
}
