//! The seed of a roll, and how a face comes out of it.
//!
//! A face is read from the output of BLAKE3, keyed with the seed, over `guildhall.dice/1`, the term's number and
//! the die's within the term (both from 0, as 32 bits, the low byte first): four bytes at a time, the low byte first,
//! passed over while they lie in the last, incomplete run of the die's sides. So every face is as likely as another.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the bytes are for, and the version of the way from seed to face.
const CONTEXT: &[u8] = b"guildhall.dice/1";

/// 32 random bytes, 64 hex digits in JSON. Each roll has its own, so that one seed tells nothing about another roll.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seed(pub [u8; 32]);

impl Seed {
    /// The face of one die, 1 to `sides`.
    pub(super) fn face(&self, term: u32, die: u32, sides: u16) -> u16 {
        let sides = u32::from(sides.max(1));
        // 2^32 values; the last of the complete runs of `sides` ends here.
        let fair_max = u32::MAX - (u32::MAX % sides + 1) % sides;
        let mut bytes = self.bytes_for(term, die);
        let mut word = [0; 4];
        // Ends: a value is passed over with a chance below 1000 in 2^32.
        let value = loop {
            bytes.fill(&mut word);
            let value = u32::from_le_bytes(word);
            if value <= fair_max {
                break value;
            }
        };
        // Below `sides`, which came from a u16.
        u16::try_from(value % sides).unwrap_or_default() + 1
    }

    fn bytes_for(&self, term: u32, die: u32) -> blake3::OutputReader {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(CONTEXT);
        hasher.update(&term.to_le_bytes());
        hasher.update(&die.to_le_bytes());
        hasher.finalize_xof()
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

/// The seed of a secret roll gives its faces away: it is not written where one looks for faults.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = blake3::Hash::from_hex(&text).map_err(D::Error::custom)?;
        Ok(Self(bytes.into()))
    }
}
