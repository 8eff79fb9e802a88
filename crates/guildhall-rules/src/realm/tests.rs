//! Tests of `realm`.

use super::*;

#[test]
fn a_realm_is_a_short_word_of_small_letters() {
    let longest = "r".repeat(REALM_CHARS_MAX);
    for good in ["main", "a", "north-2", "2", longest.as_str()] {
        assert!(realm_name_ok(good), "{good}");
    }
    let too_long = "r".repeat(REALM_CHARS_MAX + 1);
    for bad in [
        "",
        "-a",
        "Main",
        "a b",
        "ä",
        "a\0",
        "a_b",
        too_long.as_str(),
    ] {
        assert!(!realm_name_ok(bad), "{bad:?}");
    }
}
