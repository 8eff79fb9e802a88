//! What the checks look at: the text files of the checkout and the packages of the dependency graph.

use super::code;
use crate::workspace::Workspace;
use cargo_metadata::{DependencyKind, Metadata};
use std::fs;
use std::path::Path;

#[derive(Default)]
pub struct Picture {
    pub files: Vec<File>,
    pub packages: Vec<Package>,
}

/// A text file. `path` is relative to the root of the workspace, with `/` between its parts.
pub struct File {
    pub path: String,
    pub text: String,
    /// For Rust: the text with comments, strings and characters blanked, line by line the same; else empty.
    pub code: String,
}

#[derive(Clone, Default)]
pub struct Package {
    pub name: String,
    /// SPDX expression.
    pub licence: Option<String>,
    /// As in Cargo.lock; `None` for a folder on this machine.
    pub source: Option<String>,
    /// Whether it is a package of this workspace.
    pub ours: bool,
    pub needs: Vec<Need>,
}

#[derive(Clone)]
pub struct Need {
    pub name: String,
    pub dev: bool,
}

impl Picture {
    /// Reads all text files below the root except what `.gitignore` names, and the whole dependency graph.
    ///
    /// # Errors
    /// A sentence that names the folder which cannot be read.
    pub fn take(workspace: &Workspace) -> Result<Self, String> {
        let root = workspace.root();
        let ignored = ignored(root);
        let mut files = Vec::new();
        read_folder(root, "", &ignored, &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self {
            files,
            packages: packages(workspace.metadata()),
        })
    }

    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }

    pub fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.ours)
    }

    /// Whether `path` is a file or the folder of one.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty()
            || self
                .files
                .iter()
                .any(|file| file.path == path || file.path.starts_with(&folder))
    }
}

impl File {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let code = match path.ends_with(".rs") {
            true => code::only(&text),
            false => String::new(),
        };
        Self { path, text, code }
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the file holds tests: `tests.rs`, or something in a folder `tests`.
    pub fn is_test(&self) -> bool {
        self.path
            .split('/')
            .any(|part| part == "tests" || part == "tests.rs")
    }

    pub fn is_bench(&self) -> bool {
        self.path.split('/').any(|part| part == "benches")
    }
}

/// The entries of `.gitignore` that name something in the root (`/target`); other forms are not in use here.
fn ignored(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.trim().strip_prefix('/'))
        .map(|name| name.trim_end_matches('/').to_owned())
        .chain([".git".to_owned()])
        .collect()
}

/// `folder` is "" or ends with `/`. Files that are not UTF-8 are no text and are left out.
fn read_folder(
    root: &Path,
    folder: &str,
    ignored: &[String],
    files: &mut Vec<File>,
) -> Result<(), String> {
    let place = root.join(folder);
    let entries = fs::read_dir(&place).map_err(|error| format!("{}: {error}", place.display()))?;
    for entry in entries.flatten() {
        let path = format!("{folder}{}", entry.file_name().to_string_lossy());
        if ignored.contains(&path) {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => read_folder(root, &format!("{path}/"), ignored, files)?,
            Ok(kind) if kind.is_file() => {
                files.extend(fs::read_to_string(entry.path()).map(|text| File::new(path, text)));
            }
            _ => {}
        }
    }
    Ok(())
}

fn packages(metadata: &Metadata) -> Vec<Package> {
    metadata
        .packages
        .iter()
        .map(|package| Package {
            name: package.name.to_string(),
            licence: package.license.clone(),
            source: package.source.as_ref().map(|source| source.repr.clone()),
            ours: metadata.workspace_members.contains(&package.id),
            needs: package
                .dependencies
                .iter()
                .map(|need| Need {
                    name: need.name.clone(),
                    dev: need.kind == DependencyKind::Development,
                })
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
