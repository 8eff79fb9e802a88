//! The test kit for people who write processes (feature `testing`).

#[allow(dead_code, reason = "the runner that rolls them follows")]
mod dice;
mod faults;
pub(crate) mod hooks;
#[allow(dead_code, reason = "the runner that looks at it follows")]
mod scope;

pub use faults::{Fault, crash_next, crash_nth, crash_on, disarm, inject};
