//! Tests of `board_format`: the choice of a format, and `opaque`.

use proptest::prelude::*;

use super::*;

fn check(bytes: &[u8], file_bytes_max: u64) -> Result<Checked, FormatRefusal> {
    let limits = FormatLimits {
        file_bytes_max,
        ..FormatLimits::default()
    };
    by_name(FORMAT_OPAQUE).unwrap().check(bytes, &limits)
}

#[test]
fn both_built_in_formats_answer_to_their_names() {
    for name in [FORMAT_UNIVERSAL_VTT, FORMAT_OPAQUE] {
        assert_eq!(by_name(name).map(BoardFormat::name), Some(name));
    }
    assert!(by_name("Opaque").is_none());
    assert!(by_name("").is_none());
}

#[test]
fn opaque_looks_at_the_size_only() {
    let checked = check(b"anything \xFF\0", 11).unwrap();
    assert_eq!(checked.summary, Summary::Opaque { size_bytes: 11 });
    assert!(checked.warnings.is_empty());
    assert_eq!(
        check(b"anything \xFF\0", 10).unwrap_err().rule,
        "format.too_large"
    );
    assert_eq!(check(b"", 10).unwrap_err().rule, "format.empty");
}

proptest! {
    #[test]
    fn opaque_takes_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 1..2000)) {
        prop_assert!(check(&bytes, 2000).is_ok());
    }
}
