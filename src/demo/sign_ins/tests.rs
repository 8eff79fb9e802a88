//! The file of the sign-ins.

use std::os::unix::fs::PermissionsExt;

use super::SignIns;
use crate::demo::{DemoError, SIGN_INS_FILE};

#[test]
fn sign_ins_are_made_once_for_their_owner_only() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join(SIGN_INS_FILE);
    let mut made = SignIns::kept(&path).unwrap();
    assert_ne!(made.gm.password, made.player.password);
    assert!(!made.filled);
    made.filled = true;
    made.keep(&path).unwrap();
    let kept = SignIns::kept(&path).unwrap();
    assert_eq!(kept.gm.to_string(), made.gm.to_string());
    assert_eq!(kept.player.to_string(), made.player.to_string());
    assert!(kept.filled);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_is_something_else_is_left_alone() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join(SIGN_INS_FILE);
    std::fs::write(&path, "{\"gm\": 1}").unwrap();
    let error = SignIns::kept(&path).err().unwrap();
    assert!(matches!(error, DemoError::Unreadable { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"gm\": 1}");
}

#[test]
fn a_directory_that_is_not_there_is_told_with_its_path() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("missing").join(SIGN_INS_FILE);
    let error = SignIns::kept(&path).err().unwrap();
    assert!(error.to_string().contains("missing"), "{error}");
}
