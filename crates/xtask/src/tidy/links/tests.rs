//! Links and spoken file names that lead somewhere, and those that do not.

use super::*;

fn found(path: &str, text: &str) -> usize {
    let files = vec![
        File::new(path, text),
        File::new("src/tree.rs", ""),
        File::new("docs/decisions/0001-x.md", ""),
    ];
    resolve(&Picture {
        files,
        ..Picture::default()
    })
    .len()
}

#[test]
fn links_resolve_from_the_file_that_has_them() {
    assert_eq!(
        found("README.md", "[a](docs/decisions/0001-x.md) and [b](docs)"),
        0
    );
    assert_eq!(
        found(
            "docs/A.md",
            "[a](decisions/0001-x.md#top), [b](../src/tree.rs)"
        ),
        0
    );
    assert_eq!(found("docs/A.md", "[a](docs/decisions/0001-x.md)"), 1);
    assert_eq!(found("README.md", "[a](gone.md) [b](gone.md)"), 2);
}

#[test]
fn outside_links_and_anchors_are_left_alone() {
    assert_eq!(
        found("README.md", "[a](https://example.com/x) [b](#layout)"),
        0
    );
}

#[test]
fn a_file_spoken_of_must_exist() {
    assert_eq!(found("README.md", "`src/tree.rs`, `docs/decisions/`"), 0);
    assert_eq!(found("README.md", "`src/tre.rs`"), 1);
    assert_eq!(found("README.md", "`crates/<name>/x.rs` and `src/*.rs`"), 0);
}

#[test]
fn what_stands_between_fences_is_not_prose() {
    assert_eq!(
        found("README.md", "```\n[a](gone.md)\n```\n[a](gone.md)"),
        1
    );
}
