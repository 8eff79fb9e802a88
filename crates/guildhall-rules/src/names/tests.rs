//! Tests of `names`.

use proptest::prelude::*;
use unicode_normalization::is_nfkc;

use super::*;

fn key(raw: &str) -> String {
    match name_key(raw) {
        Ok(name) => name.key,
        Err(refusal) => panic!("{raw:?}: {refusal}"),
    }
}

fn rule(raw: &str) -> &'static str {
    name_key(raw).map_or_else(|refusal| refusal.rule.as_str(), |_| "ok")
}

#[test]
fn names_that_are_the_same_have_the_same_key() {
    let same = [
        ("straße", "STRASSE"),
        ("Ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"),
        ("σς", "ΣΣ"),
        ("Anna", "ａｎｎａ"),
        ("René", "Rene\u{301}"),
        ("ﬁnn", "FINN"),
        ("ᾳ", "ΑΙ"),
        ("Ǆ", "ǆ"),
        ("Nr. ４", "NR. 4"),
        ("Jo\u{A0}Ann", "jo ann"),
    ];
    for (a, b) in same {
        // The key alone: some of these are refused as names for other reasons.
        let fold_of = |name: &str| fold(&name.nfkc().collect::<String>());
        assert_eq!(fold_of(a), fold_of(b), "{a} and {b}");
    }
    assert_eq!(key("Anna"), key("ＡＮＮＡ"));
    assert_eq!(key("straße"), key("Strasse"));
    assert_ne!(key("Anna"), key("Hanna"));
}

#[test]
fn good_names_pass_and_show_as_written() {
    let names = [
        "Anna",
        "Jean-Luc d'Arc",
        "J. R. R. Tolkien",
        "Éowyn",
        "R2D2",
        "Søren Ångström",
        "Gwŷdd Ẁyn",
        "Ǫðinn",
        "𠮷田",
        "ᏣᎳᎩ",
        "Владимир",
        "Αθηνά",
        "田中さくら",
        "ジョン・スミス",
        "김철수",
        "Tokyo東京タワー",
        "محمد",
        "שרה",
        "अनिता",
        "สมชาย",
        "42",
        "O’Neil",
        "Nguyễn Thị",
    ];
    for name in names {
        let good = name_key(name).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        assert_eq!(good.display, name.nfkc().collect::<String>());
        assert_eq!(good.key_version, KEY_VERSION);
    }
}

#[test]
fn bad_names_are_refused_by_rule() {
    let long = "a".repeat(33);
    let huge = "a".repeat(1 << 20);
    let grows = "ß".repeat(17);
    let cases = [
        ("", "name.empty"),
        (" ", "name.empty"),
        ("\u{3000}\u{A0}", "name.empty"),
        (&long, "name.too_long"),
        (&huge, "name.too_long"),
        (&grows, "name.too_long"),
        ("\u{FDFA}\u{FDFA}", "name.too_long"),
        (" Anna", "name.spaces"),
        ("Anna ", "name.spaces"),
        ("An  na", "name.spaces"),
        ("An\u{3000} na", "name.spaces"),
        ("An\nna", "name.control"),
        ("An\0na", "name.control"),
        ("An\u{7F}na", "name.control"),
        ("An\u{85}na", "name.control"),
        ("An\u{2028}na", "name.control"),
        ("\u{202E}Anna", "name.bidi"),
        ("An\u{200F}na", "name.bidi"),
        ("An\u{2066}na", "name.bidi"),
        ("An\u{200B}na", "name.zero_width"),
        ("An\u{200D}na", "name.zero_width"),
        ("An\u{FEFF}na", "name.zero_width"),
        ("An\u{AD}na", "name.zero_width"),
        ("An\u{FE0F}na", "name.zero_width"),
        ("\u{3164}", "name.zero_width"),
        ("An\u{E0041}na", "name.zero_width"),
        ("An\u{E000}na", "name.unassigned"),
        ("An\u{0378}na", "name.unassigned"),
        ("An\u{FFFE}na", "name.unassigned"),
        ("An\u{10FFFF}na", "name.unassigned"),
        ("Anna🐉", "name.character"),
        ("<b>Anna", "name.character"),
        ("An_na", "name.character"),
        ("An/na", "name.character"),
        ("ᚠᚢᚦ", "name.character"),
        ("x²\u{2460}ʘ", "name.character"),
        ("\u{301}Anna", "name.marks"),
        ("A \u{301}nna", "name.marks"),
        ("q\u{323}\u{331}\u{306}\u{302}", "name.marks"),
        ("...", "name.no_letter"),
        ("- '", "name.no_letter"),
        ("Аnna", "name.mixed_script"),
        ("Annα", "name.mixed_script"),
        ("田a김さ", "name.mixed_script"),
        ("ᏣA", "name.mixed_script"),
        ("Владимиp", "name.mixed_script"),
    ];
    for (raw, expected) in cases {
        let start: String = raw.chars().take(20).collect();
        assert_eq!(rule(raw), expected, "{start:?}");
    }
}

