//! Opaque secrets: tokens, tickets, invite codes, the admin token. 256 (invites: 128) bits from the
//! operating system; only the BLAKE3 hash is ever stored or compared. None has a `Debug` that shows it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildhall_protocol::{Code, Refusal};
use subtle::ConstantTimeEq;

/// A secret in the clear, as it is handed out once.
pub struct Secret(String);

/// What is kept of a secret.
#[derive(Clone, Copy)]
pub struct SecretHash(pub [u8; 32]);

impl Secret {
    /// A token or ticket: 256 bits.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn token() -> Result<Self, getrandom::Error> {
        Self::of_bytes::<32>()
    }

    /// An invite code: 128 bits, short enough to be sent by hand.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn invite() -> Result<Self, getrandom::Error> {
        Self::of_bytes::<16>()
    }

    fn of_bytes<const N: usize>() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; N];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The hash that is kept.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        hash_of(&self.0)
    }

    /// The text, for the one who is to have it.
    #[must_use]
    pub fn reveal(self) -> String {
        self.0
    }
}

/// A new secret for a client.
///
/// # Errors
/// `unavailable` when the operating system gives no randomness; the log says so.
pub fn new(make: fn() -> Result<Secret, getrandom::Error>) -> Result<Secret, Refusal> {
    make().map_err(|error| {
        log::error!("the operating system gives no randomness: {error}");
        Refusal::new(Code::Unavailable, "No secret can be made now.")
    })
}

/// The hash of a secret that somebody presents. A fast hash is enough for what cannot be guessed.
#[must_use]
pub fn hash_of(text: &str) -> SecretHash {
    SecretHash(*blake3::hash(text.as_bytes()).as_bytes())
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretHash {}

impl std::hash::Hash for SecretHash {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
