//! The sliding window of restarts.

use super::*;

fn run(max: u32, offsets_ms: &[u64]) -> Vec<bool> {
    let mut window = Window::new(max, Duration::from_secs(5));
    let start = Instant::now();
    offsets_ms
        .iter()
        .map(|ms| window.allows(start + Duration::from_millis(*ms)))
        .collect()
}

#[test]
fn a_restart_beyond_the_maximum_is_refused() {
    assert_eq!(run(1, &[0, 10]), [true, false]);
    assert_eq!(run(3, &[0, 1, 2, 3]), [true, true, true, false]);
    assert_eq!(run(0, &[0]), [false]);
}

#[test]
fn the_window_slides() {
    assert_eq!(run(1, &[0, 5_001, 10_002]), [true, true, true]);
    assert_eq!(run(1, &[0, 5_000]), [true, false]);
}
