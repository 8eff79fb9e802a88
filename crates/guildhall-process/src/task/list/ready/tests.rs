//! What happens between a poll that begins and another thread that wakes its task.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Wake;
use std::thread;

use super::{Ready, TaskId};

const ROUNDS: usize = 200_000;

/// Waits for the other thread. Both have to leave at once, so nobody sleeps while the other one may be close.
fn meet(round: &AtomicUsize, target: usize) {
    round.fetch_add(1, Ordering::AcqRel);
    let mut looked = 0;
    while round.load(Ordering::Acquire) < target {
        looked += 1;
        if looked < 1_000 {
            std::hint::spin_loop();
        } else {
            thread::yield_now();
        }
    }
}

#[test]
fn who_rings_a_bell_that_has_been_rung_is_heard_by_the_poll_or_rings_again() {
    let ready = Ready::default();
    let bell = ready.bell(TaskId::default());
    let (round, news) = (AtomicUsize::new(0), AtomicBool::new(false));
    let missed = thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..ROUNDS {
                meet(&round, 4 * n + 2);
                news.store(true, Ordering::Release);
                bell.wake_by_ref();
                meet(&round, 4 * n + 4);
            }
        });
        let (mut missed, mut due) = (0, Vec::new());
        for n in 0..ROUNDS {
            news.store(false, Ordering::Relaxed);
            bell.wake_by_ref();
            due.clear();
            ready.take(&mut due);
            meet(&round, 4 * n + 2);
            bell.reset();
            let heard = news.load(Ordering::Acquire);
            meet(&round, 4 * n + 4);
            due.clear();
            ready.take(&mut due);
            bell.reset();
            missed += usize::from(!heard && due.is_empty());
        }
        missed
    });
    assert_eq!(missed, 0, "of {ROUNDS} rings");
}
