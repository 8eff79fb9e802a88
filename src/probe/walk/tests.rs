//! The runner and its expectations, each with the case that must not pass.

use std::future::{pending, ready};
use std::process::ExitCode;
use std::time::Duration;

use guildhall_client::ClientError;
use guildhall_protocol::{Code, Receipt, Refusal};

use super::{Fault, Walk, durable, equal, refused};

async fn walked(outcomes: [Result<(), Fault>; 2]) -> (ExitCode, String) {
    let mut out = Vec::new();
    let mut walk = Walk::new(&mut out);
    let [first, second] = outcomes;
    let outcome = match walk.step("first", ready(first)).await {
        Ok(()) => walk.step("second", ready(second)).await,
        stopped => stopped,
    };
    let code = walk.finish(outcome);
    (code, String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn a_walk_that_holds_has_a_line_per_step_and_a_summary() {
    let (code, said) = walked([Ok(()), Ok(())]).await;
    assert_eq!(code, ExitCode::SUCCESS);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(
        lines[0].starts_with("ok ") && lines[0].ends_with(" ms  first"),
        "{said}"
    );
    assert!(lines[2].starts_with("all 2 steps hold, "), "{said}");
}

#[tokio::test]
async fn a_step_that_does_not_hold_is_named_with_what_came() {
    let (code, said) = walked([Ok(()), equal("the answer", &41, &42)]).await;
    assert_eq!(code, ExitCode::FAILURE);
    assert!(
        said.contains("FAIL second: expected the answer 42; came 41\n"),
        "{said}"
    );
    assert!(said.contains("\n1 steps held before it, "), "{said}");
}

#[tokio::test]
async fn a_step_without_an_outcome_is_late() {
    let mut out = Vec::new();
    let mut walk = Walk::new(&mut out);
    walk.step_timeout = Duration::from_millis(1);
    let stopped = walk.step("waiting", pending::<Result<(), Fault>>()).await;
    let said = stopped.unwrap_err().to_string();
    assert_eq!(said, "waiting: expected an outcome within 1ms; none came");
}

#[test]
fn only_a_durable_receipt_is_durable() {
    assert!(durable(Receipt::Durable).is_ok());
    assert!(durable(Receipt::Queued).is_err());
    assert!(durable(Receipt::Safe).is_err());
}

#[test]
fn a_refusal_counts_with_its_code_a_rule_and_a_next_step_only() {
    let refusal = || Refusal::new(Code::RoleForbidden, "No.");
    let outcome = |refusal| Err::<(), _>(ClientError::Refused(refusal));
    let held = |outcome| refused::<()>(outcome, Code::RoleForbidden).is_ok();
    assert!(held(outcome(refusal())));
    assert!(!held(outcome(refusal().rule(""))));
    assert!(!held(outcome(refusal().next(""))));
    assert!(!held(outcome(Refusal::new(Code::NotFound, "No."))));
    assert!(!held(Ok(())));
}
