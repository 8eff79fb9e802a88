//! The test kit, tested: each of its assertions also by a case in which it must fail, with the text.

mod assertions;
mod clock;
mod faults;
mod hangs;
mod interleavings;
mod leftovers;
mod probes;

use std::panic::{AssertUnwindSafe, catch_unwind};

use guildhall_process::testing::{Kit, run};

/// What a test that must fail says.
fn failure_of(test: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(test)).expect_err("it should have failed");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
    }
}

/// What a test under the kit says, that must fail.
#[track_caller]
fn failure(test: impl AsyncFnOnce(Kit)) -> String {
    failure_of(|| run(test))
}

/// Every one of these must be in the text.
#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}
