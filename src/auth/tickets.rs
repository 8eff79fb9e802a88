//! Socket tickets: good once, for seconds, for the token they were made with. They live in memory only; a
//! restart costs a client one more request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::secrets::SecretHash;

/// The unspent tickets, bounded.
pub struct Tickets {
    unspent: Mutex<HashMap<SecretHash, Ticket>>,
    max: usize,
}

#[derive(Clone, Copy)]
struct Ticket {
    token: SecretHash,
    expires: Duration,
}

impl Tickets {
    /// No tickets, and room for `max`.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self {
            unspent: Mutex::new(HashMap::new()),
            max,
        }
    }

    /// Keeps a ticket until `expires`. False when there is no room even after the expired are dropped.
    pub fn keep(
        &self,
        ticket: SecretHash,
        token: SecretHash,
        now: Duration,
        expires: Duration,
    ) -> bool {
        let mut unspent = self.unspent.lock().unwrap_or_else(PoisonError::into_inner);
        if unspent.len() >= self.max {
            unspent.retain(|_, ticket| ticket.expires > now);
        }
        if unspent.len() >= self.max {
            return false;
        }
        unspent.insert(ticket, Ticket { token, expires });
        true
    }

    /// Takes the ticket away and gives the token it stands for, if it has not expired.
    pub fn spend(&self, ticket: SecretHash, now: Duration) -> Option<SecretHash> {
        let mut unspent = self.unspent.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = unspent.remove(&ticket)?;
        (ticket.expires > now).then_some(ticket.token)
    }
}

#[cfg(test)]
mod tests;
