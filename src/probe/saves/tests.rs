//! The probe's names: new in every run, and the same in another spelling.

use guildhall_rules::names::name_key;

use super::{other_spelling, unique};

#[test]
fn the_other_spelling_is_another_text_and_the_same_name() {
    let name = format!("Probe Captain {}", unique());
    let other = other_spelling(&name);
    assert!(!other.is_ascii(), "{other}");
    assert_eq!(name_key(&other).unwrap().key, name_key(&name).unwrap().key);
}

#[test]
fn names_of_two_runs_are_two_names() {
    let [one, two] =
        [unique(), unique()].map(|end| name_key(&format!("Probe Sailor {end}")).unwrap());
    assert_ne!(one.key, two.key);
    assert_ne!(one.skeleton, two.skeleton);
}
