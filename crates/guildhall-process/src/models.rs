//! The signal rules and the registry under every order of threads that shuttle tries (`--cfg
//! shuttle`, tests only: then `sync` holds shuttle's locks). Each model comes with a variant that
//! is broken on purpose and must be found. `cells` makes processes that live without a runtime.

#![allow(clippy::unwrap_used, reason = "all of this is tests")]

mod cells;
mod deaths;
mod links;
mod monitors;
mod names;
mod signals;

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};

/// Schedules tried of each kind for each model.
const SCHEDULES: usize = 4_000;

/// How many changes of thread a bug may need that the second kind of schedules surely finds.
const DEPTH: usize = 3;

/// Of each thread of a model; too little would be a crash without a word.
const STACK_BYTES: usize = 512 * 1024;

/// Runs a model under random schedules, and under those that favour few changes of thread.
fn explore(model: fn()) {
    run(RandomScheduler::new(SCHEDULES), model);
    run(PctScheduler::new(DEPTH, SCHEDULES), model);
}

fn run(scheduler: impl Scheduler + 'static, model: fn()) {
    let mut config = Config::new();
    config.stack_size = STACK_BYTES;
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(model);
}

/// With which words some schedule breaks the model.
fn found(model: fn()) -> String {
    let panic = std::panic::catch_unwind(|| explore(model)).unwrap_err();
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a text").to_owned()
}
