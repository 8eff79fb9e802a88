//! The smallest PNG writer that is right: 8-bit grey, one IDAT, deflate blocks
//! that are stored and not compressed (RFC 1951 §3.2.4).

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Most bytes in a stored deflate block.
const STORED_BYTES_MAX: usize = 65_535;

/// A PNG of one shade of grey with a darker diagonal, `width` by `height` pixels.
pub fn grey_png(width: u32, height: u32, shade: u8) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend_from_slice(&width.to_be_bytes());
    header.extend_from_slice(&height.to_be_bytes());
    // Bit depth 8, grey, deflate, adaptive filter, not interlaced.
    header.extend_from_slice(&[8, 0, 0, 0, 0]);

    let mut png = SIGNATURE.to_vec();
    chunk(&mut png, b"IHDR", &header);
    chunk(&mut png, b"IDAT", &zlib(&scanlines(width, height, shade)));
    chunk(&mut png, b"IEND", &[]);
    png
}

fn scanlines(width: u32, height: u32, shade: u8) -> Vec<u8> {
    let mut lines = Vec::new();
    for y in 0..height {
        // Filter type 0: the pixels stand for themselves.
        lines.push(0);
        lines.extend((0..width).map(|x| if x == y { shade / 2 } else { shade }));
    }
    lines
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).expect("a chunk of less than 4 GiB");
    png.extend_from_slice(&length.to_be_bytes());
    let checked_from = png.len();
    png.extend_from_slice(kind);
    png.extend_from_slice(data);
    let crc = crc32(png.iter().skip(checked_from));
    png.extend_from_slice(&crc.to_be_bytes());
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = data.chunks(STORED_BYTES_MAX).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).expect("a block within its limit");
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend_from_slice(&length.to_le_bytes());
        stream.extend_from_slice(&(!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    stream.extend_from_slice(&adler32(data).to_be_bytes());
    stream
}

/// CRC-32 as in the PNG specification, annex D.
fn crc32<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    let remainder = bytes.fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
        })
    });
    !remainder
}

/// Adler-32 (RFC 1950 §8.2).
fn adler32(data: &[u8]) -> u32 {
    let (low, high) = data.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    (high << 16) | low
}

#[cfg(test)]
mod tests;
