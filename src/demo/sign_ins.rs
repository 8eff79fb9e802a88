//! The file of the demo's sign-ins. It is safe on the disk before the accounts are made: passwords that
//! nobody knows would lock everybody out of the demo for good.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::DemoError;
use crate::auth::secrets::Secret;

#[cfg(test)]
mod tests;

/// Both accounts of the demo, and whether its world is whole.
#[derive(Serialize, Deserialize)]
pub(super) struct SignIns {
    pub(super) gm: SignIn,
    pub(super) player: SignIn,
    pub(super) filled: bool,
}

/// An account that is there for everybody to try. `Display` shows the password: that is what it is for.
#[derive(Serialize, Deserialize)]
pub(super) struct SignIn {
    pub(super) login: String,
    pub(super) password: String,
}

impl fmt::Display for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.login, self.password)
    }
}

impl SignIn {
    fn new(login: &str) -> io::Result<Self> {
        Ok(Self {
            login: login.to_owned(),
            password: Secret::token()?.reveal(),
        })
    }
}

impl SignIns {
    /// Those that the file keeps, or new ones that it keeps from now on.
    pub(super) fn kept(path: &Path) -> Result<Self, DemoError> {
        match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|cause| DemoError::Unreadable {
                path: path.to_path_buf(),
                cause,
            }),
            Err(cause) if cause.kind() == ErrorKind::NotFound => {
                let made = Self::new().map_err(|cause| failed(path, cause))?;
                made.keep(path)?;
                Ok(made)
            }
            Err(cause) => Err(failed(path, cause)),
        }
    }

    fn new() -> io::Result<Self> {
        Ok(Self {
            gm: SignIn::new("demo-gm")?,
            player: SignIn::new("demo-player")?,
            filled: false,
        })
    }

    /// Replaces the file as a whole. When this returns, it outlives a loss of power.
    pub(super) fn keep(&self, path: &Path) -> Result<(), DemoError> {
        self.replace(path).map_err(|cause| failed(path, cause))
    }

    fn replace(&self, path: &Path) -> io::Result<()> {
        let next = path.with_extension("json.new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&next)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        std::fs::rename(&next, path)?;
        // The new name is in the directory, which has to reach the disk as well.
        path.parent()
            .map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    }
}

fn failed(path: &Path, cause: io::Error) -> DemoError {
    DemoError::File {
        path: path.to_path_buf(),
        cause,
    }
}
