//! Socket tickets: good once, for seconds, for the token they were made with. They live in memory only; a
//! restart costs a client one more request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use guildhall_protocol::{Code, Refusal};
use uuid::Uuid;

use super::secrets::SecretHash;

/// The unspent tickets, bounded.
pub struct Tickets {
    unspent: Mutex<HashMap<SecretHash, Ticket>>,
    max: usize,
}

/// What a ticket stands for.
#[derive(Clone, Copy, Debug)]
pub struct Ticket {
    /// The token that it was made with.
    pub token: SecretHash,
    /// Whose that is.
    pub account: Uuid,
    /// Until when it is good, on the server's clock.
    pub expires: Duration,
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

    /// Keeps a ticket until it expires, if its account has not `per_account_max` already.
    ///
    /// # Errors
    /// `limit_reached` for the account, `overloaded` where there is no room even after the expired are dropped.
    pub fn keep(
        &self,
        secret: SecretHash,
        ticket: Ticket,
        now: Duration,
        per_account_max: usize,
    ) -> Result<(), Refusal> {
        let mut unspent = self.unspent.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of_account = |kept: &&Ticket| kept.account == ticket.account && kept.expires > now;
        if unspent.values().filter(is_of_account).count() >= per_account_max {
            let sentence = "Too many tickets of this account are unused.";
            let refusal = Refusal::new(Code::LimitReached, sentence);
            return Err(refusal.rule("limits.doors.tickets_per_account_max"));
        }
        if unspent.len() >= self.max {
            unspent.retain(|_, kept| kept.expires > now);
        }
        if unspent.len() >= self.max {
            let sentence = "Too many tickets are unused.";
            return Err(Refusal::new(Code::Overloaded, sentence));
        }
        unspent.insert(secret, ticket);
        Ok(())
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
