//! Sign-in names and passwords of accounts. Names of characters and guilds live in `names`.

use crate::names::{NameKey, NameRefusal, NameRule, name_key};

#[cfg(test)]
mod tests;

/// A login has at least this many characters.
pub const LOGIN_CHARS_MIN: usize = 3;
/// Shorter passwords fall to guessing, hashed or not.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// A bound on what the hash function is fed.
pub const PASSWORD_CHARS_MAX: usize = 128;

/// A login in both forms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoginKey {
    /// As the person wrote it, normalised.
    pub login: String,
    /// Unique within a realm: two logins with the same key are the same login.
    pub key: String,
}

/// Why a login or a password was refused. `rule` is stable, `sentence` is for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct LoginRefusal {
    pub rule: &'static str,
    pub sentence: String,
}

/// The key of a login: the fold of a name, over letters and digits of one script and `- _ . @ +`.
pub fn login_key(raw: &str) -> Result<LoginKey, LoginRefusal> {
    let NameKey { display, key, .. } =
        name_key(&raw.replace(['_', '@', '+'], "-")).map_err(of_name)?;
    let _ = display;
    Ok(LoginKey {
        login: raw.to_owned(),
        key,
    })
}

fn of_name(refusal: NameRefusal) -> LoginRefusal {
    let NameRefusal { rule, sentence } = refusal;
    let _: NameRule = rule;
    LoginRefusal {
        rule: "login.name",
        sentence,
    }
}

/// Is the password long enough, and short enough to be hashed? Counted in characters.
pub fn password_ok(password: &str) -> Result<(), LoginRefusal> {
    let chars = password.chars().count();
    if (PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&chars) {
        return Ok(());
    }
    let (rule, bound) = if chars < PASSWORD_CHARS_MIN {
        (
            "password.too_short",
            format!("at least {PASSWORD_CHARS_MIN}"),
        )
    } else {
        ("password.too_long", format!("at most {PASSWORD_CHARS_MAX}"))
    };
    let sentence = format!("A password has {bound} characters; this one has {chars}.");
    Err(LoginRefusal { rule, sentence })
}
