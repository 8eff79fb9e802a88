//! How errors of the parts become the refusals that a client sees. One place, so that no error is ever
//! shown raw and none is swallowed.

use guildhall_process::{CallError, ExitReason, JobError, StartError};
use guildhall_protocol::{Code, Refusal};
use guildhall_store::StoreError;

use crate::hall::NOT_FOUND;

/// An error of the database or of the files: what happened goes to the log, the client is told to try again.
#[must_use]
pub fn store(error: &StoreError) -> Refusal {
    log::error!("store: {error}");
    let sentence = match error {
        StoreError::DiskFull { .. } => "The disk of the server is full.",
        StoreError::Files { .. } | StoreError::Damaged { .. } => {
            "The files of boards cannot be used now."
        }
        StoreError::Unavailable { .. } => "The database did not answer in time.",
        _ => "The database cannot be used now.",
    };
    Refusal::new(Code::Unavailable, sentence)
}

/// A blocking job that did not run or did not end well.
#[must_use]
pub fn job(error: &JobError) -> Refusal {
    match error {
        JobError::Full => Refusal::new(Code::Overloaded, "Too much work is waiting."),
        JobError::Closed => Refusal::new(Code::Unavailable, "The server is stopping."),
        JobError::Panicked(message) => {
            log::error!("a blocking job panicked: {message}");
            Refusal::new(Code::Internal, "The server made a mistake; it was logged.")
        }
    }
}

/// A process that did not answer.
#[must_use]
pub fn call(error: &CallError) -> Refusal {
    match error {
        CallError::Full => Refusal::new(Code::Overloaded, "Too many requests are waiting."),
        CallError::Exit(reason) if *reason == ExitReason::shutdown_with(NOT_FOUND) => {
            Refusal::new(Code::NotFound, "There is no such thing.")
        }
        CallError::NoProc | CallError::Exit(_) | CallError::Timeout | CallError::NoReply => {
            log::warn!("a call failed: {error:?}");
            Refusal::new(Code::Unavailable, "That part of the server is restarting.")
        }
    }
}

/// A process that could not be started.
#[must_use]
pub fn start(error: &StartError) -> Refusal {
    log::warn!("a process could not be started: {error:?}");
    match error {
        StartError::MaxChildren => Refusal::new(Code::Overloaded, "The server is full."),
        _ => Refusal::new(Code::Unavailable, "That part of the server is restarting."),
    }
}
