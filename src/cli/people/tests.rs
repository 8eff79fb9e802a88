//! How long a ban is, as people write it.

use super::*;

#[test]
fn a_time_is_a_number_and_its_unit() {
    let seconds = |text| span(text).map(|it| it.as_secs()).ok();
    let written = [
        "30m",
        "12h",
        "7d",
        "0d",
        "7",
        "d",
        "",
        "-1d",
        "7 d",
        "1w",
        "99999999999999999d",
        "7ä",
    ];
    let read = written.map(seconds);
    let mut expected = [None; 12];
    expected[..3].copy_from_slice(&[Some(1_800), Some(43_200), Some(604_800)]);
    assert_eq!(read, expected);
}
