//! The scanner in front of the websocket codec, against a reader of RFC 6455 that has the whole stream before it:
//! both must find the same frames and the same breach, wherever the stream is cut.

use guildhall_rules::frames::{Breach, Scan};

mod reference;

/// Small bounds, so that few bytes reach them.
const FRAME_BYTES_MAX: usize = 300;
const MESSAGE_BYTES_MAX: usize = 1_000;

/// Frames that ended, and what ended the reading.
type Found = (usize, Option<Breach>);

/// The first two bytes say where the rest, the stream, is cut.
pub fn hold(bytes: &[u8]) {
    let Some((&[size, step], stream)) = bytes.split_first_chunk() else {
        return;
    };
    let expected = reference::read(stream, FRAME_BYTES_MAX, MESSAGE_BYTES_MAX);
    let whole = Scan::new(FRAME_BYTES_MAX, MESSAGE_BYTES_MAX).feed(stream);
    assert_eq!((whole.frames, whole.breach), expected);
    assert!(whole.good_bytes <= stream.len());
    let all_good = whole.good_bytes == stream.len();
    assert_eq!(
        whole.breach.is_none(),
        all_good,
        "a breach takes at least a byte"
    );
    assert_eq!(cut(stream, size, step), expected);
}

/// Feeds chunks of changing sizes.
fn cut(stream: &[u8], size: u8, step: u8) -> Found {
    let mut scan = Scan::new(FRAME_BYTES_MAX, MESSAGE_BYTES_MAX);
    let (mut rest, mut size, mut frames) = (stream, size, 0);
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(usize::from(size).clamp(1, rest.len()));
        let seen = scan.feed(chunk);
        frames += seen.frames;
        if seen.breach.is_some() {
            return (frames, seen.breach);
        }
        (rest, size) = (after, size.wrapping_add(step));
    }
    (frames, None)
}
