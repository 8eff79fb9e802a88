//! Which files count as tests, and what "exists" means.

use super::*;

#[test]
fn test_files_are_told_by_their_place() {
    for path in [
        "src/tests/it/main.rs",
        "src/tree/tests.rs",
        "crates/a/tests/it/x.rs",
    ] {
        assert!(File::new(path, "").is_test(), "{path}");
    }
    for path in ["src/tree.rs", "src/contests.rs", "benches/main_path.rs"] {
        assert!(!File::new(path, "").is_test(), "{path}");
    }
}

#[test]
fn a_folder_exists_when_a_file_is_in_it() {
    let picture = Picture {
        files: vec![File::new("docs/decisions/0001.md", "")],
        ..Picture::default()
    };
    assert!(picture.has("docs/decisions"));
    assert!(picture.has("docs/decisions/0001.md"));
    assert!(!picture.has("docs/dec"));
}
