//! The program as it is started by people: what it prints, what it refuses in plain words, how it stops.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use guildhall::server::ADMIN_TOKEN_FILE;
use guildhall_client::{Account, AdminClient, HttpClient};
use guildhall_testkit::ChildServer;
use tempfile::TempDir;

use crate::harness::PASSWORD;

mod backups;
mod copies;
mod demo_world;
mod migrations;
mod people;
mod plain;
mod probe;
mod records;
mod refusals;
mod settings;
mod starts_and_stops;

/// How long the program may take to start, refuse or stop.
const PATIENCE: Duration = Duration::from_secs(20);
const FREE_PORT: &str = "127.0.0.1:0";

/// A folder in which the program is started; the world lies in `world` below it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn world(&self) -> PathBuf {
        self.path().join("world")
    }

    /// The program in this folder, told nothing by the environment of the test run.
    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
        command.current_dir(self.path());
        for (name, _) in std::env::vars() {
            if name.starts_with("GUILDHALL_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// `guildhall serve` for the world of this folder on free ports.
    fn serve(&self) -> Command {
        let mut command = self.program();
        command.args(["serve", "--listen", FREE_PORT, "--admin-listen", FREE_PORT]);
        command.arg("--data").arg(self.world());
        command
    }
}

/// A program that has started to listen.
struct Running {
    child: ChildServer,
    url: String,
    admin_url: String,
    token_file: PathBuf,
}

impl Running {
    fn start(command: Command) -> Self {
        let folder = command.get_current_dir().expect("a folder").to_path_buf();
        let child = ChildServer::spawn(command);
        let url = child.wait_for_line("listening ", PATIENCE);
        let admin = child.wait_for_line("admin         ", PATIENCE);
        let token_file = child.wait_for_line("admin token ", PATIENCE);
        let admin_url = admin.strip_suffix("/admin/supervisor").expect("its path");
        assert!(token_file.ends_with(ADMIN_TOKEN_FILE), "{token_file}");
        Self {
            url,
            admin_url: admin_url.to_owned(),
            token_file: folder.join(token_file),
            child,
        }
    }

    fn http(&self) -> HttpClient {
        HttpClient::new(&self.url).unwrap()
    }

    fn admin(&self) -> AdminClient {
        let token = std::fs::read_to_string(&self.token_file).unwrap();
        AdminClient::new(&self.admin_url, &token).unwrap()
    }

    async fn account(&self, login: &str) -> Account {
        self.http().sign_up(login, PASSWORD).await.unwrap();
        self.sign_in(login).await
    }

    async fn sign_in(&self, login: &str) -> Account {
        self.http().sign_in(login, PASSWORD, None).await.unwrap()
    }

    /// Sends a signal, waits for the end, and expects status 0.
    fn stop(self, signal: &str) -> String {
        stop(self.child, signal)
    }
}

fn stop(mut child: ChildServer, signal: &str) -> String {
    send(&child, signal);
    let status = child.wait_exit(PATIENCE);
    child.wait_for_line("stopped", PATIENCE);
    assert!(status.success(), "{status}: {}", child.log());
    child.log()
}

fn send(child: &ChildServer, signal: &str) {
    let pid = child.pid().to_string();
    let sent = Command::new("kill").args([signal, &pid]).status();
    assert!(sent.expect("the program kill").success());
}

/// Runs a program that ends by itself; its status and everything it said.
fn outcome(command: Command) -> (Option<i32>, String) {
    let (status, said) = ChildServer::spawn(command).wait_end(2 * PATIENCE);
    assert!(!said.contains("panicked"), "{said}");
    (status.code(), said)
}

/// The sentence with which the program refuses to start; its status is 1.
fn refusal(command: Command) -> String {
    let (status, said) = outcome(command);
    assert_eq!(status, Some(1), "{said}");
    let sentence = said.split_once("guildhall cannot start: ");
    sentence.unwrap_or_else(|| panic!("{said}")).1.to_owned()
}

/// Every word is in the sentence.
fn says(sentence: &str, words: &[&str]) {
    for word in words {
        assert!(sentence.contains(word), "{word:?} in: {sentence}");
    }
}
