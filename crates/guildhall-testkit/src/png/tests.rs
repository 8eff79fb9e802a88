//! The image is a PNG.

use super::{adler32, crc32, grey_png, zlib};

#[test]
fn the_checksums_give_their_published_check_values() {
    assert_eq!(crc32(b"123456789".iter()), 0xCBF4_3926);
    assert_eq!(crc32(b"IEND".iter()), 0xAE42_6082);
    assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
}

#[test]
fn the_header_says_width_and_height() {
    let png = grey_png(64, 48, 200);
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(&png[12..24], b"IHDR\0\0\0\x40\0\0\0\x30");
    assert_eq!(&png[png.len() - 8..png.len() - 4], b"IEND");
}

#[test]
fn only_the_last_stored_block_says_that_it_is_the_last() {
    let stream = zlib(&vec![7; 65_535 + 10]);
    assert_eq!(stream[2..7], [0, 0xFF, 0xFF, 0, 0]);
    assert_eq!(stream[7 + 65_535..][..5], [1, 10, 0, 0xF5, 0xFF]);
}
