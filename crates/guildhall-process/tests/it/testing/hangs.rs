//! Tests that hang: the watchdog ends them in real time.

use std::future::pending;
use std::process::Command;
use std::time::Duration;

use guildhall_process::testing::Runner;

use super::{failure_of, says};

const SOON: Duration = Duration::from_millis(100);

#[test]
fn a_test_that_waits_in_vain_fails_and_tells_who_was_there() {
    let text = failure_of(|| {
        Runner::new().hang_after(SOON).run(async |kit| {
            let _probe = kit.probe::<u32>("bank");
            pending::<()>().await;
        });
    });
    says(
        &text,
        &[
            "has not ended within 100ms of real time",
            r#"probe "bank", 0 messages wait"#,
        ],
    );
}

#[test]
fn a_test_whose_processes_never_rest_fails() {
    let text = failure_of(|| {
        Runner::new().hang_after(SOON).run(async |kit| {
            let probe = kit.probe::<u32>("bank");
            let me = probe.process();
            probe.answer(move |n| me.tell(n).err().map(|_| n));
            kit.tell(&probe.process(), 1);
            kit.settle().await;
        });
    });
    says(
        &text,
        &["has not ended within 100ms of real time", r#"probe "bank""#],
    );
}

#[test]
fn a_handler_that_never_returns_ends_the_program_with_a_report() {
    const CHILD: &str = "GUILDHALL_TEST_STUCK_HANDLER";
    if std::env::var(CHILD).is_ok() {
        Runner::new().hang_after(SOON).run(async |kit| {
            let probe = kit.probe::<u32>("bank");
            let (_open, never) = std::sync::mpsc::channel::<()>();
            probe.ask(move |_| never.recv().is_ok()).await;
        });
        return;
    }
    let me = "testing::hangs::a_handler_that_never_returns_ends_the_program_with_a_report";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", me, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    says(
        &text,
        &[
            "has not ended within 5.1s of real time",
            "runs guildhall_process",
        ],
    );
}
