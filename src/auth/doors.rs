//! Who may knock, how often: by address for websockets, sign-ins and sign-ups, and by login for wrong passwords. Kept
//! in memory and bounded; a restart forgets it. The rules are pure, in `guildhall_rules::{bucket, lockout}`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use guildhall_protocol::{Code, Refusal};
use guildhall_rules::bucket::Bucket;
use guildhall_rules::doors::DoorLimits;
use guildhall_rules::kept::Kept;
use guildhall_rules::lockout::Attempts;
use serde_json::json;
use uuid::Uuid;

use super::address::Address;
use crate::hall::{Hall, HallRef};

/// What somebody knocks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Knock {
    /// A websocket.
    Handshake,
    /// A token.
    SignIn,
    /// An account.
    SignUp,
}

/// A login of a realm as it was typed, whether there is such an account or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoginTried([u8; 32]);

impl LoginTried {
    /// `key` is the login's key, or what was typed where that is no login.
    #[must_use]
    pub fn new(realm: Uuid, key: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(realm.as_bytes()).update(key.as_bytes());
        Self(*hasher.finalize().as_bytes())
    }
}

/// See the file's head.
pub struct Doors {
    limits: DoorLimits,
    seen: Mutex<Seen>,
}

struct Seen {
    knocks: Kept<(Knock, Address), Bucket>,
    logins: Kept<LoginTried, Attempts>,
    addresses: Kept<Address, Attempts>,
}

impl Doors {
    /// Nobody has knocked yet.
    #[must_use]
    pub fn new(limits: &DoorLimits) -> Self {
        Self {
            limits: limits.clone(),
            seen: Mutex::new(Seen {
                knocks: Kept::new(limits.remembered_max),
                logins: Kept::new(limits.remembered_max),
                addresses: Kept::new(limits.remembered_max),
            }),
        }
    }

    /// Somebody at this address knocks; `now` on the server's clock.
    ///
    /// # Errors
    /// `rate_limited`, with the time after which the next one passes.
    pub fn knock(&self, knock: Knock, from: Address, now: Duration) -> Result<(), Refusal> {
        let rate = match knock {
            Knock::Handshake => self.limits.handshakes(),
            Knock::SignIn => self.limits.sign_ins(),
            Knock::SignUp => self.limits.sign_ups(),
        };
        let taken = self.seen().knocks.of((knock, from), now).take(now, rate);
        taken.map_err(|wait| {
            let sentence = "Too many of these come from this address.";
            let refusal = Refusal::new(Code::RateLimited, sentence).rule("doors.address");
            refusal.detail(json!({ "retry_after_ms": millis(wait) }))
        })
    }

    /// A password is about to be tried for a login. It counts as wrong until it is known to be right, so that many
    /// at once are no more than one after the other; a locked login is refused before anything is looked at, so
    /// that the answer tells nothing of the password nor of whether there is such an account.
    ///
    /// # Errors
    /// `too_many_attempts`, with the time after which one may be made.
    pub fn attempt(&self, login: LoginTried, from: Address, now: Duration) -> Result<(), Refusal> {
        let mut seen = self.seen();
        let of_address = seen.addresses.get(&from).and_then(|it| it.wait(now));
        let of_login = seen.logins.get(&login).and_then(|it| it.wait(now));
        if let Some(wait) = of_address.max(of_login) {
            let sentence = "There were too many wrong passwords.";
            let refusal = Refusal::new(Code::TooManyAttempts, sentence);
            return Err(refusal.detail(json!({ "retry_after_ms": millis(wait) })));
        }
        let limits = self.limits.of_login();
        seen.logins.of(login, now).fail(now, &limits);
        Ok(())
    }

    /// The password was right: the login's failures are forgotten.
    pub fn was_right(&self, login: LoginTried) {
        self.seen().logins.forget(&login);
    }

    /// The password was wrong, or there is no such account.
    pub fn was_wrong(&self, from: Address, now: Duration) {
        let limits = self.limits.of_address();
        self.seen().addresses.of(from, now).fail(now, &limits);
    }

    /// Nobody looked at the password.
    pub fn was_not_decided(&self, login: LoginTried, now: Duration) {
        let limits = self.limits.of_login();
        if let Some(attempts) = self.seen().logins.get_mut(&login) {
            attempts.take_back(now, &limits);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A password that is being tried. Dropped before it is known whether that is right, nobody has looked at it.
pub struct Attempt<'a> {
    hall: &'a Hall,
    login: LoginTried,
    from: Address,
    is_decided: bool,
}

impl<'a> Attempt<'a> {
    /// See [`Doors::attempt`].
    ///
    /// # Errors
    /// `too_many_attempts`.
    pub fn begin(hall: &'a HallRef, login: LoginTried, from: Address) -> Result<Self, Refusal> {
        hall.doors.attempt(login, from, hall.now())?;
        Ok(Self {
            hall,
            login,
            from,
            is_decided: false,
        })
    }

    /// The password was looked at.
    pub fn decided(mut self, was_right: bool) {
        self.is_decided = true;
        match was_right {
            true => self.hall.doors.was_right(self.login),
            false => self.hall.doors.was_wrong(self.from, self.hall.now()),
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.is_decided {
            self.hall.doors.was_not_decided(self.login, self.hall.now());
        }
    }
}

/// At least one, as whoever is refused has to wait.
fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests;
