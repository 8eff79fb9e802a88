//! A server ends with its owner.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use guildhall_testkit::eventually_blocking;
use guildhall_testkit::postgres::{psql, try_psql};

const PATIENCE: Duration = Duration::from_secs(30);

/// A process with a server; the server's address, and where its data is.
fn owner() -> (Child, String, String) {
    let mut owner = Command::new(env!("CARGO_BIN_EXE_throwaway-postgres"));
    owner.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut owner = owner.spawn().unwrap();
    let mut url = String::new();
    let mut said = BufReader::new(owner.stdout.take().unwrap());
    said.read_line(&mut url).unwrap();
    let url = url.trim().to_owned();
    let data = psql(&url, "SHOW data_directory");
    assert!(std::path::Path::new(&data).exists());
    (owner, url, data)
}

fn nothing_is_left(url: &str, data: &str) {
    eventually_blocking(PATIENCE, "the end of the data", || {
        !std::path::Path::new(data).exists()
    });
    assert!(try_psql(url, "SELECT 1").is_err());
}

#[test]
fn a_server_ends_with_an_owner_that_is_killed() {
    let (mut owner, url, data) = owner();
    owner.kill().unwrap();
    nothing_is_left(&url, &data);
    owner.wait().unwrap();
}

#[test]
fn a_server_ends_when_its_owner_is_told_that_it_is_done() {
    let (mut owner, url, data) = owner();
    drop(owner.stdin.take());
    assert!(owner.wait().unwrap().success());
    nothing_is_left(&url, &data);
}
