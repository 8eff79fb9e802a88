//! Links between Markdown files, and file names of this workspace in their text: both must exist.

use super::Finding;
use super::picture::{File, Picture};

/// Folders whose files are spoken of in the documentation by their path from the root.
const SPOKEN_OF: [&str; 6] = [
    "src/",
    "crates/",
    "docs/",
    "benches/",
    "migrations/",
    ".ci/",
];

pub fn resolve(picture: &Picture) -> Vec<Finding> {
    let mut findings = Vec::new();
    let files = picture
        .files
        .iter()
        .filter(|file| file.path.ends_with(".md"));
    for File { path, text, .. } in files {
        for (line, number) in prose(text) {
            let dead_links = links(line).filter(|link| !leads_somewhere(picture, path, link));
            let gone = spoken_names(line).filter(|name| !picture.has(name.trim_end_matches('/')));
            for missing in dead_links.chain(gone) {
                let sentence = format!("{missing} does not exist");
                findings.push(Finding::at(path, number, sentence));
            }
        }
    }
    findings
}

/// Lines with their numbers, without what stands between code fences.
fn prose(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut fenced = false;
    text.lines().zip(1..).filter(move |(line, _)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// Targets of `[text](target)`.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

fn leads_somewhere(picture: &Picture, from: &str, link: &str) -> bool {
    let target = link.split('#').next().unwrap_or_default();
    let outside = link.contains("://") || link.starts_with("mailto:");
    outside || target.is_empty() || picture.has(&joined(from, target))
}

/// The path from the root of `target` as written in the file `from`.
fn joined(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// `` `src/tree.rs` `` and the like; names with a blank, a placeholder or a wildcard are no file names.
fn spoken_names(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2).filter(|name| {
        let placeholder = name.contains([' ', '*', '<', '{', '…', ':']);
        !placeholder && SPOKEN_OF.iter().any(|folder| name.starts_with(folder))
    })
}

#[cfg(test)]
mod tests;
