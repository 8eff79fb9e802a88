//! The runner of the probe's steps, each bounded in time and with its line, and the few expectations that
//! the steps are made of. A fault says what was expected and what came.

use std::fmt::{self, Debug};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use guildhall_client::ClientError;
use guildhall_protocol::{Code, Receipt, Refusal};
use tokio::time::timeout;

#[cfg(test)]
mod tests;

/// No step takes this long on a healthy server, the upload of the largest map on a slow disk included.
const STEP_TIMEOUT: Duration = Duration::from_secs(15);

/// A walk under way.
pub(super) struct Walk<'a> {
    out: &'a mut dyn Write,
    started: Instant,
    held: u32,
    step_timeout: Duration,
}

/// The step that did not hold.
#[derive(Debug, thiserror::Error)]
#[error("{step}: {fault}")]
pub(super) struct Stopped {
    step: &'static str,
    fault: Fault,
}

/// Why a step did not hold.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The server did something, but not this.
    #[error("expected {expected}; came {came}")]
    Unmet { expected: String, came: String },
    /// The server refused, or the connection did not last.
    #[error("expected that it is carried out; came: {0}")]
    Call(#[from] ClientError),
    /// Nothing came in time.
    #[error("expected an outcome within {0:?}; none came")]
    Late(Duration),
    /// A file that a flag names.
    #[error("expected to read {path}; came: {cause}")]
    File { path: PathBuf, cause: io::Error },
    /// No password can be made.
    #[error("expected randomness from the operating system; came: {0}")]
    Randomness(#[from] getrandom::Error),
}

impl<'a> Walk<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self {
            out,
            started: Instant::now(),
            held: 0,
            step_timeout: STEP_TIMEOUT,
        }
    }

    /// Does one step and writes its line if it holds.
    pub(super) async fn step<T>(
        &mut self,
        step: &'static str,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Stopped> {
        let begun = Instant::now();
        let outcome = timeout(self.step_timeout, work).await;
        let value = outcome
            .unwrap_or(Err(Fault::Late(self.step_timeout)))
            .map_err(|fault| Stopped { step, fault })?;
        self.held += 1;
        self.say(format_args!("ok   {:>8} ms  {step}", millis(begun)));
        Ok(value)
    }

    /// Writes the summary and, above it, the step that did not hold.
    pub(super) fn finish(&mut self, outcome: Result<(), Stopped>) -> ExitCode {
        let (held, total) = (self.held, millis(self.started));
        match outcome {
            Ok(()) => {
                self.say(format_args!("all {held} steps hold, {total} ms"));
                ExitCode::SUCCESS
            }
            Err(stopped) => {
                self.say(format_args!("FAIL {stopped}"));
                self.say(format_args!("{held} steps held before it, {total} ms"));
                ExitCode::FAILURE
            }
        }
    }

    /// A reader that has closed standard output does not change what holds.
    fn say(&mut self, line: fmt::Arguments<'_>) {
        let _ = writeln!(self.out, "{line}");
    }
}

fn millis(since: Instant) -> String {
    format!("{:.1}", since.elapsed().as_secs_f64() * 1000.0)
}

impl Fault {
    pub(super) fn unmet(expected: impl Into<String>, came: impl Into<String>) -> Self {
        Self::Unmet {
            expected: expected.into(),
            came: came.into(),
        }
    }
}

/// Expects `what` to be `expected`.
pub(super) fn equal<T: PartialEq + Debug>(what: &str, came: &T, expected: &T) -> Result<(), Fault> {
    if came == expected {
        return Ok(());
    }
    let expected = format!("{what} {expected:?}");
    Err(Fault::unmet(expected, format!("{came:?}")))
}

/// Expects the receipt that comes after the commit.
pub(super) fn durable(receipt: Receipt) -> Result<(), Fault> {
    equal("the receipt", &receipt, &Receipt::Durable)
}

/// Expects a refusal with this code that names its rule and says what to do next.
pub(super) fn refused<T>(outcome: Result<T, ClientError>, code: Code) -> Result<Refusal, Fault> {
    let expected = format!("a refusal with {code}, a rule and a next step");
    let error = match outcome {
        Ok(_) => return Err(Fault::unmet(expected, "no refusal")),
        Err(error) => error,
    };
    match error.refusal() {
        Some(refusal)
            if refusal.code == code && !refusal.rule.is_empty() && !refusal.next.is_empty() =>
        {
            Ok(refusal.clone())
        }
        _ => Err(Fault::unmet(expected, error.to_string())),
    }
}
