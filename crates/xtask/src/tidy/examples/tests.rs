//! What counts as public, and what as an example.

use super::*;

const DIR: &str = "crates/guildhall-process/src";

/// What is found wrong in `thing.rs` of a crate that exports `Thing`, `Act` and `make`.
fn found(thing: &str) -> Vec<String> {
    let lib = "//! x\n\nmod thing;\npub use thing::{Act,\n    Thing, make};\n";
    let picture = Picture {
        files: vec![
            File::new(format!("{DIR}/lib.rs"), lib),
            File::new(format!("{DIR}/thing.rs"), thing),
        ],
        packages: Vec::new(),
    };
    let sentences = of_public_items(&picture).into_iter();
    sentences.map(|finding| finding.sentence).collect()
}

fn names(thing: &str) -> Vec<String> {
    let first = |sentence: String| sentence.split(' ').next().unwrap_or_default().to_owned();
    found(thing).into_iter().map(first).collect()
}

#[test]
fn exported_types_functions_and_traits_want_an_example() {
    assert_eq!(names("pub struct Thing;\n"), ["Thing"]);
    assert_eq!(names("pub enum Thing<T> {\n    A(T),\n}\n"), ["Thing"]);
    assert_eq!(names("pub async fn make() {}\n"), ["make"]);
    assert_eq!(names("pub const fn make() {}\n"), ["make"]);
    assert!(names("pub struct Other;\npub(crate) fn make() {}\n").is_empty());
}

#[test]
fn so_do_methods_of_exported_types_but_not_trait_impls() {
    let header = "impl<P: Fn() -> u8, Q> Thing<P, Q>\nwhere\n    P: Clone,\n{\n";
    let text =
        format!("{header}    pub const A: u8 = 0;\n    pub fn a() {{}}\n    fn b() {{}}\n}}\n");
    assert_eq!(names(&text), ["Thing::A", "Thing::a"]);
    assert!(names("impl<T> Clone for Thing<T> {\n    fn clone() {}\n}\n").is_empty());
    assert!(names("impl Other {\n    pub fn a() {}\n}\n").is_empty());
    let private = "pub(crate) struct Thing;\n\nimpl Thing {\n    pub fn a() {}\n}\n";
    assert!(names(private).is_empty());
    assert!(names("impl Thing {\n}\n\n    pub fn far() {}\n").is_empty());
}

#[test]
fn so_do_the_items_of_an_exported_trait() {
    let text = "pub trait Act: Sized {\n    const K: u8;\n    type T;\n    fn act();\n}\n";
    assert_eq!(names(text), ["Act", "Act::K", "Act::T", "Act::act"]);
    let hidden = "pub trait Act {\n    #[doc(hidden)]\n    fn act();\n}\n";
    assert_eq!(names(hidden), ["Act"]);
}

#[test]
fn an_example_is_code_that_is_compiled() {
    let with = |fence: &str| {
        format!(
            "/// A.\n///\n/// ```{fence}\n/// x();\n/// ```end\n#[derive(Debug)]\npub struct Thing;\n"
        )
    };
    assert!(found(&with("")).is_empty());
    assert!(found(&with("no_run")).is_empty());
    assert_eq!(found(&with("ignore")).len(), 1);
    assert_eq!(found(&with("text")).len(), 1);
    assert_eq!(found("/// A.\npub struct Thing;\n").len(), 1);
}
