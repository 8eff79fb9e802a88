//! Names of characters and guilds: what is refused, and the one key by which two names are the same.
//!
//! `name_key` is pure and total; the name authority holds the index of keys, the database its unique
//! column. A change of the folding or its tables raises [`KEY_VERSION`] and comes with a migration that empties
//! `names.key_hash`: keys without a hash are made anew at the next start, and a key of any other version is
//! an error of the start, never a name that two could have.

use std::fmt;

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

mod refuse;
#[cfg(test)]
mod tests;

/// The version of the key's computation, stored beside every key.
pub const KEY_VERSION: u16 = 1;
/// A name has at most this many characters once it is normalised.
pub const NAME_CHARS_MAX: usize = 32;
/// A name has at most this many bytes once it is normalised: 32 characters of 4 bytes.
pub const NAME_BYTES_MAX: usize = 128;
/// What is looked at before normalising; decomposed names are longer than they will be.
pub const NAME_RAW_BYTES_MAX: usize = 512;
/// Combining marks on one letter. Real orthographies need two; more is a tower of accents.
pub const NAME_MARKS_MAX: usize = 3;

/// A good name in all its forms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameKey {
    /// What people see: the name as written, in NFKC.
    pub display: String,
    /// What is unique in a realm: two names are the same exactly if their keys are equal. Its own key.
    pub key: String,
    /// What the key looks like (UTS 39): equal skeletons may be confused. May give false alarms
    /// (`m` looks like `rn`), so an operator can overrule it.
    pub skeleton: String,
    /// [`KEY_VERSION`] at the time of computing.
    pub key_version: u16,
}

/// The rule that a name breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameRule {
    /// Nothing is left to see.
    Empty,
    /// More than [`NAME_CHARS_MAX`] characters or [`NAME_BYTES_MAX`] bytes.
    TooLong,
    /// A space at an end, or two in a row.
    Spaces,
    /// A control character, line breaks and NUL included.
    Control,
    /// A character that turns the direction of writing.
    Bidi,
    /// A character that takes no room: joiners, soft hyphens, variation selectors, fillers.
    ZeroWidth,
    /// A code point that Unicode has not assigned, a noncharacter or one for private use.
    Unassigned,
    /// A character that does not belong in names: symbols, emoji, archaic letters, other punctuation.
    Character,
    /// A combining mark on nothing, or a tower of them.
    Marks,
    /// Neither a letter nor a digit.
    NoLetter,
    /// Letters of scripts that are not written together.
    MixedScript,
}

/// Why a name was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct NameRefusal {
    pub rule: NameRule,
    /// For a person.
    pub sentence: String,
}

impl NameRule {
    pub const ALL: [NameRule; 11] = [
        NameRule::Empty,
        NameRule::TooLong,
        NameRule::Spaces,
        NameRule::Control,
        NameRule::Bidi,
        NameRule::ZeroWidth,
        NameRule::Unassigned,
        NameRule::Character,
        NameRule::Marks,
        NameRule::NoLetter,
        NameRule::MixedScript,
    ];

    /// The stable name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            NameRule::Empty => "name.empty",
            NameRule::TooLong => "name.too_long",
            NameRule::Spaces => "name.spaces",
            NameRule::Control => "name.control",
            NameRule::Bidi => "name.bidi",
            NameRule::ZeroWidth => "name.zero_width",
            NameRule::Unassigned => "name.unassigned",
            NameRule::Character => "name.character",
            NameRule::Marks => "name.marks",
            NameRule::NoLetter => "name.no_letter",
            NameRule::MixedScript => "name.mixed_script",
        }
    }
}

impl fmt::Display for NameRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The forms of a name, or the first rule that it breaks.
///
/// The key is NFKC, full case folding and NFKC again, and it is its own key (Unicode 3.13, compatibility
/// caseless matching). `straße` = `STRASSE`, `Ὀδυσσεύς` = `ΟΔΥΣΣΕΎΣ` in
/// another case, full-width `Ａｎｎａ` = `anna`.
pub fn name_key(raw: &str) -> Result<NameKey, NameRefusal> {
    refuse::raw(raw)?;
    let display: String = raw.nfkc().collect();
    refuse::normalised(&display)?;
    let name = keyed(display);
    refuse::length(&name.key)?;
    Ok(name)
}

/// The forms that a name has today which was taken under older rules. It is not refused: whoever bears it
/// keeps it.
pub fn rekeyed(display: &str) -> NameKey {
    keyed(display.nfkc().collect())
}

fn keyed(display: String) -> NameKey {
    let key = fold(&display);
    NameKey {
        skeleton: skeleton(&key).collect(),
        display,
        key,
        key_version: KEY_VERSION,
    }
}

/// The character that a title may not have, if there is one: what cannot be seen or turns the direction of
/// what stands beside it. Joiners of emoji and of scripts that need them are no harm in a title.
pub fn harmful_in_title(title: &str) -> Option<NameRule> {
    let harmful = |c: char| refuse::invisible(c).filter(|(rule, _)| *rule != NameRule::ZeroWidth);
    title.chars().find_map(harmful).map(|(rule, _)| rule)
}

/// What a name looks like as it is written (UTS 39), beside [`NameKey::skeleton`], which is what its key
/// looks like. Folding and looking alike do not commute (`Il` looks like `ll`, `il` does not): compare both,
/// each with its own kind.
pub fn written_skeleton(display: &str) -> String {
    skeleton(display).collect()
}

/// Full case folding between decomposing and composing again. One round is enough because all is
/// decomposed before: nothing that folds is left hidden within a ligature or behind an iota subscript.
pub(crate) fn fold(name: &str) -> String {
    name.nfkd().default_case_fold().nfkc().collect()
}
