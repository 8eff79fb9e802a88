//! How many connections each account has, from before the upgrade until the session is gone: so that one account
//! cannot take all places of the house.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

/// The seats of every account that has one. Cheap to clone.
#[derive(Clone, Default)]
pub struct Seats(Arc<Mutex<HashMap<Uuid, usize>>>);

/// One of them, given back when it is dropped.
pub struct Seat {
    seats: Seats,
    account: Uuid,
}

impl Seats {
    /// A seat for the account, unless it has `max` already.
    #[must_use]
    pub fn take(&self, account: Uuid, max: usize) -> Option<Seat> {
        self.with(|taken| {
            let count = taken.entry(account).or_default();
            if *count >= max {
                return None;
            }
            *count += 1;
            Some(Seat {
                seats: self.clone(),
                account,
            })
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<Uuid, usize>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.with(|taken| {
            if let Some(count) = taken.get_mut(&self.account) {
                *count -= 1;
                if *count == 0 {
                    taken.remove(&self.account);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests;
