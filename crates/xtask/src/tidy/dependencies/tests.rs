//! The dependency rule on small graphs.

use super::*;

fn package(name: &str, needs: &[(&str, bool)]) -> Package {
    Package {
        name: name.to_owned(),
        ours: true,
        needs: needs
            .iter()
            .map(|(name, dev)| Need {
                name: (*name).to_owned(),
                dev: *dev,
            })
            .collect(),
        ..Package::default()
    }
}

fn graph(packages: Vec<Package>) -> Picture {
    Picture {
        packages,
        ..Picture::default()
    }
}

/// What `drawn` says about one package that imports another.
fn import(from: &str, to: &str, dev: bool) -> usize {
    let picture = graph(vec![package(from, &[(to, dev)]), package(to, &[])]);
    drawn(&picture).len()
}

#[test]
fn a_drawn_import_is_allowed_and_its_reverse_is_not() {
    assert_eq!(import("guildhall-store", "guildhall-rules", false), 0);
    assert_eq!(import("guildhall-rules", "guildhall-store", false), 1);
}

#[test]
fn an_import_that_only_tests_need_must_be_drawn_too() {
    assert_eq!(import("guildhall-client", "guildhall-store", true), 1);
}

#[test]
fn the_test_kit_is_for_tests() {
    assert_eq!(import("guildhall-store", "guildhall-testkit", true), 0);
    assert_eq!(import("guildhall-store", "guildhall-testkit", false), 1);
}

#[test]
fn a_package_without_a_row_is_found() {
    assert_eq!(drawn(&graph(vec![package("guildhall-news", &[])])).len(), 1);
}

#[test]
fn every_row_names_packages_that_have_a_row() {
    let rows: Vec<&str> = DRAWN.iter().map(|(name, _)| *name).collect();
    for name in DRAWN.iter().flat_map(|(_, allowed)| *allowed) {
        assert!(rows.contains(name), "{name}");
    }
}

#[test]
fn a_library_with_an_owner_is_refused_to_others_but_not_to_their_tests() {
    let with = |name, need, dev| owned(&graph(vec![package(name, &[(need, dev)])])).len();
    assert_eq!(with("guildhall-store", "diesel", false), 0);
    assert_eq!(with("guildhall", "diesel", false), 1);
    assert_eq!(with("guildhall", "rusqlite", false), 1);
    assert_eq!(with("guildhall", "rusqlite", true), 0);
}

#[test]
fn git_and_foreign_folders_are_found() {
    let from = |source: Option<&str>, ours| {
        let package = Package {
            source: source.map(str::to_owned),
            ours,
            ..package("x", &[])
        };
        sources(&graph(vec![package])).len()
    };
    assert_eq!(from(Some(CRATES_IO), false), 0);
    assert_eq!(from(None, true), 0);
    assert_eq!(from(None, false), 1);
    assert_eq!(from(Some("git+https://example.com/x.git#abc"), false), 1);
}
