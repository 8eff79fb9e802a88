//! Configuration: defaults < file < environment < flags. Unknown keys are errors that name their line
//! or their variable; relations between limits are checked before anything starts.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use guildhall_rules::limits::Limits;
use guildhall_store::{StoreError, Target};
use serde::Deserialize;

/// Prefix of the environment variables that override the file: `GUILDHALL_LISTEN`,
/// `GUILDHALL_LIMITS__STATE_BYTES_MAX` (two underscores step into a table).
pub const ENV_PREFIX: &str = "GUILDHALL_";

/// Name of the database file in the data directory.
pub const DATABASE_FILE: &str = "guildhall.sqlite3";

/// Worker threads of a listener, at most: the HTTP server's own bound.
const WORKERS_MAX: usize = 512;

/// Everything an operator can set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Directory of the world: database, board files, admin token, lock.
    pub data: PathBuf,
    /// The database: `sqlite:///path/to/file` or `postgres://user@host:port/name`. A file in `data` when
    /// nothing is said.
    pub database: Option<String>,
    /// Address of the public listener (HTTP and websocket).
    pub listen: SocketAddr,
    /// Address of the admin listener; keep it on loopback.
    pub admin_listen: SocketAddr,
    /// Whether the admin listener changes what it is told to change; it only shows otherwise.
    pub admin_writes: bool,
    /// Serve also where other machines can listen in, although nothing is encrypted here.
    pub plain_beyond_loopback: bool,
    /// Proxies whose `X-Forwarded-For` is believed: without them everybody behind a proxy is one address.
    pub trusted_proxies: Vec<IpAddr>,
    /// Exact Origins from which browsers may connect; the listener's own addresses when empty.
    pub origins: Vec<String>,
    /// Worker threads of the public listener; 0 means one per core.
    pub workers: usize,
    /// Seconds that a stop may take before what is left is cut off.
    pub stop_grace_s: u64,
    /// Every bound of the system, by name.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("./guildhall-data"),
            database: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 7400)),
            admin_listen: SocketAddr::from(([127, 0, 0, 1], 7401)),
            admin_writes: false,
            plain_beyond_loopback: false,
            trusted_proxies: Vec::new(),
            origins: Vec::new(),
            workers: 0,
            stop_grace_s: 20,
            limits: Limits::default(),
        }
    }
}

/// Why a configuration cannot be used; the text names the file and line or the variable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The file holds a mistake; the text carries line, column and a caret.
    #[error("configuration file {path}: {text}")]
    File {
        /// The file.
        path: PathBuf,
        /// The parser's sentence with its line.
        text: String,
    },
    /// A variable holds a mistake or is not known.
    #[error("environment variable {name}: {text}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong with it.
        text: String,
    },
    /// Two limits contradict each other.
    #[error("limits contradict each other: {}", .0.join("; "))]
    Limits(Vec<String>),
}

impl Config {
    /// Reads `file` (if given) and lays the variables over it.
    ///
    /// # Errors
    /// See [`ConfigError`]; nothing is started when it fails.
    pub fn load(
        file: Option<&Path>,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table = match file {
            Some(path) => read_file(path)?,
            None => toml::Table::new(),
        };
        let mut variables: Vec<_> = variables
            .filter(|(name, _)| name.starts_with(ENV_PREFIX))
            .collect();
        variables.sort();
        for (name, value) in variables {
            lay_over(&mut table, &name, &value)?;
        }
        let config: Self = table.try_into().map_err(|e| ConfigError::File {
            path: file.map(Path::to_path_buf).unwrap_or_default(),
            text: without_urls(&e.to_string()),
        })?;
        config.limits.check().map_err(ConfigError::Limits)?;
        if config.workers > WORKERS_MAX {
            let sentence = format!("workers must be at most {WORKERS_MAX}");
            return Err(ConfigError::Limits(vec![sentence]));
        }
        Ok(config)
    }

    /// Where the rows of the world live.
    ///
    /// # Errors
    /// The URL is none that is known.
    pub fn target(&self) -> Result<Target, StoreError> {
        match &self.database {
            Some(url) => Target::parse(url),
            None => Ok(Target::Sqlite(self.data.join(DATABASE_FILE))),
        }
    }

    /// Why it is not served like this: somebody could listen in. Names both ways out.
    #[must_use]
    pub fn exposed(&self) -> Option<String> {
        let listeners = [
            ("--listen", self.listen),
            ("--admin-listen", self.admin_listen),
        ];
        let mut open = listeners
            .iter()
            .filter(|(_, address)| !address.ip().to_canonical().is_loopback());
        let (flag, address) = open.next().filter(|_| !self.plain_beyond_loopback)?;
        let port = address.port();
        Some(format!(
            "Others could read what is sent to {address}, passwords and tokens too: nothing is encrypted there. Listen on this machine only \
             ({flag} 127.0.0.1:{port}), behind a proxy that speaks TLS; or, where everybody on the network is trusted, \
             start with --plain-beyond-loopback, or with plain_beyond_loopback = true in the configuration."
        ))
    }

    /// Whether a browser at `origin` may open a socket: exact comparison, no wildcards.
    #[must_use]
    pub fn allows_origin(&self, origin: &str, listening_on: SocketAddr) -> bool {
        if !self.origins.is_empty() {
            return self.origins.iter().any(|allowed| allowed == origin);
        }
        let port = listening_on.port();
        origin == format!("http://{listening_on}")
            || listening_on.ip().is_loopback() && origin == format!("http://localhost:{port}")
    }
}

/// The file as a table, after it was decoded as a whole once, because only the text knows the lines.
fn read_file(path: &Path) -> Result<toml::Table, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable {
        path: path.to_path_buf(),
        cause,
    })?;
    let wrong = |e: toml::de::Error| ConfigError::File {
        path: path.to_path_buf(),
        text: without_urls(&e.to_string()),
    };
    toml::from_str::<Config>(&text).map_err(wrong)?;
    toml::from_str::<toml::Table>(&text).map_err(wrong)
}

/// Sets the key that `name` means, and decodes the result so that a mistake is blamed on this variable.
fn lay_over(table: &mut toml::Table, name: &str, value: &str) -> Result<(), ConfigError> {
    let wrong = |text: String| ConfigError::Variable {
        name: name.to_string(),
        text,
    };
    let key = name.trim_start_matches(ENV_PREFIX).to_lowercase();
    let mut path: Vec<&str> = key.split("__").collect();
    let last = path.pop().unwrap_or_default();
    let mut place = &mut *table;
    for step in path {
        place = place
            .entry(step)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()))
            .as_table_mut()
            .ok_or_else(|| wrong(format!("`{step}` is not a table")))?;
    }
    place.insert(last.to_string(), value_of(value));
    table
        .clone()
        .try_into::<Config>()
        .map(drop)
        .map_err(|e| wrong(without_urls(&e.to_string())))
}

/// The parser repeats the line in which a mistake is, and that of the database may hold a password.
fn without_urls(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once("://") {
        Some((before, _)) => format!("{before}://…"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A variable's text as the TOML value it looks like (number, boolean, list), else as a string.
fn value_of(text: &str) -> toml::Value {
    toml::from_str::<toml::Table>(&format!("value = {text}"))
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| toml::Value::String(text.to_string()))
}

#[cfg(test)]
mod tests;
