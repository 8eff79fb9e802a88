//! A child process as a server.

use std::process::Command;
use std::time::Duration;

use super::ChildServer;

const DEADLINE: Duration = Duration::from_secs(10);

fn shell(script: &str) -> ChildServer {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    ChildServer::spawn(command)
}

#[test]
fn a_line_is_found_by_its_prefix_also_after_it_came() {
    let child = shell("echo booting; echo 'ready: 127.0.0.1:80 '; echo done; cat");
    assert_eq!(child.wait_for_line("done", DEADLINE), "");
    assert_eq!(child.wait_for_line("ready:", DEADLINE), "127.0.0.1:80");
}

#[test]
#[should_panic(expected = "it said:\nno such port")]
fn a_child_that_ends_without_the_line_fails_at_once_with_what_it_said() {
    shell("echo no such port >&2; exit 1").wait_for_line("ready:", Duration::from_secs(3600));
}

#[test]
fn a_line_of_stderr_is_no_line_of_stdout() {
    let child = shell("echo 'ready: wrong' >&2; echo 'ready: right'");
    assert_eq!(child.wait_for_line("ready: ", DEADLINE), "right");
}

#[test]
fn sigterm_can_be_handled_and_the_exit_status_is_told() {
    let mut child = shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done");
    child.wait_for_line("ready", DEADLINE);
    assert_eq!(child.exit_status(), None);
    child.sigterm();
    assert_eq!(child.wait_exit(DEADLINE).code(), Some(7));
    child.sigterm();
}

#[test]
fn kill9_cannot_be_handled() {
    let mut child = shell("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    child.wait_for_line("ready", DEADLINE);
    let status = child.kill9();
    assert_eq!(status.code(), None, "ended by a signal");
    assert_eq!(child.exit_status(), Some(status));
}

#[test]
fn the_newest_lines_are_kept_and_their_number_is_bounded() {
    let child = shell("i=0; while [ $i -lt 10500 ]; do echo line $i; i=$((i+1)); done; echo end");
    child.wait_for_line("end", DEADLINE);
    let log = child.log();
    assert_eq!(log.lines().count(), super::LINES_MAX);
    assert!(log.ends_with("line 10499\nend"));
}

#[test]
fn the_end_of_a_child_comes_with_all_that_it_said() {
    let mut child = shell("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; exit 3");
    let (status, said) = child.wait_end(DEADLINE);
    assert_eq!(status.code(), Some(3));
    assert!(said.ends_with("line 1999"), "{said}");
}
