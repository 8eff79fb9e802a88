//! The rules that a name may break, in the order in which they are told.

use unicode_normalization::char::is_combining_mark;
use unicode_security::GeneralSecurityProfile;
use unicode_security::general_security_profile::IdentifierType;
use unicode_security::mixed_script::AugmentedScriptSet;

use super::{
    NAME_BYTES_MAX, NAME_CHARS_MAX, NAME_MARKS_MAX, NAME_RAW_BYTES_MAX, NameRefusal, NameRule, fold,
};

/// What may stand between letters and digits; the dots are those of Catalan and Japanese.
const SEPARATORS: [char; 7] = [' ', '\'', '’', '-', '.', '·', '・'];

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

pub(super) fn invisible(c: char) -> Option<(NameRule, &'static str)> {
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

/// Letters, digits and marks of living scripts (by the identifier types of UTS 39), and the separators.
/// Rarer letters are in: `ẁ` is Welsh, `𠮷` a Japanese family, Cherokee a script of limited use.
fn character(c: char) -> Result<(), NameRefusal> {
    use IdentifierType::{Inclusion, Limited_Use, Not_Character, Recommended, Uncommon_Use};
    let code = u32::from(c);
    if SEPARATORS.contains(&c) {
        return Ok(());
    }
    match c.identifier_type() {
        Some(Recommended | Inclusion | Uncommon_Use | Limited_Use)
            if is_letter_or_mark(c) && folds_with_its_case(c) =>
        {
            Ok(())
        }
        Some(Not_Character) | None => {
            let sentence = format!("U+{code:04X} is no character that Unicode knows.");
            Err(refusal(NameRule::Unassigned, sentence))
        }
        // Archaic and technical letters, symbols, and `_`, which identifiers have and names do not.
        Some(_) => {
            let sentence = format!("{c:?} (U+{code:04X}) does not belong in a name.");
            Err(refusal(NameRule::Character, sentence))
        }
    }
}

/// A letter whose other case the tables of folding do not know yet would be two names for one: those of letters
/// are of a newer Unicode.
fn folds_with_its_case(c: char) -> bool {
    let lower: String = c.to_lowercase().collect();
    fold(&lower) == fold(c.encode_utf8(&mut [0; 4]))
}

fn is_letter_or_mark(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
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

/// One script, or Latin with Japanese, Korean or Chinese ("highly restrictive", UTS 39).
fn scripts(name: &str) -> Result<(), NameRefusal> {
    let latin = AugmentedScriptSet::for_char('a');
    let mut all = AugmentedScriptSet::default();
    let mut not_latin = all;
    for c in name.chars().filter(|c| !SEPARATORS.contains(c)) {
        let scripts = AugmentedScriptSet::for_char(c);
        all.intersect_with(scripts);
        let mut in_latin = scripts;
        in_latin.intersect_with(latin);
        if in_latin.is_empty() {
            not_latin.intersect_with(scripts);
        }
    }
    if !all.is_empty() || not_latin.jpan || not_latin.kore || not_latin.hanb {
        return Ok(());
    }
    Err(refusal(
        NameRule::MixedScript,
        "The name mixes scripts that are not written together.",
    ))
}
