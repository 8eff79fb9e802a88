//! How often strangers may knock, and how much of the house one account may take: the `[limits.doors]` table. The
//! rates are those of `bucket`, the waits those of `lockout`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::bucket::Rate;
use crate::lockout::LockoutLimits;

/// Milliseconds.
const MINUTE_MS: u64 = 60_000;
/// Milliseconds.
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// The limits of the door. An address is an IPv4 address or the first 64 bits of an IPv6 one; behind a proxy that is
/// trusted it is that of the client. Many people may share one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DoorLimits {
    /// Websockets asked for by one address, in the long run: a class behind one router reconnects. 1,200 a minute.
    pub handshakes_per_address_per_min: u32,
    /// The same, at once. 400.
    pub handshakes_per_address_burst: u32,
    /// Sign-ins tried by one address; each costs 70 ms of a core. 60 a minute.
    pub sign_ins_per_address_per_min: u32,
    /// The same, at once. 120.
    pub sign_ins_per_address_burst: u32,
    /// Accounts made by one address; they stay. 60 an hour.
    pub sign_ups_per_address_per_h: u32,
    /// The same, at once: a club's first evening. 60.
    pub sign_ups_per_address_burst: u32,

    /// Wrong passwords for one login that cost nothing. 5.
    pub failures_free: u32,
    /// Wrong passwords from one address that cost nothing; many people may share it. 50.
    pub address_failures_free: u32,
    /// The wait after the first failure beyond; each further one doubles it. 1 s.
    pub failure_delay_ms: u64,
    /// The longest wait: 288 guesses a day, and whoever is kept out by others is kept out this long. 5 min.
    pub failure_delay_max_ms: u64,
    /// One wrong password for a login is forgotten after each of these. 10 min.
    pub failure_forgotten_ms: u64,
    /// One wrong password from an address is forgotten after each of these. 1 min.
    pub address_failure_forgotten_ms: u64,
    /// Logins, and addresses, that are remembered, about 100 bytes each; what fades first goes first. 100,000.
    pub remembered_max: usize,

    /// Tickets of one player's account that are not used yet; each lives seconds. 16.
    pub tickets_per_account_max: usize,
    /// Sessions of one player's account at a time: some devices, and those that hang still. 64.
    pub sessions_per_account_max: usize,
    /// From the upgrade to `session.hello`, so that the silent hold no place. 10 s.
    pub hello_timeout_ms: u64,
}

impl Default for DoorLimits {
    fn default() -> Self {
        Self {
            handshakes_per_address_per_min: 1_200,
            handshakes_per_address_burst: 400,
            sign_ins_per_address_per_min: 60,
            sign_ins_per_address_burst: 120,
            sign_ups_per_address_per_h: 60,
            sign_ups_per_address_burst: 60,
            failures_free: 5,
            address_failures_free: 50,
            failure_delay_ms: 1_000,
            failure_delay_max_ms: 5 * MINUTE_MS,
            failure_forgotten_ms: 10 * MINUTE_MS,
            address_failure_forgotten_ms: MINUTE_MS,
            remembered_max: 100_000,
            tickets_per_account_max: 16,
            sessions_per_account_max: 64,
            hello_timeout_ms: 10_000,
        }
    }
}

impl DoorLimits {
    /// Whether every figure is above zero.
    #[must_use]
    pub fn all_positive(&self) -> bool {
        let counts = [
            self.handshakes_per_address_per_min,
            self.handshakes_per_address_burst,
            self.sign_ins_per_address_per_min,
            self.sign_ins_per_address_burst,
            self.sign_ups_per_address_per_h,
            self.sign_ups_per_address_burst,
            self.failures_free,
            self.address_failures_free,
        ];
        let sizes = [
            self.remembered_max,
            self.tickets_per_account_max,
            self.sessions_per_account_max,
        ];
        let times = [
            self.failure_delay_ms,
            self.failure_delay_max_ms,
            self.failure_forgotten_ms,
            self.address_failure_forgotten_ms,
            self.hello_timeout_ms,
        ];
        !counts.contains(&0) && !sizes.contains(&0) && !times.contains(&0)
    }

    /// Whether the wait can grow from its first to its longest.
    #[must_use]
    pub fn delay_grows(&self) -> bool {
        self.failure_delay_ms <= self.failure_delay_max_ms
    }

    /// Websockets of an address.
    #[must_use]
    pub fn handshakes(&self) -> Rate {
        let burst = self.handshakes_per_address_burst;
        rate(MINUTE_MS, self.handshakes_per_address_per_min, burst)
    }

    /// Sign-ins of an address.
    #[must_use]
    pub fn sign_ins(&self) -> Rate {
        let burst = self.sign_ins_per_address_burst;
        rate(MINUTE_MS, self.sign_ins_per_address_per_min, burst)
    }

    /// Sign-ups of an address.
    #[must_use]
    pub fn sign_ups(&self) -> Rate {
        let burst = self.sign_ups_per_address_burst;
        rate(HOUR_MS, self.sign_ups_per_address_per_h, burst)
    }

    /// What wrong passwords for a login cost.
    #[must_use]
    pub fn of_login(&self) -> LockoutLimits {
        self.lockout(self.failures_free, self.failure_forgotten_ms)
    }

    /// What wrong passwords from an address cost.
    #[must_use]
    pub fn of_address(&self) -> LockoutLimits {
        let forgotten_ms = self.address_failure_forgotten_ms;
        self.lockout(self.address_failures_free, forgotten_ms)
    }

    fn lockout(&self, free: u32, forgotten_ms: u64) -> LockoutLimits {
        LockoutLimits {
            free,
            first_delay: Duration::from_millis(self.failure_delay_ms),
            delay_max: Duration::from_millis(self.failure_delay_max_ms),
            forgotten_after: Duration::from_millis(forgotten_ms),
        }
    }
}

fn rate(span_ms: u64, times: u32, burst: u32) -> Rate {
    let span = Duration::from_millis(span_ms);
    Rate {
        every: span.checked_div(times).unwrap_or(span),
        burst,
    }
}
