//! What `cargo metadata` says about the workspace, asked once per run.

use cargo_metadata::{Metadata, MetadataCommand, TargetKind};
use std::path::{Path, PathBuf};

pub struct Workspace {
    metadata: Metadata,
}

impl Workspace {
    /// Reads the workspace that the current directory belongs to.
    ///
    /// # Errors
    /// The sentence of cargo when the manifests do not parse or Cargo.lock does not fit them.
    pub fn read() -> Result<Self, String> {
        MetadataCommand::new()
            .other_options(["--locked".to_owned()])
            .exec()
            .map(|metadata| Self { metadata })
            .map_err(|error| format!("cargo metadata: {error}"))
    }

    pub fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// Where cargo puts a program of this workspace.
    pub fn program(&self, name: &str) -> PathBuf {
        let debug = self.metadata.target_directory.as_std_path().join("debug");
        debug.join(name)
    }

    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Names of all integration test binaries, each once.
    pub fn test_binaries(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .metadata
            .workspace_packages()
            .iter()
            .flat_map(|package| &package.targets)
            .filter(|target| target.kind.contains(&TargetKind::Test))
            .map(|target| target.name.clone())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Names of the packages that may be published.
    pub fn published(&self) -> Vec<String> {
        self.metadata
            .workspace_packages()
            .iter()
            .filter(|package| package.publish.is_none())
            .map(|package| package.name.to_string())
            .collect()
    }
}
