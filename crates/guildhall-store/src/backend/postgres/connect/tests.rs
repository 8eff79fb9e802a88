//! Which language an error comes in.

use super::*;

#[test]
fn english_is_told_from_other_languages_by_the_name_of_the_locale() {
    for locale in [
        "",
        "C",
        "POSIX",
        "C.UTF-8",
        "en_US.UTF-8",
        "en_GB",
        "English_United States.1252",
    ] {
        assert!(is_english(locale), "{locale}");
    }
    for locale in [
        "de_DE.UTF-8",
        "fr_FR@euro",
        "German_Germany.1252",
        "enm",
        "Cat",
    ] {
        assert!(!is_english(locale), "{locale}");
    }
}