#[test]
fn every_rule_has_a_name_of_its_own_and_is_reached_by_a_test() {
    let names: std::collections::HashSet<_> = NameRule::ALL.map(NameRule::as_str).into();
    assert_eq!(names.len(), NameRule::ALL.len());
    let tests = include_str!("tests.rs");
    for name in names {
        assert!(tests.contains(&format!("\"{name}\"")), "{name} has no case");
    }
}

#[test]
fn the_bounds_are_exact() {
    assert_eq!(rule(&"a".repeat(32)), "ok");
    assert_eq!(rule(&"漢".repeat(32)), "ok");
    assert_eq!(rule(&"𠮷".repeat(32)), "ok");
    assert_eq!(rule(&"漢".repeat(33)), "name.too_long");
    assert_eq!(rule(&"ß".repeat(16)), "ok");
    // Decomposed Hangul is three times as long as it will be.
    let decomposed: String = "각".repeat(32).nfd().collect();
    assert_eq!(rule(&decomposed), "ok");
}

#[test]
fn a_title_may_hold_no_character_that_turns_or_hides_others() {
    assert_eq!(harmful_in_title("Die Höhle 👩‍👩‍👧 مغارة"), None);
    assert_eq!(harmful_in_title("a\u{202E}b"), Some(NameRule::Bidi));
    assert_eq!(harmful_in_title("a\u{2066}b"), Some(NameRule::Bidi));
    assert_eq!(harmful_in_title("a\u{7}b"), Some(NameRule::Control));
}

#[test]
fn names_that_look_alike_share_a_skeleton() {
    let of = |raw: &str| name_key(raw).unwrap();
    // All Cyrillic, yet it reads as Latin.
    assert_eq!(of("расе").skeleton, of("pace").skeleton);
    // Only the written form looks alike, the folded form does not.
    assert_eq!(written_skeleton("Il"), written_skeleton("ll"));
    assert_ne!(of("Il").skeleton, of("ll").skeleton);
    // Only the folded form looks alike.
    assert_eq!(of("ІО").skeleton, of("io").skeleton);
    // The known false alarm: an operator may overrule it.
    assert_eq!(of("Emma").skeleton, of("Ernrna").skeleton);
    assert_eq!(of("O’Neil").skeleton, of("O'Neil").skeleton);
    assert_ne!(of("Anna").skeleton, of("Hanna").skeleton);
}

#[test]
fn folding_is_idempotent_on_every_character_that_it_changes() {
    let changes =
        |c: &char| !is_nfkc(&c.to_string()) || !std::iter::once(*c).default_case_fold().eq([*c]);
    for c in ('\0'..=char::MAX).filter(changes) {
        // Alone, and under marks of which one folds to a letter.
        for text in [format!("{c}"), format!("a{c}\u{345}\u{301}")] {
            let once = fold(&text);
            assert_eq!(fold(&once), once, "{text:?}");
            // The rule of Unicode 3.13 (D146) finds the same names equal.
            let equal = caseless::compatibility_caseless_match_str(&text, &once);
            assert!(equal, "{text:?}");
        }
    }
}

#[test]
fn every_letter_with_two_cases_is_one_name_in_both_or_none_in_either() {
    let mut met = 0;
    for c in (char::MIN..=char::MAX).filter(|&c| !c.to_lowercase().eq([c])) {
        let Ok(name) = name_key(&format!("a{c}b")) else {
            continue;
        };
        let lower: String = name.display.to_lowercase();
        assert_eq!(fold(&lower), name.key, "U+{:04X}", u32::from(c));
        met += 1;
    }
    assert!(met > 300, "{met}");
    // Of Unicode 17, which letters know and folding does not.
    assert_eq!(rule("a\u{a7ce}b"), "name.character");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn folding_is_idempotent_on_any_text(raw in any::<String>()) {
        let once = fold(&raw);
        prop_assert_eq!(&fold(&once), &once);
        prop_assert!(is_nfkc(&once));
    }

    #[test]
    fn any_text_is_refused_or_gets_a_stable_key(raw in any::<String>()) {
        check_stable(&raw)?;
    }

    /// Letters of many scripts, so that good names are met often.
    #[test]
    fn likely_names_too(raw in "[a-zA-ZÀ-ÿß-ſΑ-ωА-яあ-んア-ン一-三가-나\u{300}-\u{345}ａ-ｚ0-9 '.-]{1,12}") {
        check_stable(&raw)?;
    }

    /// Any code point between two letters is refused by a rule or folds to a key that is its own key.
    #[test]
    fn single_characters_too(c in any::<char>()) {
        check_stable(&format!("a{c}b"))?;
        check_stable(&c.to_string())?;
    }
}

fn check_stable(raw: &str) -> Result<(), TestCaseError> {
    let Ok(name) = name_key(raw) else {
        return Ok(());
    };
    prop_assert_eq!(&fold(&name.key), &name.key);
    prop_assert_eq!(&name_key(&name.display).unwrap(), &name);
    prop_assert_eq!(fold(&raw.to_lowercase()), fold(&name.key));
    prop_assert!(name.key.len() <= NAME_BYTES_MAX);
    Ok(())
}
