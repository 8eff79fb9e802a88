//! Fault injection: a chosen message of a chosen process meets a crash, an exit signal or a kill.

use std::any::type_name;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::signals::{exit, is_alive};
use crate::sync::{Mutex, NumberHash, lock};

type Armed = HashMap<Pid, Vec<Fault>, NumberHash>;

static ARMED: Mutex<Option<Armed>> = Mutex::new(None);
/// How many processes have armed faults: while there are none, a message looks at this only.
static ARMED_COUNT: AtomicUsize = AtomicUsize::new(0);

/// What happens to a process, and at which of its messages. Messages are counted from
/// [`inject`] on; timers, exits, downs and results of [`crate::Ctx::run`] are messages, too.
///
/// ```
/// use guildhall_process::testing::Fault;
/// struct Deposit(u64);
/// let third_deposit = Fault::crash().on::<Deposit>().nth(3);
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    deed: Deed,
    message: Option<&'static str>,
    left: u32,
}

#[derive(Clone, Debug)]
enum Deed {
    Crash,
    Exit(ExitReason),
}

impl Fault {
    /// The process panics with "injected crash" before it handles the next message, which is lost.
    ///
    /// ```
    /// let fault = guildhall_process::testing::Fault::crash();
    /// ```
    pub fn crash() -> Self {
        Self::new(Deed::Crash)
    }

    /// The process gets an exit signal (from [`Pid::OUTSIDE`]) while it handles the next message:
    /// that handler runs to its end, and then the signal does what the signal table says.
    ///
    /// ```
    /// use guildhall_process::{ExitReason, testing::Fault};
    /// let fault = Fault::exit(ExitReason::Shutdown);
    /// ```
    pub fn exit(reason: ExitReason) -> Self {
        Self::new(Deed::Exit(reason))
    }

    /// [`Fault::exit`] with the kill, which cannot be trapped.
    ///
    /// ```
    /// let fault = guildhall_process::testing::Fault::kill().nth(2);
    /// ```
    pub fn kill() -> Self {
        Self::exit(ExitReason::Kill)
    }

    fn new(deed: Deed) -> Self {
        Self {
            deed,
            message: None,
            left: 1,
        }
    }

    /// Counts messages of type `M` only.
    ///
    /// ```
    /// let fault = guildhall_process::testing::Fault::crash().on::<String>();
    /// ```
    #[must_use]
    pub fn on<M: 'static>(mut self) -> Self {
        self.message = Some(type_name::<M>());
        self
    }

    /// Strikes at the `n`-th message that counts (1 = the next one; 0 is taken for 1).
    ///
    /// ```
    /// let fault = guildhall_process::testing::Fault::crash().nth(3);
    /// ```
    #[must_use]
    pub fn nth(mut self, n: u32) -> Self {
        self.left = n.max(1);
        self
    }

    fn told(&self, pid: Pid) -> String {
        let deed = match &self.deed {
            Deed::Crash => "crash".to_owned(),
            Deed::Exit(reason) => format!("exit {reason}"),
        };
        let message = self.message.unwrap_or("message");
        format!("{deed} of {pid}, {} more {message} to come", self.left)
    }

    /// Counts a message; whether the fault strikes at it.
    fn is_due(&mut self, name: &'static str) -> bool {
        if self.message.is_none_or(|message| message == name) {
            self.left -= 1;
        }
        self.left == 0
    }
}

/// Arms a fault. A process may have several; each strikes once. False if the process is dead.
///
/// ```
/// use guildhall_process::Pid;
/// use guildhall_process::testing::{Fault, inject};
/// assert!(!inject(Pid::OUTSIDE, Fault::kill()), "nobody is alive there");
/// ```
pub fn inject(pid: Pid, fault: Fault) -> bool {
    let mut armed = lock(&ARMED);
    let faults = armed.get_or_insert_default();
    // Of those who died unstruck nobody else would take the faults away.
    faults.retain(|pid, _| is_alive(*pid));
    let alive = is_alive(pid);
    if alive {
        faults.entry(pid).or_default().push(fault);
    }
    ARMED_COUNT.store(faults.len(), Ordering::Release);
    alive
}

/// Takes all faults of a process back that have not struck yet. Without this such a fault fails a test of [`run`]
/// at its end: what it was to show has not happened.
///
/// [`run`]: crate::testing::run
///
/// ```
/// guildhall_process::testing::disarm(guildhall_process::Pid::OUTSIDE);
/// ```
pub fn disarm(pid: Pid) {
    let mut armed = lock(&ARMED);
    if let Some(faults) = armed.as_mut() {
        faults.remove(&pid);
        ARMED_COUNT.store(faults.len(), Ordering::Release);
    }
}

/// The faults of these processes that have not struck, in words, taken back.
pub(super) fn take_unstruck(of: impl Fn(Pid) -> bool) -> Vec<String> {
    let mut armed = lock(&ARMED);
    let Some(faults) = armed.as_mut() else {
        return Vec::new();
    };
    let mut unstruck = Vec::new();
    faults.retain(|pid, mine| {
        let theirs = of(*pid);
        if theirs {
            unstruck.extend(mine.iter().map(|fault| fault.told(*pid)));
        }
        !theirs
    });
    ARMED_COUNT.store(faults.len(), Ordering::Release);
    unstruck.sort_unstable();
    unstruck
}

/// The next message that the process handles panics with "injected crash". False if it is dead.
///
/// ```
/// use guildhall_process::{Pid, testing::crash_next};
/// assert!(!crash_next(Pid::OUTSIDE), "nobody is alive there");
/// ```
pub fn crash_next(pid: Pid) -> bool {
    inject(pid, Fault::crash())
}

/// The `n`-th message from now on that the process handles panics (1 = the next one). False if the
/// process is dead.
///
/// ```
/// use guildhall_process::{Pid, testing::crash_nth};
/// assert!(!crash_nth(Pid::OUTSIDE, 3), "nobody is alive there");
/// ```
pub fn crash_nth(pid: Pid, n: u32) -> bool {
    inject(pid, Fault::crash().nth(n))
}

/// The next message of type `M` that the process handles panics. False if the process is dead.
///
/// ```
/// use guildhall_process::{Pid, testing::crash_on};
/// struct Deposit(u64);
/// assert!(!crash_on::<Deposit>(Pid::OUTSIDE), "nobody is alive there");
/// ```
pub fn crash_on<M: 'static>(pid: Pid) -> bool {
    inject(pid, Fault::crash().on::<M>())
}

/// Called before every message.
pub(crate) fn message(pid: Pid, name: &'static str) {
    if ARMED_COUNT.load(Ordering::Acquire) > 0 {
        strike(pid, name);
    }
}

#[expect(clippy::panic, reason = "a panic is what this is for")]
fn strike(pid: Pid, name: &'static str) {
    for deed in due(pid, name) {
        match deed {
            Deed::Exit(reason) => exit(pid, reason),
            Deed::Crash => panic!("injected crash"),
        }
    }
}

fn due(pid: Pid, name: &'static str) -> Vec<Deed> {
    let mut armed = lock(&ARMED);
    let mut due = Vec::new();
    if let Some(faults) = armed.as_mut() {
        if let Some(mine) = faults.get_mut(&pid) {
            mine.retain_mut(|fault| {
                let strikes = fault.is_due(name);
                if strikes {
                    due.push(fault.deed.clone());
                }
                !strikes
            });
            if mine.is_empty() {
                faults.remove(&pid);
            }
        }
        ARMED_COUNT.store(faults.len(), Ordering::Release);
    }
    due
}
