//! The stable hashes.

use super::*;

/// They are stored: another number for the same name would need a migration.
#[test]
fn hashes_stay_what_they_are_for_short_and_long_texts() {
    let realm = Uuid::from_u128(7);
    for text in ["", "anna", &"\u{6f22}".repeat(500)] {
        let whole = [realm.as_bytes().as_slice(), &[0], text.as_bytes()].concat();
        let first = *blake3::hash(&whole).as_bytes().first_chunk().unwrap();
        assert_eq!(key_hash(realm, text), u64::from_le_bytes(first));
    }
    assert_ne!(
        key_hash(realm, "anna"),
        key_hash(Uuid::from_u128(8), "anna")
    );
    assert_ne!(key_hash(realm, "anna"), hash(realm, 1, "anna"));
}
