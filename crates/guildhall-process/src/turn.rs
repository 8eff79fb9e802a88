//! The budgets of a turn. A turn is bounded, so that a busy process never starves its arbiter;
//! messages and results have budgets of their own, so that neither starves the other.

use std::cell::Cell;
use std::mem;

use crate::hooks::budget;

/// Messages that a process may handle before its tasks and its arbiter's others have a turn.
const MESSAGES_MAX: u32 = 64;

/// Results of tasks that a process may handle before its mailbox and its arbiter's others have a
/// turn; each is an event like a message, so the bound is the same.
const RESULTS_MAX: u32 = 64;

/// What is left of the budgets.
#[derive(Default)]
pub(crate) struct Turn {
    messages: u32,
    results: u32,
    /// The tasks have been polled since the budget of messages was last filled.
    tasks_polled: bool,
    /// A budget has stopped something that has left no waker behind.
    held_back: Cell<bool>,
}

impl Turn {
    /// Begins a turn. A process whose every message waits for something has turns that end before
    /// its tasks are polled: then the messages have the rest of their budget only.
    pub fn begin(&mut self, has_tasks: bool) {
        self.results = budget(RESULTS_MAX);
        if mem::take(&mut self.tasks_polled) || !has_tasks {
            self.messages = budget(MESSAGES_MAX);
        }
        self.held_back.set(false);
    }

    pub fn charge_message(&mut self) {
        self.messages = self.messages.saturating_sub(1);
    }

    pub fn charge_result(&mut self) {
        self.results = self.results.saturating_sub(1);
    }

    pub fn tasks_polled(&mut self) {
        self.tasks_polled = true;
    }

    /// To be asked by who would handle a message now.
    pub fn allows_message(&self) -> bool {
        self.allows(self.messages)
    }

    /// To be asked by who would handle a result now.
    pub fn allows_result(&self) -> bool {
        self.allows(self.results)
    }

    fn allows(&self, left: u32) -> bool {
        if left == 0 {
            self.held_back.set(true);
        }
        left > 0
    }

    /// Whether another turn must follow at once.
    pub fn has_held_back(&self) -> bool {
        self.held_back.get()
    }
}
