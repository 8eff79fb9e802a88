//! Signals to the processes of a server, and who they are: read from `/proc`.

use std::fs;
use std::process::Command;

/// Sends a signal; one that is gone already is no error.
pub fn signal(name: &str, pids: &[u32]) {
    let pids = pids.iter().map(u32::to_string);
    let mut kill = Command::new("kill");
    kill.arg(format!("-{name}")).args(pids);
    // The program complains of a process that ended meanwhile.
    kill.stderr(std::process::Stdio::null());
    kill.status().expect("the program kill");
}

/// The processes that this one started and that have not ended.
pub fn children_of(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| matches!(look(*pid), Some((state, of)) if of == parent && state != 'Z'))
        .collect()
}

/// Whether it is gone, or ended and nobody has asked for its status.
pub fn has_ended(pid: u32) -> bool {
    look(pid).is_none_or(|(state, _)| matches!(state, 'Z' | 'X'))
}

/// State and parent of a process (proc(5), `/proc/pid/stat`); the name before them may hold anything.
fn look(pid: u32) -> Option<(char, u32)> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = line.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
