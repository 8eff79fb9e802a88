//! Items without a test, and tests that are not there.

use super::*;

fn found(page: &str) -> Vec<String> {
    let test = "#[test]\nfn a_link_holds() {}\n\nfn helper() {}\n";
    let picture = Picture {
        files: vec![
            File::new(GUARANTEES, page),
            File::new(format!("{GUARANTEED_CRATE}tests/it/links.rs"), test),
            File::new(format!("{GUARANTEED_CRATE}src/plan/tests.rs"), test),
        ],
        packages: Vec::new(),
    };
    let findings = have_tests(&picture).into_iter();
    findings
        .map(|Finding { place, sentence }| format!("{place}: {sentence}"))
        .collect()
}

#[test]
fn an_item_that_names_a_test_is_right() {
    assert!(found("- Links hold.\n  `links::a_link_holds`\n").is_empty());
    assert!(found("- Plans hold. `plan::tests::a_link_holds`, by `Ctx::link`\n").is_empty());
}

#[test]
fn an_item_without_a_test_is_found() {
    let page = "- Links hold. `links::a_link_holds`\n- Monitors\n  hold.\n\nText.\n";
    assert_eq!(found(page), [format!("{GUARANTEES}:2: names no test")]);
}

#[test]
fn a_test_that_is_not_there_is_found() {
    for gone in ["links::a_link", "other::a_link_holds", "links::helper"] {
        for page in [format!("- Links hold. `{gone}`"), format!("See `{gone}`.")] {
            let expected = format!("{GUARANTEES}:1: there is no test {gone}");
            assert_eq!(found(&page), [expected]);
        }
    }
}

#[test]
fn what_cannot_hold_needs_no_test() {
    assert!(found(&format!("## {NOT_GUARANTEED}\n\n- Magic.\n")).is_empty());
    assert_eq!(
        found(&format!("## {NOT_GUARANTEED}\n\n## More\n\n- x\n")).len(),
        1
    );
}
