//! Frames that break a rule, cut in every place.

use super::{Breach, Scan, Seen};

const FRAME_MAX: usize = 1000;
const MESSAGE_MAX: usize = 2500;

fn frame(first: u8, declared: u64, payload: usize) -> Vec<u8> {
    let mut bytes = vec![first];
    match declared {
        0..=125 => bytes.push(0x80 | u8::try_from(declared).unwrap()),
        126..=65_535 => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(declared).unwrap().to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend(declared.to_be_bytes());
        }
    }
    bytes.extend([1, 2, 3, 4]);
    bytes.resize(bytes.len() + payload, 0x55);
    bytes
}

fn whole(first: u8, len: usize) -> Vec<u8> {
    frame(first, u64::try_from(len).unwrap(), len)
}

/// Feeds the bytes in chunks of every size up to a header's; all cuts must agree.
fn scan(bytes: &[u8]) -> (usize, Option<Breach>) {
    let in_one = feed(bytes, bytes.len().max(1));
    for size in 1..16 {
        assert_eq!(feed(bytes, size), in_one, "cut into {size}");
    }
    in_one
}

fn feed(bytes: &[u8], size: usize) -> (usize, Option<Breach>) {
    let mut scan = Scan::new(FRAME_MAX, MESSAGE_MAX);
    let mut frames = 0;
    for chunk in bytes.chunks(size) {
        let seen = scan.feed(chunk);
        frames += seen.frames;
        if seen.breach.is_some() {
            return (frames, seen.breach);
        }
    }
    (frames, None)
}

#[test]
fn good_frames_pass_and_are_counted() {
    let mut bytes = whole(0x81, 5);
    bytes.extend(whole(0x82, 1000));
    bytes.extend(whole(0x89, 125));
    bytes.extend(whole(0x8a, 0));
    bytes.extend(whole(0x01, 200));
    bytes.extend(whole(0x89, 3));
    bytes.extend(whole(0x80, 200));
    bytes.extend(whole(0x88, 2));
    assert_eq!(scan(&bytes), (8, None));
}

#[test]
fn a_text_may_fill_its_message_in_one_frame() {
    assert_eq!(scan(&whole(0x81, MESSAGE_MAX)), (1, None));
    let too_long = scan(&whole(0x81, MESSAGE_MAX + 1));
    assert_eq!(too_long, (0, Some(Breach::TooBig)));
}

#[test]
fn each_breach_is_told_by_its_kind() {
    let protocol = Some(Breach::Protocol);
    let too_big = Some(Breach::TooBig);
    let mut unmasked = whole(0x81, 5);
    unmasked[1] &= 0x7f;
    let cases: [(&str, Vec<u8>, Option<Breach>); 11] = [
        ("unmasked", unmasked, protocol),
        ("reserved bit", whole(0xc1, 5), protocol),
        ("unknown opcode", whole(0x83, 5), protocol),
        ("fragmented ping", whole(0x09, 5), protocol),
        ("long ping", whole(0x89, 126), protocol),
        ("continuation of nothing", whole(0x80, 5), protocol),
        (
            "text within a message",
            [whole(0x01, 5), whole(0x81, 5)].concat(),
            protocol,
        ),
        ("1 TiB declared", frame(0x82, 1 << 40, 10), too_big),
        (
            "length with the top bit",
            frame(0x82, 1 << 63, 10),
            protocol,
        ),
        ("frame over its bound", whole(0x82, 1001), too_big),
        (
            "message over its bound",
            [whole(0x02, 1000), whole(0x00, 1000), whole(0x80, 501)].concat(),
            too_big,
        ),
    ];
    for (case, bytes, code) in cases {
        assert_eq!(scan(&bytes).1, code, "{case}");
    }
}

#[test]
fn what_came_before_a_breach_is_handed_on_and_nothing_after() {
    let good = whole(0x81, 5);
    let bytes = [good.clone(), whole(0x83, 5), good.clone()].concat();
    let seen = Scan::new(FRAME_MAX, MESSAGE_MAX).feed(&bytes);
    let expected = Seen {
        frames: 1,
        good_bytes: good.len(),
        breach: Some(Breach::Protocol),
    };
    assert_eq!(seen, expected);
}
