//! A server as a child process: started, watched line by line, stopped in the
//! ways that a server is stopped. Calls here block the thread; the waits are
//! bounded. Only this child is ever signalled, and it dies with its handle.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::{backend, postgres, seed};

/// Most lines of output that are kept, the newest ones.
const LINES_MAX: usize = 10_000;
/// Variables of a test run.
const OURS: [&str; 4] = [
    seed::VARIABLE,
    backend::VARIABLE,
    postgres::SERVER_VARIABLE,
    postgres::BINARIES_VARIABLE,
];
const EXIT_POLL: Duration = Duration::from_millis(5);

/// A running server.
#[derive(Debug)]
pub struct ChildServer {
    child: Child,
    output: Arc<Output>,
}

#[derive(Debug, Default)]
struct Output {
    captured: Mutex<Captured>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Captured {
    lines: VecDeque<Line>,
    /// How many of stdout and stderr have come to their end.
    ended: usize,
}

#[derive(Debug)]
struct Line {
    from_stdout: bool,
    text: String,
}

impl ChildServer {
    /// Starts `binary args… --data data`, with its output captured.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(binary: &Path, args: &[&str], data: &Path) -> Self {
        let mut command = Command::new(binary);
        command.args(args).arg("--data").arg(data);
        Self::spawn(command)
    }

    /// Starts any command, with its output captured. The variables of the test run are kept from it: a server
    /// refuses those of its prefix that it does not know.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn(mut command: Command) -> Self {
        for variable in OURS {
            command.env_remove(variable);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let started = command.spawn();
        let mut child = started.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let output = Arc::new(Output::default());
        output.capture(true, child.stdout.take().expect("a piped stdout"));
        output.capture(false, child.stderr.take().expect("a piped stderr"));
        Self { child, output }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of stdout that begins with `prefix`, also one that came
    /// before; what follows the prefix, without space around it.
    ///
    /// # Panics
    /// At the deadline or when stdout ends without it, with everything it said.
    pub fn wait_for_line(&self, prefix: &str, deadline: Duration) -> String {
        let found = |captured: &Captured| {
            let mut stdout = captured.lines.iter().filter(|line| line.from_stdout);
            stdout.find_map(|line| line.text.strip_prefix(prefix).map(str::to_owned))
        };
        let captured = self.output.captured.lock();
        let captured = captured.unwrap_or_else(PoisonError::into_inner);
        let (captured, _) = self
            .output
            .changed
            .wait_timeout_while(captured, deadline, |captured| {
                found(captured).is_none() && captured.ended < 2
            })
            .unwrap_or_else(PoisonError::into_inner);
        let line = found(&captured);
        drop(captured);
        let line = line.unwrap_or_else(|| panic!("no line {prefix:?}; it said:\n{}", self.log()));
        line.trim().to_owned()
    }

    /// Ends it at once, as `kill -9` does, and reaps it.
    pub fn kill9(&mut self) -> ExitStatus {
        // An error means that it was reaped before: then its status is known.
        let _ = self.child.kill();
        self.child.wait().expect("the status of our own child")
    }

    /// Asks it to stop. Does nothing when it has ended already.
    ///
    /// # Panics
    /// When the signal cannot be sent.
    pub fn sigterm(&mut self) {
        // Not reaped, so the number still belongs to our child.
        if self.exit_status().is_none() {
            let pid = self.pid().to_string();
            let sent = Command::new("kill").args(["-TERM", &pid]).status();
            assert!(sent.expect("the program kill").success(), "kill -TERM");
        }
    }

    /// How it ended, `None` while it runs.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the status of our own child")
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// At the deadline, with everything it said.
    pub fn wait_exit(&mut self, deadline: Duration) -> ExitStatus {
        let end = Instant::now() + deadline;
        while Instant::now() < end {
            if let Some(status) = self.exit_status() {
                return status;
            }
            thread::sleep(EXIT_POLL);
        }
        panic!("still running after {deadline:?}; it said:\n{}", self.log());
    }

    /// Waits for its end and for that of its output; how it ended, and everything it said.
    ///
    /// # Panics
    /// At the deadline, with everything it said.
    pub fn wait_end(&mut self, deadline: Duration) -> (ExitStatus, String) {
        let status = self.wait_exit(deadline);
        let captured = self.output.captured.lock();
        let captured = captured.unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .output
            .changed
            .wait_timeout_while(captured, deadline, |captured| captured.ended < 2);
        drop(waited);
        (status, self.log())
    }

    /// Everything it said, stdout and stderr, in the order of arrival.
    pub fn log(&self) -> String {
        let captured = self.output.captured.lock();
        let captured = captured.unwrap_or_else(PoisonError::into_inner);
        let lines = captured.lines.iter().map(|line| line.text.as_str());
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Drop for ChildServer {
    fn drop(&mut self) {
        self.kill9();
    }
}

impl Output {
    /// Reads a pipe to its end on a thread of its own, so that the child never
    /// blocks on a full pipe.
    fn capture(self: &Arc<Self>, from_stdout: bool, pipe: impl Read + Send + 'static) {
        let output = Arc::clone(self);
        thread::spawn(move || {
            for bytes in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                output.change(|captured| captured.push(Line { from_stdout, text }));
            }
            output.change(|captured| captured.ended += 1);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Captured)) {
        change(&mut self.captured.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }
}

impl Captured {
    fn push(&mut self, line: Line) {
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

#[cfg(test)]
mod tests;
