//! Tests of `reason`.

use super::*;

#[test]
fn a_reason_has_words_that_everybody_sees_and_not_too_many() {
    for good in [
        "spam",
        "Schluss für heute – bitte ausschlafen!",
        &"é".repeat(200),
    ] {
        assert!(reason_ok(good), "{good:?}");
    }
    for bad in ["", &"e".repeat(201), "a\u{202e}b", "a\nb", "a\0b", "   "] {
        assert!(!reason_ok(bad), "{bad:?}");
    }
}
