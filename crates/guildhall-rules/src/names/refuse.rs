//! The rules that a name may break, in the order in which they are told.

use unicode_normalization::char::is_combining_mark;
use unicode_security::{
    GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection,
    general_security_profile::IdentifierType,
};

use super::{
    NAME_BYTES_MAX, NAME_CHARS_MAX, NAME_MARKS_MAX, NAME_RAW_BYTES_MAX, NameRefusal, NameRule,
};

/// What may stand between letters and digits.
const SEPARATORS: [char; 5] = [' ', '\'', '’', '-', '.'];

fn refusal(rule: NameRule, sentence: impl Into<String>) -> NameRefusal {
    let sentence = sentence.into();
    NameRefusal { rule, sentence }
}

/// What must be told before normalising, because normalising hides it or takes long.
pub(super) fn raw(raw: &str) -> Result<(), NameRefusal> {
    if raw.len() > NAME_RAW_BYTES_MAX {
        return Err(too_long());
    }
    raw.chars().try_for_each(|c| match invisible(c) {
        Some((rule, what)) => Err(refusal(
            rule,
            format!("A name has no {what} (U+{:04X}).", u32::from(c)),
        )),
        None => Ok(()),
    })
}

/// Everything else, on the name in NFKC.
pub(super) fn normalised(name: &str) -> Result<(), NameRefusal> {
    if name.chars().all(|c| c == ' ') {
        return Err(refusal(NameRule::Empty, "The name is empty."));
    }
    length(name)?;
    spaces(name)?;
    name.chars().try_for_each(character)?;
    marks(name)?;
    if !name.chars().any(char::is_alphanumeric) {
        return Err(refusal(
            NameRule::NoLetter,
            "A name needs a letter or a digit.",
        ));
    }
    scripts(name)
}

/// Names and keys have the same bounds: folding may lengthen (`ß` becomes `ss`).
pub(super) fn length(name: &str) -> Result<(), NameRefusal> {
    if name.len() > NAME_BYTES_MAX || name.chars().count() > NAME_CHARS_MAX {
        return Err(too_long());
    }
    Ok(())
}

fn too_long() -> NameRefusal {
    refusal(
        NameRule::TooLong,
        format!("A name has at most {NAME_CHARS_MAX} characters."),
    )
}

fn invisible(c: char) -> Option<(NameRule, &'static str)> {
    match c {
        '\u{061C}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}' => Some((
            NameRule::Bidi,
            "character that turns the direction of writing",
        )),
        '\u{2028}' | '\u{2029}' | '\u{FFF9}'..='\u{FFFB}' => {
            Some((NameRule::Control, "control character"))
        }
        c if c.is_control() => Some((NameRule::Control, "control character")),
        '\u{00AD}'
        | '\u{034F}'
        | '\u{115F}'
        | '\u{1160}'
        | '\u{17B4}'
        | '\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200D}'
        | '\u{2060}'..='\u{206F}'
        | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}' => Some((NameRule::ZeroWidth, "invisible character")),
        _ => None,
    }
}

fn spaces(name: &str) -> Result<(), NameRefusal> {
    if name.starts_with(' ') || name.ends_with(' ') || name.contains("  ") {
        return Err(refusal(
            NameRule::Spaces,
            "A name has no space at its ends and no two in a row.",
        ));
    }
    Ok(())
}

/// Letters, digits and marks in everyday use (UTS 39 "allowed"), and a few separators.
fn character(c: char) -> Result<(), NameRefusal> {
    let code = u32::from(c);
    if SEPARATORS.contains(&c) {
        return Ok(());
    }
    if c.identifier_type() == Some(IdentifierType::Not_Character) {
        return Err(refusal(
            NameRule::Unassigned,
            format!("U+{code:04X} is no character that Unicode knows."),
        ));
    }
    // `_` and the like are allowed in identifiers, yet are neither letter, digit nor mark.
    if c.identifier_allowed() && (c.is_alphanumeric() || is_combining_mark(c)) {
        return Ok(());
    }
    Err(refusal(
        NameRule::Character,
        format!("{c:?} (U+{code:04X}) does not belong in a name."),
    ))
}

fn marks(name: &str) -> Result<(), NameRefusal> {
    let mut after_letter = false;
    let mut run = 0;
    for c in name.chars() {
        if !is_combining_mark(c) {
            after_letter = c.is_alphanumeric();
            run = 0;
            continue;
        }
        run += 1;
        if !after_letter || run > NAME_MARKS_MAX {
            return Err(refusal(
                NameRule::Marks,
                format!(
                    "A mark (U+{:04X}) stands on nothing or on too many others.",
                    u32::from(c)
                ),
            ));
        }
    }
    Ok(())
}

/// One script, or Latin with Han, kana, Hangul or Bopomofo ("highly restrictive", UTS 39).
fn scripts(name: &str) -> Result<(), NameRefusal> {
    let letters: String = name.chars().filter(|c| !SEPARATORS.contains(c)).collect();
    if letters.check_restriction_level(RestrictionLevel::HighlyRestrictive) {
        return Ok(());
    }
    Err(refusal(
        NameRule::MixedScript,
        "The name mixes scripts that are not written together.",
    ))
}
