//! Tokens that were found good within the last day, by their hashes, so that people reconnect while the
//! database is gone. The database is asked first; a sign-out is remembered too and beats whatever it says.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use super::Identity;
use super::secrets::SecretHash;

/// Two generations: what is used moves into the young one, and when that is full the old one goes.
pub struct Remembered {
    generations: Mutex<Generations>,
    generation_max: usize,
    memory: Duration,
}

#[derive(Default)]
struct Generations {
    young: HashMap<SecretHash, Token>,
    old: HashMap<SecretHash, Token>,
}

#[derive(Clone)]
enum Token {
    Good {
        who: Identity,
        /// When the database last said so.
        confirmed: Duration,
    },
    SignedOut,
}

/// What is remembered of a token.
#[derive(Debug)]
pub enum Memory {
    /// It was good, and has not expired.
    Good(Identity),
    /// It was signed out here, whatever the database says yet.
    SignedOut,
}

impl Remembered {
    /// Nothing yet; at most `max` tokens, each for `memory` after the database last found it good.
    #[must_use]
    pub fn new(max: usize, memory: Duration) -> Self {
        Self {
            generations: Mutex::default(),
            generation_max: (max / 2).max(1),
            memory,
        }
    }

    /// The database found it good.
    pub fn confirm(&self, who: &Identity, now: Duration) {
        let good = Token::Good {
            who: who.clone(),
            confirmed: now,
        };
        self.with(|all| match all.take(who.token) {
            Some(Token::SignedOut) => self.put(all, who.token, Token::SignedOut),
            _ => self.put(all, who.token, good),
        });
    }

    /// It was signed out: at once, and for good as far as this server is concerned. What was remembered of it.
    pub fn sign_out(&self, token: SecretHash) -> Option<Memory> {
        self.with(|all| {
            let known = all.take(token);
            self.put(all, token, Token::SignedOut);
            known.map(|token| match token {
                Token::Good { who, .. } => Memory::Good(who),
                Token::SignedOut => Memory::SignedOut,
            })
        })
    }

    /// There is no such token: what is garbage takes no room from what is not.
    pub fn forget(&self, token: SecretHash) {
        self.with(|all| drop(all.take(token)));
    }

    /// The tokens of the account were revoked, but for one.
    pub fn sign_out_account(&self, account: Uuid, but: Option<SecretHash>) {
        self.with(|all| {
            for (hash, token) in all.young.iter_mut().chain(all.old.iter_mut()) {
                let theirs = matches!(token, Token::Good { who, .. } if who.account == account);
                if theirs && but != Some(*hash) {
                    *token = Token::SignedOut;
                }
            }
        });
    }

    /// What is remembered of a token; `now` on the server's clock, `now_us` on the wall.
    #[must_use]
    pub fn recall(&self, token: SecretHash, now: Duration, now_us: i64) -> Option<Memory> {
        self.with(|all| {
            let found = all.take(token)?;
            let memory = match &found {
                Token::SignedOut => Memory::SignedOut,
                Token::Good { who, confirmed } => {
                    let too_old = now.saturating_sub(*confirmed) >= self.memory;
                    if too_old || who.expires_us <= now_us {
                        return None;
                    }
                    Memory::Good(who.clone())
                }
            };
            self.put(all, token, found);
            Some(memory)
        })
    }

    fn put(&self, all: &mut Generations, hash: SecretHash, token: Token) {
        if all.young.len() >= self.generation_max {
            all.old = std::mem::take(&mut all.young);
        }
        all.young.insert(hash, token);
    }

    fn with<T>(&self, act: impl FnOnce(&mut Generations) -> T) -> T {
        act(&mut self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
    }
}

impl Generations {
    fn take(&mut self, token: SecretHash) -> Option<Token> {
        self.young
            .remove(&token)
            .or_else(|| self.old.remove(&token))
    }
}

#[cfg(test)]
mod tests;
