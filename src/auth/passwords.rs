//! Argon2id (m = 19,456 KiB, t = 2, p = 1: the OWASP minimum, about 70 ms) on the `passwords` threads,
//! whose short queue is the bound on hash exhaustion. An unknown login costs the same time as a wrong
//! password.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use guildhall_protocol::{Code, Refusal};

use crate::hall::HallRef;
use crate::refusal;

/// Argon2id with the figures of the file's head, which are the library's defaults; a test holds them.
fn argon2() -> Argon2<'static> {
    Argon2::default()
}

/// Hashes a new password.
///
/// # Errors
/// `overloaded`, `internal`.
pub async fn hash(hall: &HallRef, password: String) -> Result<String, Refusal> {
    let job = hall.passwords.run(move || {
        argon2()
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
    });
    job.await.map_err(|e| refusal::job(&e))?.map_err(|error| {
        log::error!("hashing a password failed: {error}");
        Refusal::new(Code::Internal, "The password could not be hashed.")
    })
}

/// Compares a password with the stored hash; `None` (no such account) takes as long and is never right.
///
/// # Errors
/// `overloaded`.
pub async fn verify(
    hall: &HallRef,
    password: String,
    stored: Option<String>,
) -> Result<bool, Refusal> {
    let job = hall.passwords.run(move || match stored {
        Some(stored) => matches(&password, &stored),
        None => {
            // The work of a comparison, for nobody.
            let _ = argon2().hash_password(password.as_bytes());
            false
        }
    });
    job.await.map_err(|e| refusal::job(&e))
}

fn matches(password: &str, stored: &str) -> bool {
    match PasswordHash::new(stored) {
        Ok(hash) => argon2().verify_password(password.as_bytes(), &hash).is_ok(),
        Err(error) => {
            log::error!("a stored password hash cannot be read: {error}");
            false
        }
    }
}

#[cfg(test)]
mod tests;
