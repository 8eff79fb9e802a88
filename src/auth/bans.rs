//! Bans that were ordered since the start of the server. The database keeps them all; these hold whatever it
//! answers, from the moment of the order.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use guildhall_protocol::{Code, Refusal};
use guildhall_store::queries::BanRow;
use serde_json::json;
use uuid::Uuid;

/// The reason and the end of a ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// The operator's words.
    pub reason: String,
    /// Microseconds since 1970; `None` is for ever.
    pub ends_at_us: Option<i64>,
}

impl Ban {
    fn holds(&self, now_us: i64) -> bool {
        self.ends_at_us.is_none_or(|end| end > now_us)
    }

    /// What whoever is banned is told.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let sentence = format!("This account is banned: {}", self.reason);
        let detail = json!({ "reason": self.reason, "until_us": self.ends_at_us });
        Refusal::new(Code::Banned, sentence).detail(detail)
    }
}

impl From<BanRow> for Ban {
    fn from(row: BanRow) -> Self {
        Self {
            reason: row.reason,
            ends_at_us: row.ends_at,
        }
    }
}

/// See the file's head.
pub struct Bans {
    of: Mutex<HashMap<Uuid, Ban>>,
    max: usize,
}

impl Bans {
    /// None, and room for `max`.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self {
            of: Mutex::default(),
            max,
        }
    }

    /// From now on this account is banned. One for which there is no room holds when the database has it.
    pub fn put(&self, account: Uuid, ban: Ban, now_us: i64) {
        self.with(|of| {
            if of.len() >= self.max {
                of.retain(|_, ban| ban.holds(now_us));
            }
            if of.len() < self.max || of.contains_key(&account) {
                of.insert(account, ban);
            } else {
                log::warn!(account = account.to_string(); "a ban is not remembered: there are {} already", self.max);
            }
        });
    }

    /// The ban is lifted, or never was. True when one was remembered.
    pub fn take(&self, account: Uuid) -> bool {
        self.with(|of| of.remove(&account).is_some())
    }

    /// The ban of an account, if one was ordered and holds.
    #[must_use]
    pub fn of(&self, account: Uuid, now_us: i64) -> Option<Ban> {
        self.with(|of| of.get(&account).filter(|ban| ban.holds(now_us)).cloned())
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<Uuid, Ban>) -> T) -> T {
        act(&mut self.of.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
