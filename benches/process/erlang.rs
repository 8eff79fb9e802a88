//! Erlang, where `escript` is installed: the same work on one scheduler, in a program of its own.

use std::process::Command;

const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/process/peer.escript");

/// How much more Erlang does than the others: its clock of processor time knows milliseconds only.
const TIMES: usize = 10;

/// One figure: nanoseconds per thing, or bytes. `None` without Erlang.
pub fn measure(name: &str, count: usize) -> Option<f64> {
    let more = if name == "linked_deaths" { 1 } else { TIMES };
    let output = Command::new("escript")
        .args([PEER, name, &(count * more).to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let figure = text.trim().parse();
    Some(figure.unwrap_or_else(|_| panic!("Erlang's {name} failed: {text}")))
}
