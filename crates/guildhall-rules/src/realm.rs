//! Names of realms: short words that are typed into a form and compared as they are.

#[cfg(test)]
mod tests;

/// A realm's name has at most this many characters.
pub const REALM_CHARS_MAX: usize = 32;

/// Whether `name` can be a realm's: 1 to 32 of a to z, 0 to 9 and -, of which - is not the first.
pub fn realm_name_ok(name: &str) -> bool {
    let belongs = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let length = name.chars().count();
    (1..=REALM_CHARS_MAX).contains(&length) && !name.starts_with('-') && name.chars().all(belongs)
}
