//! The test kit for people who write processes (feature `testing`): a runner with virtual time,
//! probes, assertions, fault injection, seeded interleavings and a check for what is left over.

mod dice;
mod errand;
mod failure;
mod faults;
pub(crate) mod hooks;
mod interleave;
mod kit;
mod leftovers;
mod probe;
mod runner;
mod scope;
mod watchdog;

pub use failure::ReasonPattern;
pub use faults::{Fault, crash_next, crash_nth, crash_on, disarm, inject};
pub use interleave::{interleave, interleave_with};
pub use kit::Kit;
pub use leftovers::{Leftover, LeftoverKind, Leftovers};
pub use probe::{Probe, ProbeEvent, Recorder};
pub use runner::{Runner, run};
