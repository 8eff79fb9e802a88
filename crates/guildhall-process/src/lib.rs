//! The layout: `process`, `ctx`, `process_ref`, `reply` and `spawn` are what people write and hold;
//! `signals` holds the rules, `cell` what others see of a process, `shell` its life on actix;
//! `supervisor`, `dynamic` and `partition` supervise; `registry` and `groups` find; `info`, `trace`
//! and `crash` show; the rest is named after what it gives.
//!
#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod attention;
mod blocking;
mod call;
mod cell;
mod crash;
mod ctx;
mod dynamic;
mod exit;
mod few;
mod groups;
mod hooks;
mod info;
mod letter;
#[cfg(all(test, shuttle))]
mod models;
mod panics;
mod partition;
mod pid;
mod port;
mod process;
mod process_ref;
mod recent;
mod registry;
mod reply;
mod shell;
mod signals;
mod spawn;
mod supervisor;
mod sync;
mod table;
mod task;
#[cfg(feature = "testing")]
pub mod testing;
mod timers;
mod trace;
mod turn;

pub use actix_rt::ArbiterHandle;
pub use blocking::{JobError, Lane, Pool, PoolStats};
pub use ctx::Ctx;
pub use dynamic::{DynamicChildInfo, DynamicRef, DynamicSupervisor};
pub use exit::{ExitReason, PanicInfo};
pub use groups::{DeadMember, GroupChange, GroupEvent, GroupMonitor, Groups};
pub use info::{Forest, ProcessInfo, TreeNode, forest, process_info, processes, tree};
pub use partition::Partitions;
pub use pid::{MonitorRef, Pid};
pub use port::Port;
pub use process::{Down, Exit, Handle, Init, Process};
pub use process_ref::{ProcRef, Recipient, SendError};
pub use registry::{DuplicateRegistry, Registry, Taken, Via};
pub use reply::{CallError, ReplyTo};
pub use signals::{exit, exit_from, is_alive, watch};
pub use spawn::{Monitor, Placement, Spawn, StartError, spawn, start};
pub use supervisor::{
    AutoShutdown, Backoff, ChildCounts, ChildError, ChildInfo, ChildKind, ChildSpec, ChildStatus,
    Jitter, Restart, Shutdown, SpecError, Strategy, Supervisor, SupervisorRef,
};
pub use timers::{Timer, TimerRef};
pub use trace::{Trace, TraceEvent, Traced, trace};
