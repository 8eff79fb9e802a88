//! What Erlang/OTP 25 printed for a list of experiments (`oracle/otp25.txt`, one `label -> outcome`
//! per line), replayed: for every row the same experiment runs here and must print the same words.
//! `exceptions.rs` holds the rows whose form differs, and those that cannot hold, with reasons.

mod exceptions;
mod races;
mod relations;
mod signals;
mod significant;
mod supervisors;
mod words;

use std::collections::BTreeMap;
use std::pin::Pin;

use crate::kit::run_virtual;
use exceptions::{EXCEPTIONS, Exception};

const RECORDED: &str = include_str!("oracle/otp25.txt");

/// A row's label, and the experiment that prints its outcome.
type Experiment = (String, Pin<Box<dyn Future<Output = String>>>);

/// Gives an experiment the label of its row.
fn row(label: impl Into<String>, outcome: impl Future<Output = String> + 'static) -> Experiment {
    (label.into(), Box::pin(outcome))
}

fn experiments() -> Vec<Experiment> {
    let mut all = signals::experiments();
    all.extend(relations::experiments());
    all.extend(races::experiments());
    all.extend(supervisors::experiments());
    all.extend(significant::experiments());
    all
}

/// The rows by label; a label that stands twice is a finding.
fn rows(recorded: &str) -> Result<BTreeMap<&str, &str>, String> {
    let mut rows = BTreeMap::new();
    for line in recorded.lines() {
        let (label, outcome) = line.rsplit_once(" -> ").ok_or(line)?;
        if rows.insert(label, outcome).is_some() {
            return Err(format!("two rows are called {label}"));
        }
    }
    Ok(rows)
}

/// Runs every experiment; one finding for each row that does not hold, has no experiment or more
/// than one, and for each experiment and exception without a row.
async fn findings(recorded: &str, all: Vec<Experiment>, exceptions: &[Exception]) -> Vec<String> {
    let mut rows = match rows(recorded) {
        Ok(rows) => rows,
        Err(finding) => return vec![finding],
    };
    let mut findings = Vec::new();
    for exception in exceptions {
        let Exception { label, ours, why } = exception;
        match rows.get_mut(label) {
            None => findings.push(format!("no row for the exception {label} ({why})")),
            Some(outcome) => *outcome = ours,
        }
    }
    for (label, experiment) in all {
        match rows.remove(label.as_str()) {
            None => findings.push(format!("no row for the experiment {label}")),
            Some(expected) => {
                let seen = experiment.await;
                if seen != expected {
                    findings.push(format!("{label}: {expected} in OTP, {seen} here"));
                }
            }
        }
    }
    let rest = rows
        .keys()
        .map(|label| format!("no experiment for {label}"));
    findings.extend(rest);
    findings
}

#[test]
fn every_row_that_otp_printed_holds_or_is_a_stated_exception() {
    run_virtual(async {
        let findings = findings(RECORDED, experiments(), EXCEPTIONS).await;
        assert!(findings.is_empty(), "{findings:#?}");
    });
}

#[test]
fn a_changed_a_missing_and_an_unknown_row_are_found() {
    run_virtual(async {
        let experiments = || {
            let says = |label: &str, outcome: &str| {
                let outcome = outcome.to_owned();
                row(label, async move { outcome })
            };
            vec![says("a", "1"), says("b", "2"), says("c", "3")]
        };
        let holds = findings("a -> 1\nb -> 2\nc -> 3", experiments(), &[]).await;
        assert_eq!(holds, Vec::<String>::new());
        let found = findings("a -> 1\nb -> 3\nd -> 4", experiments(), &[]).await;
        let expected = [
            "b: 3 in OTP, 2 here",
            "no row for the experiment c",
            "no experiment for d",
        ];
        assert_eq!(found, expected);
        assert_eq!(findings("a -> 1\na -> 2", vec![], &[]).await.len(), 1);
    });
}

#[test]
fn a_changed_outcome_of_a_recorded_row_is_found() {
    run_virtual(async {
        let changed = RECORDED.replacen("{died,kill}", "{died,killed}", 1);
        let findings = findings(&changed, experiments(), EXCEPTIONS).await;
        let expected = "link trap=false reason=kill: {died,killed} in OTP, {died,kill} here";
        assert_eq!(findings, [expected]);
    });
}
