//! Tests of `login`.

use proptest::prelude::*;

use super::*;

fn rule(raw: &str) -> &'static str {
    login_key(raw).map_or_else(|refusal| refusal.rule, |_| "ok")
}

#[test]
fn logins_differing_in_case_or_width_are_the_same() {
    let plain = login_key("Anna.Gm+1@home-x_2").unwrap();
    assert_eq!(plain.login, "Anna.Gm+1@home-x_2");
    assert_eq!(plain.key, "anna.gm+1@home-x_2");
    let wide = login_key("ＡＮＮＡ.gm+1@home-x_2").unwrap();
    assert_eq!(wide.key, plain.key);
}

#[test]
fn bad_logins_are_refused_by_rule() {
    let cases = [
        ("", "login.too_short"),
        ("ab", "login.too_short"),
        (&"a".repeat(65), "login.too_long"),
        (&"a".repeat(1 << 20), "login.too_long"),
        (&"\u{FDFA}".repeat(64), "login.too_long"),
        ("two words", "login.character"),
        ("line\nbreak", "login.character"),
        ("nul\0byte", "login.character"),
        ("ann\u{200B}a", "login.character"),
        ("\u{202E}anna", "login.character"),
        ("аnna", "login.character"),
        ("o'neil", "login.character"),
    ];
    for (raw, expected) in cases {
        assert_eq!(
            rule(raw),
            expected,
            "{:?}",
            raw.chars().take(20).collect::<String>()
        );
    }
    assert_eq!(rule(&"a".repeat(64)), "ok");
    assert_eq!(rule("abc"), "ok");
}

#[test]
fn passwords_are_ten_to_128_characters_of_any_kind() {
    let rule =
        |password: &str| password_ok(password).map_or_else(|refusal| refusal.rule, |()| "ok");
    assert_eq!(rule("123456789"), "password.too_short");
    assert_eq!(rule("1234567890"), "ok");
    assert_eq!(rule("ääääääääää"), "ok");
    assert_eq!(rule(&"ß".repeat(128)), "ok");
    assert_eq!(rule(&"x".repeat(129)), "password.too_long");
}

proptest! {
    #[test]
    fn any_text_is_refused_or_gets_a_stable_key(raw in any::<String>()) {
        let _ = password_ok(&raw);
        if let Ok(login) = login_key(&raw) {
            prop_assert_eq!(&login_key(&login.key).unwrap().key, &login.key);
        }
    }

    #[test]
    fn good_logins_pass(raw in "[A-Za-z0-9@._+-]{3,64}") {
        prop_assert_eq!(login_key(&raw).unwrap().key, raw.to_ascii_lowercase());
    }
}

#[test]
fn a_device_is_short_and_can_be_seen() {
    for good in [
        "",
        "Anna's phone",
        "läptop 2",
        &"x".repeat(DEVICE_CHARS_MAX),
    ] {
        assert_eq!(device_ok(good), Ok(()), "{good:?}");
    }
    for (bad, rule) in [
        ("x".repeat(DEVICE_CHARS_MAX + 1), "device.too_long"),
        ("nul\0".to_owned(), "device.character"),
        ("line\nfeed".to_owned(), "device.character"),
        ("turned\u{202e}".to_owned(), "device.character"),
    ] {
        assert_eq!(device_ok(&bad).unwrap_err().rule, rule, "{bad:?}");
    }
}
