//! What must hold for any bytes from outside, one function per way in. Each panics where it does not hold and
//! says nothing else. `cargo xtask fuzz` searches for such bytes (`libfuzzer/`), and what it has found worth
//! keeping (`corpus/`) is replayed by the tests of this crate.

mod board_document;
mod frames;
mod messages;
mod names;
mod universal_vtt;

/// A way in: its name, which is that of its folder in `corpus/`, and what must hold for any bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 5] = [
    ("board_document", board_document::hold),
    ("frames", frames::hold),
    ("messages", messages::hold),
    ("names", names::hold),
    ("universal_vtt", universal_vtt::hold),
];

/// Holds the bytes against the target of this name; false when there is none.
pub fn hold(target: &str, bytes: &[u8]) -> bool {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    found.inspect(|(_, hold)| hold(bytes)).is_some()
}
