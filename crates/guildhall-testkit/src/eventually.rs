//! Waiting for something that no event tells: look again and again, until a
//! deadline. Where there is an event, wait for that instead.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

const INTERVAL: Duration = Duration::from_millis(5);

/// What one look can give: `bool` or `Option<T>`.
pub trait Observed {
    /// What is handed back once it is there.
    type Seen;
    /// `None` means look again.
    fn seen(self) -> Option<Self::Seen>;
}

impl Observed for bool {
    type Seen = ();
    fn seen(self) -> Option<()> {
        self.then_some(())
    }
}

impl<T> Observed for Option<T> {
    type Seen = T;
    fn seen(self) -> Option<T> {
        self
    }
}

/// Looks until `look` sees it.
///
/// # Panics
/// At the deadline, with `what` was waited for; also when one look takes longer.
pub async fn eventually<O: Observed>(
    deadline: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> O,
) -> O::Seen {
    let end = Instant::now() + deadline;
    loop {
        match timeout_at(end, look()).await.map(Observed::seen) {
            Ok(Some(seen)) => return seen,
            Ok(None) if Instant::now() < end => sleep(INTERVAL).await,
            _ => panic!("waited {deadline:?} in vain for {what}"),
        }
    }
}

/// The same for a thread that may be blocked.
///
/// # Panics
/// At the deadline, with `what` was waited for.
pub fn eventually_blocking<O: Observed>(
    deadline: Duration,
    what: &str,
    mut look: impl FnMut() -> O,
) -> O::Seen {
    let end = Instant::now() + deadline;
    loop {
        match look().seen() {
            Some(seen) => return seen,
            None if Instant::now() < end => std::thread::sleep(INTERVAL),
            None => panic!("waited {deadline:?} in vain for {what}"),
        }
    }
}

#[cfg(test)]
mod tests;
