//! One throw-away PostgreSQL that all processes of a test run share. The test kit's own program keeps it, and ends it
//! when we end.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::tools;
use crate::workspace::Workspace;

/// The program of the test kit.
const PROGRAM: &str = "throwaway-postgres";

/// Read by the test kit.
const SERVER_VARIABLE: &str = "GUILDHALL_TEST_POSTGRES";

pub struct SharedPostgres {
    program: Child,
    url: String,
}

impl SharedPostgres {
    /// # Errors
    /// The program cannot be compiled, or it has not said where its server is; then it has said why.
    pub fn start(workspace: &Workspace) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{PROGRAM}: {error}");
        // As part of the workspace, so that nothing is compiled twice for other features.
        let built = tools::cargo()
            .args([
                "build",
                "--workspace",
                "--locked",
                "--quiet",
                "--bin",
                PROGRAM,
            ])
            .current_dir(workspace.root())
            .status()
            .map_err(failed)?;
        if !built.success() {
            return Err(format!("{PROGRAM} cannot be compiled"));
        }
        let mut program = Command::new(workspace.program(PROGRAM))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut url = String::new();
        if let Some(said) = program.stdout.take() {
            BufReader::new(said).read_line(&mut url).map_err(failed)?;
        }
        match url.trim() {
            "" => Err(format!("{PROGRAM} has not started a server")),
            url => Ok(Self {
                url: url.to_owned(),
                program,
            }),
        }
    }

    /// Tells the tests where it is.
    pub fn variable(&self) -> (&'static str, &str) {
        (SERVER_VARIABLE, &self.url)
    }
}

impl Drop for SharedPostgres {
    fn drop(&mut self) {
        // Closes its input, which is its order to end.
        let _ = self.program.wait();
    }
}
