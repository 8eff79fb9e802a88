//! Which database: told by a URL, `sqlite:///path/to/file` or `postgres://user@host:port/name`.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// Where a world's rows live.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A database of PostgreSQL, by its URL.
    Postgres(String),
}

impl Target {
    /// Reads a URL. A scheme that is not known is refused here, so that no connection is ever tried with
    /// the wrong client: SQLite takes anything for the name of a file.
    ///
    /// The URL of a PostgreSQL must be clear: a password with `@` or `/` as they are would be taken for the host by
    /// PostgreSQL's client, which then repeats it.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`], which never repeats a password.
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        let bad = |why: &str| StoreError::BadUrl {
            url: shown(url),
            why: why.to_owned(),
        };
        if url.contains('\0') {
            return Err(bad("it holds a NUL"));
        }
        if let Some(path) = url.strip_prefix("sqlite://") {
            return match path.is_empty() {
                true => Err(bad("it names no file")),
                false => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            parts(url).map_err(bad)?;
            return Ok(Self::Postgres(url.to_owned()));
        }
        Err(bad("it begins neither with sqlite:// nor with postgres://"))
    }

    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// The word for the kind of database: `sqlite` or `postgres`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

impl From<&Path> for Target {
    fn from(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }
}

impl From<&PathBuf> for Target {
    fn from(path: &PathBuf) -> Self {
        Self::Sqlite(path.clone())
    }
}

impl From<PathBuf> for Target {
    fn from(path: PathBuf) -> Self {
        Self::Sqlite(path)
    }
}

impl From<&Target> for Target {
    fn from(target: &Target) -> Self {
        target.clone()
    }
}

/// As a person may read it: without a password.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => f.write_str(&shown(url)),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a clear URL consists of, all of it as it is written.
struct Parts<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    password: Option<&'a str>,
    /// Host, port and database.
    place: String,
    /// Key and value.
    parameters: Vec<(&'a str, &'a str)>,
}

const NOT_ENCODED: &str =
    "a user or password may hold no @ / ? or % as they are: write %40 %2F %3F %25";
const NO_PORT: &str =
    "what stands for its port is no number; in a password write %40 for @ and %2F for /";
const NO_PARAMETER: &str = "what follows the ? is no list of key=value; in a value write %26 for &";

/// Takes a URL apart as PostgreSQL's client does, where nothing can be mistaken for something else.
fn parts(url: &str) -> Result<Parts<'_>, &'static str> {
    let (scheme, rest) = url.split_once("://").ok_or("it has no scheme")?;
    if !is_encoded(rest) {
        return Err(NOT_ENCODED);
    }
    let (before, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = match before.split_once('/') {
        Some((authority, path)) => (authority, Some(path)),
        None => (before, None),
    };
    let (credentials, hosts) = match authority.split_once('@') {
        Some((credentials, hosts)) => (Some(credentials), hosts),
        None => (None, authority),
    };
    // Without a path and credentials the client looks for the end of credentials in the query too.
    let in_query = path.is_none() && credentials.is_none() && query.is_some_and(has_at);
    if hosts.contains('@') || path.is_some_and(|path| path.contains(['@', ':'])) || in_query {
        return Err(NOT_ENCODED);
    }
    if !hosts.split(',').all(has_good_port) {
        return Err(NO_PORT);
    }
    let parameters = query.into_iter().flat_map(|query| query.split('&'));
    let parameters: Option<Vec<_>> = parameters.map(parameter).collect();
    let (user, password) = match credentials.map(|it| it.split_once(':').unwrap_or((it, ""))) {
        Some((user, "")) => (Some(user), None),
        Some((user, password)) => (Some(user), Some(password)),
        None => (None, None),
    };
    Ok(Parts {
        scheme,
        user,
        password,
        place: path.map_or_else(|| hosts.to_owned(), |path| format!("{hosts}/{path}")),
        parameters: parameters.ok_or(NO_PARAMETER)?,
    })
}

fn has_at(text: &str) -> bool {
    text.contains('@')
}

/// Every % is followed by the number of a byte.
fn is_encoded(text: &str) -> bool {
    let mut parts = text.split('%');
    let _before = parts.next();
    let is_byte = |part: &str| part.get(..2).is_some_and(is_hex) && !part.starts_with("00");
    parts.all(is_byte)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A host, or `[v6]`, with a number after its colon if it has one.
fn has_good_port(host: &str) -> bool {
    let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
    match after.split_once(':') {
        Some((_, port)) => port.bytes().all(|byte| byte.is_ascii_digit()),
        None => true,
    }
}

fn parameter(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once('=')?;
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    (!key.is_empty() && key.bytes().all(is_word) && !value.contains('=')).then_some((key, value))
}

/// The URL as a person may read it. Of one that is not clear nobody knows where its password is.
fn shown(url: &str) -> String {
    match (parts(url), url.split_once("://")) {
        (Ok(parts), _) if url.starts_with("postgres") => {
            let secret = parts.password.map_or("", |_| ":***");
            let user = parts.user.map(|user| format!("{user}{secret}@"));
            let user = user.unwrap_or_default();
            format!("{}://{user}{}", parts.scheme, parts.place)
        }
        (_, Some(("sqlite", path))) => format!("sqlite://{path}"),
        (_, Some((scheme, _))) if scheme.len() < 20 => format!("{scheme}://…"),
        _ if url.contains('@') || url.contains("://") => "…".to_owned(),
        _ => url.to_owned(),
    }
}

/// Parameters whose values are no secrets.
const OPEN: [&str; 8] = [
    "host",
    "hostaddr",
    "port",
    "user",
    "dbname",
    "sslmode",
    "sslrootcert",
    "application_name",
];

/// The words of PostgreSQL's client about this URL, without what is secret in it.
pub(crate) fn without_secrets(url: &str, words: &str) -> String {
    if words.contains("invalid URI query parameter") {
        return "a parameter in its URL is not known to PostgreSQL's client".to_owned();
    }
    let Ok(Parts {
        password,
        parameters,
        ..
    }) = parts(url)
    else {
        return "its URL is not clear".to_owned();
    };
    let closed = parameters
        .into_iter()
        .filter(|(key, _)| !OPEN.contains(key));
    let secrets = password.into_iter().chain(closed.map(|(_, value)| value));
    // Shorter ones are found in any words.
    let forms = secrets.flat_map(|secret| [secret.to_owned(), decoded(secret)]);
    forms
        .filter(|secret| secret.len() >= 4)
        .fold(words.to_owned(), |words, secret| {
            words.replace(&secret, "***")
        })
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (byte, after) = part.split_at_checked(2).unwrap_or((part, ""));
        bytes.extend(u8::from_str_radix(byte, 16));
        bytes.extend_from_slice(after.as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
