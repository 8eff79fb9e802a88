//! The parameters of the stored hash, and who matches it.

use super::*;

#[test]
fn a_stored_hash_is_argon2id_with_the_stated_figures_and_only_its_password_matches() {
    let stored = argon2()
        .hash_password(b"correct horse")
        .unwrap()
        .to_string();
    assert!(
        stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{stored}"
    );
    assert!(matches("correct horse", &stored));
    assert!(!matches("correct horsf", &stored));
    assert!(!matches("correct horse", "no hash"));
}
