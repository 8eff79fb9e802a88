//! Frames as RFC 6455 §5.2 draws them, read from a stream that lies there as a whole.

use guildhall_rules::frames::Breach;

use super::Found;

/// A fragmented message that is not at its end has so many bytes; `None` between messages.
type Open = Option<u64>;

pub fn read(stream: &[u8], frame_bytes_max: usize, message_bytes_max: usize) -> Found {
    let bounds = (
        u64::try_from(frame_bytes_max).unwrap_or(u64::MAX),
        u64::try_from(message_bytes_max).unwrap_or(u64::MAX),
    );
    let (mut rest, mut open, mut frames) = (stream, None, 0);
    while !rest.is_empty() {
        match header(rest, open, bounds) {
            Err(breach) => return (frames, Some(breach)),
            Ok(None) => return (frames, None),
            Ok(Some((length, now_open))) => {
                let Some(after) = rest.get(length..) else {
                    return (frames, None);
                };
                (rest, open, frames) = (after, now_open, frames + 1);
            }
        }
    }
    (frames, None)
}

/// The length of the first frame with its header, and the message that is open after it; `None` where the stream
/// ends within the header.
fn header(
    rest: &[u8],
    open: Open,
    (frame_max, message_max): (u64, u64),
) -> Result<Option<(usize, Open)>, Breach> {
    let Some(&first) = rest.first() else {
        return Ok(None);
    };
    let (is_last, reserved, opcode) = (first >= 128, first / 16 % 8, first % 16);
    let is_control = opcode >= 8;
    if reserved != 0 || !matches!(opcode, 0..=2 | 8..=10) {
        return Err(Breach::Protocol);
    }
    let Some(&second) = rest.get(1) else {
        return Ok(None);
    };
    let (is_masked, short) = (second >= 128, second % 128);
    let continues = opcode == 0;
    let is_in_turn = is_control || continues == open.is_some();
    if !is_masked || !is_in_turn || is_control && (!is_last || short > 125) {
        return Err(Breach::Protocol);
    }
    let (length, header) = match short {
        126 => (rest.get(2..4).map(number), 4),
        127 => (rest.get(2..10).map(number), 10),
        _ => (Some(u64::from(short)), 2),
    };
    let Some(length) = length else {
        return Ok(None);
    };
    if length >= 1 << 63 {
        return Err(Breach::Protocol);
    }
    let message = open.unwrap_or(0).saturating_add(length);
    if !is_control && (opcode == 2 && length > frame_max || message > message_max) {
        return Err(Breach::TooBig);
    }
    if rest.len() < header + 4 {
        return Ok(None);
    }
    let now_open = match (is_control, is_last) {
        (true, _) => open,
        (false, true) => None,
        (false, false) => Some(message),
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    Ok(Some((length.saturating_add(header + 4), now_open)))
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number * 256 + u64::from(*byte))
}
