//! The smallest images that have a header and an end: nobody decodes them here.

pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 2, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", vec![7; 20]), (b"IEND", vec![])] {
        bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(kind);
        bytes.extend(data);
        bytes.extend([0; 4]);
    }
    bytes
}

/// With a thumbnail in its first segment, whose end marker is not the image's.
pub(super) fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut frame = vec![8];
    frame.extend(height.to_be_bytes());
    frame.extend(width.to_be_bytes());
    frame.extend([1, 1, 0x11, 0]);
    let mut bytes = vec![0xFF, 0xD8];
    let parts = [
        (0xE1, vec![0xFF, 0xD9, 0, 0]),
        (0xC0, frame),
        (0xDA, vec![1, 1, 0, 0, 63, 0]),
    ];
    for (marker, data) in parts {
        bytes.extend([0xFF, marker]);
        bytes.extend(u16::try_from(data.len() + 2).unwrap().to_be_bytes());
        bytes.extend(data);
    }
    bytes.extend([1, 2, 0xFF, 0, 3, 0xFF, 0xD9]);
    bytes
}

/// The extended kind, which says its size in 24 bits less one.
pub(super) fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"VP8X\x0A\0\0\0\0\0\0\0".to_vec();
    for side in [width, height] {
        chunk.extend(&(side - 1).to_le_bytes()[..3]);
    }
    chunk.extend(b"VP8 \x04\0\0\0\0\0\0\0");
    let length = u32::try_from(chunk.len() + 4).unwrap();
    [b"RIFF", &length.to_le_bytes()[..], b"WEBP", &chunk].concat()
}

#[test]
fn the_libraries_read_these_headers() {
    for bytes in [png(40, 30), jpeg(40, 30), webp(40, 30)] {
        let size = imagesize::blob_size(&bytes).unwrap();
        assert_eq!((size.width, size.height), (40, 30));
    }
}
