//! Where PostgreSQL's programs are, and as whom they run.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Names the folder of the programs, before all other places.
pub const BINARIES_VARIABLE: &str = "GUILDHALL_PG_BIN";

/// Where Debian and Ubuntu put each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The folder of `postgres` and `initdb`: that of the variable, the newest of the distribution, or one of `PATH`.
///
/// # Panics
/// When there is none, with what to do.
pub fn folder() -> PathBuf {
    let told = std::env::var_os(BINARIES_VARIABLE).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    told.into_iter()
        .chain(versions())
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("postgres").is_file() && folder.join("initdb").is_file())
        .unwrap_or_else(|| {
            panic!("no PostgreSQL: `apt-get install postgresql-15`, or name its programs' folder in {BINARIES_VARIABLE}")
        })
}

/// Newest first.
fn versions() -> Vec<PathBuf> {
    let entries = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut found: Vec<_> = entries
        .filter_map(|entry| Some((number(&entry.path())?, entry.path().join("bin"))))
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// User and group that the server runs as, when it cannot be ours: PostgreSQL refuses to be root.
///
/// # Panics
/// When we are root and there is no user `postgres`.
pub fn other_user() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").expect("a /proc").uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("the list of users");
    let of_line = |line: &str| {
        let mut fields = line.strip_prefix("postgres:")?.split(':').skip(1);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let found = users.lines().find_map(of_line);
    Some(found.expect("a user `postgres`: PostgreSQL refuses to run as root"))
}
