//! A file system of a few hundred KiB, for tests in which a disk is full. It is kept in memory and mounted, which
//! only root may do: elsewhere such a test fails and says so.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Takes the mount away when its input closes, because its owner is done or was killed.
const SCRIPT: &str = r#"cat >/dev/null; umount --lazy "$1"; rmdir "$1""#;

/// See the file's head; unmounted and removed with its handle.
#[derive(Debug)]
pub struct SmallDisk {
    folder: TempDir,
    guard: Child,
}

impl SmallDisk {
    /// An empty one.
    ///
    /// # Panics
    /// When we may not mount.
    pub fn with_bytes(size: usize) -> Self {
        let mut folder = tempfile::tempdir().expect("a temporary folder");
        // The guard does it, after the unmount.
        folder.disable_cleanup(true);
        let mut mount = Command::new("mount");
        let options = format!("size={size},mode=0755");
        mount
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(folder.path());
        let mounted = mount.output().expect("the program mount");
        let words = String::from_utf8_lossy(&mounted.stderr);
        assert!(
            mounted.status.success(),
            "a small disk needs the right to mount (root): {words}"
        );
        let mut guard = Command::new("sh");
        guard.args(["-c", SCRIPT, "guard"]).arg(folder.path());
        guard
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let guard = guard.spawn().expect("the program sh");
        Self { folder, guard }
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Closes its input, too.
        let _ = self.guard.wait();
    }
}

#[cfg(test)]
mod tests;
