//! Each limit on both of its sides.

use super::*;

fn picture(path: &str, text: String) -> Picture {
    Picture {
        files: vec![File::new(path, text)],
        ..Picture::default()
    }
}

#[test]
fn an_opening_has_one_to_eight_lines() {
    for (lines, expected) in [(0, 1), (1, 0), (8, 0), (9, 1)] {
        let text = "//! x\n".repeat(lines) + "\nfn f() {}\n";
        assert_eq!(
            opening(&picture("src/a.rs", text)).len(),
            expected,
            "{lines}"
        );
    }
}

#[test]
fn a_file_of_the_process_crate_has_400_lines() {
    let text = |lines: usize| "\n".repeat(lines);
    let path = "crates/guildhall-process/src/a.rs";
    assert_eq!(files(&picture(path, text(400))).len(), 0);
    assert_eq!(files(&picture(path, text(401))).len(), 1);
}

#[test]
fn a_file_has_600_lines_unless_it_holds_tests() {
    let text = |lines| "\n".repeat(lines);
    assert_eq!(files(&picture("src/a.rs", text(600))).len(), 0);
    assert_eq!(files(&picture("src/a.rs", text(601))).len(), 1);
    assert_eq!(files(&picture("src/a/tests.rs", text(601))).len(), 0);
}

#[test]
fn a_function_has_70_lines_unless_it_is_a_test() {
    let text = |lines: usize| format!("fn f() {{{}}}", "\n".repeat(lines - 1));
    assert_eq!(functions(&picture("src/a.rs", text(70))).len(), 0);
    assert_eq!(functions(&picture("src/a.rs", text(71))).len(), 1);
    assert_eq!(functions(&picture("src/tests/it/a.rs", text(71))).len(), 0);
}

#[test]
fn mod_rs_is_found_anywhere() {
    assert_eq!(
        no_mod_rs(&picture("src/tests/it/mod.rs", String::new())).len(),
        1
    );
    assert_eq!(no_mod_rs(&picture("src/amod.rs", String::new())).len(), 0);
}

#[test]
fn tests_inside_a_source_file_are_found() {
    let inside = "#[cfg(test)]\nmod tests {\n}".to_owned();
    assert_eq!(tests_apart(&picture("src/a.rs", inside)).len(), 1);
    let apart = "#[cfg(test)]\nmod tests;".to_owned();
    assert_eq!(tests_apart(&picture("src/a.rs", apart)).len(), 0);
}
