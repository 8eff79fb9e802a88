//! Paths of one machine and hosts of one network: what must not be in a file that others receive.

use super::Finding;
use super::picture::{File, Picture};

/// Top folders that hold one person's or one machine's files.
const FOLDERS: [&str; 6] = ["home", "Users", "root", "tmp", "work", "mnt"];

/// What replaces or adds a package registry in the configuration of package managers.
const REGISTRY_WORDS: [&str; 6] = [
    "replace-with",
    "[registries",
    "sparse+http",
    "index-url",
    "artifactory",
    "jfrog",
];

const PRIVATE_HOST_ENDS: [&str; 4] = [".internal", ".corp", ".lan", ".intranet"];
const PRIVATE_HOST_STARTS: [&str; 2] = ["10.", "192.168."];

/// This file and its tests must write down what they look for.
const OWN: [&str; 2] = [
    "crates/xtask/src/tidy/places.rs",
    "crates/xtask/src/tidy/places/tests.rs",
];

pub fn machine_paths(picture: &Picture) -> Vec<Finding> {
    findings(picture, |line| {
        FOLDERS
            .iter()
            .find(|folder| has_path(line, folder))
            .map(|folder| format!("names a path below the folder {folder} of a machine"))
    })
}

/// Whether `/folder/` begins an absolute path in `line`: nothing that could belong to a path or a URL stands before it.
fn has_path(line: &str, folder: &str) -> bool {
    let needle = format!("/{folder}/");
    line.match_indices(&needle).any(|(at, _)| {
        let before = line.get(..at).and_then(|head| head.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "./_-}>*~".contains(c))
    })
}

pub fn private_hosts(picture: &Picture) -> Vec<Finding> {
    findings(picture, |line| {
        let word = REGISTRY_WORDS.iter().find(|word| line.contains(**word));
        let host = || hosts(line).find(|host| is_private(host));
        word.map(|word| format!("`{word}` points packages elsewhere"))
            .or_else(|| host().map(|host| format!("{host} is a host of a private network")))
    })
}

fn hosts(line: &str) -> impl Iterator<Item = &str> {
    line.split("://").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '.' && c != '-');
        end.and_then(|end| rest.get(..end)).unwrap_or(rest)
    })
}

fn is_private(host: &str) -> bool {
    PRIVATE_HOST_ENDS.iter().any(|end| host.ends_with(end))
        || PRIVATE_HOST_STARTS
            .iter()
            .any(|start| host.starts_with(start))
}

fn findings(picture: &Picture, find: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for File { path, text, .. } in &picture.files {
        if OWN.contains(&path.as_str()) {
            continue;
        }
        for (line, number) in text.lines().zip(1..) {
            findings.extend(find(line).map(|sentence| Finding::at(path, number, sentence)));
        }
    }
    findings
}

#[cfg(test)]
mod tests;
