//! Does an image reach its own end? A walk along its parts, so that half a picture never becomes a head.

use super::Kind;

/// Is the end of the image there? What follows the end is not looked at.
pub(super) fn is_whole(kind: Kind, bytes: &[u8]) -> bool {
    let end = match kind {
        Kind::Png => png_end(bytes),
        Kind::Jpeg => jpeg_end(bytes),
        Kind::Webp => webp_end(bytes),
    };
    end.is_some()
}

/// Chunks of length, type, data and checksum, up to `IEND`.
fn png_end(bytes: &[u8]) -> Option<()> {
    let mut rest = bytes.get(8..)?;
    let mut drawn = false;
    loop {
        let (length, after) = rest.split_first_chunk()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let data = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        rest = after.get(data.checked_add(4)?..)?;
        drawn |= kind == b"IDAT";
        if kind == b"IEND" {
            return drawn.then_some(());
        }
    }
}

/// Segments up to the scan, then the end marker. A thumbnail within a segment has an end marker of its
/// own; within the scan it cannot occur otherwise, because data bytes of 0xFF are stuffed.
fn jpeg_end(bytes: &[u8]) -> Option<()> {
    let mut rest = bytes.get(2..)?;
    loop {
        let (&[0xFF, marker], after) = rest.split_first_chunk()? else {
            return None;
        };
        rest = match marker {
            // Fill bytes before a marker.
            0xFF => rest.get(1..)?,
            0x01 | 0xD0..=0xD7 => after,
            0xDA => {
                return after
                    .windows(2)
                    .any(|pair| pair == [0xFF, 0xD9])
                    .then_some(());
            }
            _ => {
                let (length, _) = after.split_first_chunk()?;
                let length = usize::from(u16::from_be_bytes(*length));
                after.get(length.max(2)..)?
            }
        };
    }
}

/// RIFF says how long it is, counted from its ninth byte.
fn webp_end(bytes: &[u8]) -> Option<()> {
    let (_, after) = bytes.split_first_chunk::<4>()?;
    let (length, after) = after.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    (length >= 12 && length <= after.len()).then_some(())
}
