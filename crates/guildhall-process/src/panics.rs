//! Catching panics: every piece of a user's code runs inside [`catch`], and what cannot be caught
//! any more (a panic while a panic's payload is dropped) is leaked rather than let loose.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Arc, Once};

use crate::exit::{ExitReason, PanicInfo};
use crate::pid::{MonitorRef, Pid};

thread_local! {
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
    static RUNNING: Cell<Option<Pid>> = const { Cell::new(None) };
    /// The replies that panics of this turn have dropped.
    static LOST: RefCell<Vec<MonitorRef>> = const { RefCell::new(Vec::new()) };
}

/// A caught panic.
pub(crate) struct Fault {
    pub message: String,
    location: Option<String>,
}

impl Fault {
    pub fn into_reason(self, last_message: Option<&'static str>) -> ExitReason {
        ExitReason::Panic(Arc::new(PanicInfo {
            message: self.message,
            location: self.location,
            last_message,
        }))
    }
}

/// Runs `f`; a panic becomes a [`Fault`].
pub(crate) fn catch<T>(f: impl FnOnce() -> T) -> Result<T, Fault> {
    // Called while a panic unwinds: the place of that one is kept for who catches it.
    let outer = std::thread::panicking().then(take_location);
    let outcome = panic::catch_unwind(AssertUnwindSafe(f)).map_err(|payload| Fault {
        // Before the payload is dropped, which may panic at another place.
        location: take_location(),
        message: into_message(payload),
    });
    if let Some(outer) = outer {
        set_location(outer);
    }
    outcome
}

fn take_location() -> Option<String> {
    LOCATION.try_with(RefCell::take).ok().flatten()
}

fn set_location(location: Option<String>) {
    // Fails only while the thread ends, when nobody asks any more.
    let _ = LOCATION.try_with(|cell| cell.replace(location));
}

/// [`catch`] for a turn of process `pid`.
pub(crate) fn catch_turn<T>(pid: Pid, f: impl FnOnce() -> T) -> Result<T, Fault> {
    let outer = RUNNING.try_with(|cell| cell.replace(Some(pid))).ok();
    let outcome = catch(f);
    let _ = RUNNING.try_with(|cell| cell.set(outer.flatten()));
    outcome
}

/// Whether this thread unwinds out of a turn of process `pid`, which is going to end it.
pub(crate) fn is_crashing(pid: Pid) -> bool {
    std::thread::panicking() && RUNNING.try_with(Cell::get).is_ok_and(|p| p == Some(pid))
}

/// Notes a reply that is dropped while [`is_crashing`].
pub(crate) fn lost_in_panic(monitor: MonitorRef) {
    // Fails only while the thread ends, and with it the process.
    let _ = LOST.try_with(|lost| lost.borrow_mut().push(monitor));
}

/// The replies that were dropped in panics since the last call on this thread.
pub(crate) fn take_lost() -> Vec<MonitorRef> {
    LOST.try_with(RefCell::take).unwrap_or_default()
}

/// One line for the log. A logger is a user's: its panic must cost nobody anything.
pub(crate) fn log_error(line: fmt::Arguments<'_>) {
    let _ = catch(|| log::error!("{line}"));
}

/// Drops a user's value where a panic of its `Drop` would meet another one and abort.
pub(crate) fn drop_quietly<T>(value: T) {
    if let Err(fault) = catch(|| drop(value)) {
        // A logger is a user's as well.
        log_error(format_args!(
            "a value panicked while it was dropped: {}",
            fault.message
        ));
    }
}

/// A user's value that others may have to drop.
pub(crate) struct Quiet<T>(Option<T>);

impl<T> Quiet<T> {
    pub fn new(value: T) -> Self {
        Self(Some(value))
    }

    /// `None` only while it is dropped.
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T> Drop for Quiet<T> {
    fn drop(&mut self) {
        drop_quietly(self.0.take());
    }
}

fn into_message(payload: Box<dyn Any + Send>) -> String {
    let message = if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a text".to_owned()
    };
    // The payload is a user's value as well: its Drop may panic, and so may the payload of that.
    if let Err(second) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    message
}

/// Adds the hook that notes where a panic happened; the hooks installed before still run.
pub(crate) fn install_hook() {
    static ONCE: Once = Once::new();
    // A hook cannot be set while this thread panics; the next spawn will do it.
    if std::thread::panicking() {
        return;
    }
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            note_location(info);
            previous(info);
        }));
    });
}

fn note_location(info: &PanicHookInfo<'_>) {
    set_location(info.location().map(ToString::to_string));
}
