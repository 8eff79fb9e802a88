//! Sign-in names and passwords of accounts. Names of characters and guilds live in `names`.

use unicode_normalization::UnicodeNormalization;

use crate::names::{fold, harmful_in_title};

#[cfg(test)]
mod tests;

/// A login has at least this many characters.
pub const LOGIN_CHARS_MIN: usize = 3;
/// A login has at most this many characters: an e-mail address of usual length fits.
pub const LOGIN_CHARS_MAX: usize = 64;
/// Shorter passwords fall to guessing, hashed or not.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// A bound on what the hash function is fed.
pub const PASSWORD_CHARS_MAX: usize = 128;

/// The name of a device has at most this many characters: it is shown in a list of sign-ins.
pub const DEVICE_CHARS_MAX: usize = 128;

/// What a login may have beside letters and digits.
const PUNCTUATION: &str = "-_.@+";

/// A login in both forms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoginKey {
    /// As the person wrote it, in NFKC.
    pub login: String,
    /// Unique within a realm: two logins with the same key are the same login. Its own key.
    pub key: String,
}

/// Why a login or a password was refused. `rule` is stable, `sentence` is for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct LoginRefusal {
    pub rule: &'static str,
    pub sentence: String,
}

/// The key of a login: the fold of names over a smaller set of characters, `a-z A-Z 0-9 - _ . @ +`.
/// A login is typed on any keyboard and shown to nobody, so ASCII is enough and cannot be confused.
pub fn login_key(raw: &str) -> Result<LoginKey, LoginRefusal> {
    // Normalising lengthens at most eighteenfold; look at no more than could become a login.
    let login: String = raw.nfkc().take(LOGIN_CHARS_MAX + 1).collect();
    let bounds = (
        "login",
        LOGIN_CHARS_MIN,
        LOGIN_CHARS_MAX,
        "login.too_short",
        "login.too_long",
    );
    length(&login, bounds)?;
    if let Some(odd) = login.chars().find(|&c| !belongs(c)) {
        let sentence =
            format!("A login has letters a to z, digits and {PUNCTUATION}, but not {odd:?}.");
        return Err(refusal("login.character", sentence));
    }
    let key = fold(&login);
    Ok(LoginKey { login, key })
}

/// Is the password long enough, and short enough to be hashed? Counted in characters.
pub fn password_ok(password: &str) -> Result<(), LoginRefusal> {
    let (min, max) = (PASSWORD_CHARS_MIN, PASSWORD_CHARS_MAX);
    length(
        password,
        (
            "password",
            min,
            max,
            "password.too_short",
            "password.too_long",
        ),
    )
}

/// Can the name of a device be kept and shown? Empty is none given. Counted in characters.
pub fn device_ok(device: &str) -> Result<(), LoginRefusal> {
    let max = DEVICE_CHARS_MAX;
    length(
        device,
        ("device", 0, max, "device.too_long", "device.too_long"),
    )?;
    match harmful_in_title(device) {
        None => Ok(()),
        Some(_) => {
            let sentence = "A device has no characters that cannot be seen or turn the writing.";
            Err(refusal("device.character", sentence.to_owned()))
        }
    }
}

fn belongs(c: char) -> bool {
    c.is_ascii_alphanumeric() || PUNCTUATION.contains(c)
}

/// The bounds of a text: what it is, characters at least and at most, the rules for too few and too many.
type Bounds = (&'static str, usize, usize, &'static str, &'static str);

fn length(text: &str, (what, min, max, too_short, too_long): Bounds) -> Result<(), LoginRefusal> {
    let chars = text.chars().take(max + 1).count();
    let rule = match chars {
        chars if chars < min => too_short,
        chars if chars > max => too_long,
        _ => return Ok(()),
    };
    let sentence = format!("A {what} has {min} to {max} characters.");
    Err(refusal(rule, sentence))
}

fn refusal(rule: &'static str, sentence: String) -> LoginRefusal {
    LoginRefusal { rule, sentence }
}
