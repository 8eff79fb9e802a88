//! The shell that is the parent of a server: it starts it, reaps it, and when its input closes (because the owner
//! is done or was killed) it ends the server at once and removes its folder.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::{PATIENCE, binaries};

/// `$1` is the folder of the programs; the shell runs in the server's. A frozen server must be woken: its first
/// process then ends the frozen rest.
const SCRIPT: &str = r#"
while read -r word; do
    case $word in
        start) "$1/postgres" -D data >>log 2>&1 </dev/null & pid=$!; echo "$pid" ;;
        wait) wait "$pid"; pid=; echo ended ;;
    esac
done
if [ -n "$pid" ]; then kill -QUIT "$pid"; kill -CONT "$pid"; wait "$pid"; fi
folder=$PWD; cd / && rm -rf "$folder"
"#;

#[derive(Debug)]
pub struct Guard {
    shell: Child,
    orders: Option<ChildStdin>,
    answers: Receiver<String>,
    folder: PathBuf,
    server: Option<u32>,
}

impl Guard {
    /// Starts the shell and makes a cluster in this folder, which is the shell's from now on.
    pub fn with_cluster(folder: &Path, initdb: &[&str]) -> Self {
        let binaries = binaries::folder();
        if let Some((user, group)) = binaries::other_user() {
            std::os::unix::fs::chown(folder, Some(user), Some(group)).expect("a folder of our own");
        }
        let mut shell = as_user(Path::new("sh"), folder);
        // A group of its own: what ends the owner's whole group must not end its guard.
        shell
            .args(["-c", SCRIPT, "guard"])
            .arg(&binaries)
            .process_group(0);
        shell
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut shell = shell.spawn().expect("the program sh");
        let orders = shell.stdin.take();
        let (tell, answers) = channel();
        let output = BufReader::new(shell.stdout.take().expect("a piped stdout"));
        thread::spawn(move || {
            output
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| tell.send(line))
        });
        let made = as_user(&binaries.join("initdb"), folder)
            .args(initdb)
            .output();
        let made = made.expect("the program initdb");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        Self {
            shell,
            orders,
            answers,
            folder: folder.to_path_buf(),
            server: None,
        }
    }

    /// Starts the server; [`Guard::is_ready`] tells when it answers.
    pub fn start_server(&mut self) {
        assert_eq!(self.server, None, "the server runs already");
        let pid = self.ask("start").parse();
        self.server = Some(pid.expect("the number of a process"));
    }

    /// Waits for the end of the server, which somebody has ordered.
    pub fn await_end(&mut self) {
        self.ask("wait");
        self.server = None;
    }

    /// The server's first process.
    pub fn server(&self) -> Option<u32> {
        self.server
    }

    /// The server says so in the eighth line of this file, which `pg_ctl --wait` reads too.
    pub fn is_ready(&self) -> bool {
        let status = std::fs::read_to_string(self.folder.join("data/postmaster.pid"));
        let status = status.unwrap_or_default();
        let mut lines = status.lines().map(str::trim);
        let pid = lines.next().and_then(|pid| pid.parse().ok());
        pid.is_some() && pid == self.server && lines.nth(6) == Some("ready")
    }

    fn ask(&mut self, order: &str) -> String {
        let orders = self.orders.as_mut().expect("open while the guard lives");
        writeln!(orders, "{order}").expect("the guard of the server");
        self.answers
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|error| panic!("{order} a server: {error}"))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.shell.wait();
    }
}

/// A command in the server's folder as its user, without the settings of whoever uses PostgreSQL here.
fn as_user(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    if let Some((user, group)) = binaries::other_user() {
        command.uid(user).gid(group);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
    command
}
