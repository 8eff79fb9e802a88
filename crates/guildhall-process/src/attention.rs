//! Whether somebody looks at a process so closely that its messages must be timed one by one. A
//! process to which nobody pays attention pays one relaxed load for each message.

use crate::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use crate::sync::now_ns;

/// How long after a look messages are still timed.
const LOOK_NS: u64 = 60_000_000_000;

const LOOKED: u8 = 1;
const TRACED: u8 = 2;

pub(crate) struct Attention {
    paid: AtomicU8,
    looked_ns: AtomicU64,
    /// When the message that runs began; 0 while messages are not timed.
    message_ns: AtomicU64,
}

impl Default for Attention {
    fn default() -> Self {
        Self {
            paid: AtomicU8::new(0),
            looked_ns: AtomicU64::new(0),
            message_ns: AtomicU64::new(0),
        }
    }
}

impl Attention {
    /// When the message that runs began, if it was timed. From now on messages are.
    pub fn look(&self) -> Option<u64> {
        self.looked_ns.store(now_ns(), Ordering::Relaxed);
        self.paid.fetch_or(LOOKED, Ordering::Relaxed);
        let began = self.message_ns.load(Ordering::Relaxed);
        (began != 0).then_some(began)
    }

    pub fn set_traced(&self, on: bool) {
        if on {
            self.paid.fetch_or(TRACED, Ordering::Relaxed);
        } else {
            self.paid.fetch_and(!TRACED, Ordering::Relaxed);
        }
    }

    pub fn is_paid(&self) -> bool {
        self.paid.load(Ordering::Relaxed) != 0
    }

    pub fn is_traced(&self) -> bool {
        self.paid.load(Ordering::Relaxed) & TRACED != 0
    }

    #[cold]
    pub fn begin_message(&self) {
        let now = now_ns();
        let forgotten = now.saturating_sub(self.looked_ns.load(Ordering::Relaxed)) > LOOK_NS;
        if forgotten {
            self.paid.fetch_and(!LOOKED, Ordering::Relaxed);
        }
        let began = if forgotten { 0 } else { now };
        self.message_ns.store(began, Ordering::Relaxed);
    }
}
