//! Whether a row of measurements levels off.

/// What a measurement may be above the highest one of the settled first half: a tenth.
const ROOM: u64 = 10;

/// Whether the second half of what was measured, in equal steps of time, stays about as high as the first half
/// after its warm-up, a quarter of it.
pub fn levels_off(measured: &[u64]) -> bool {
    let (first, second) = measured.split_at(measured.len() / 2);
    let settled = &first[first.len() / 4..];
    let highest = |some: &[u64]| some.iter().copied().max().unwrap_or(0);
    let bound = highest(settled) + highest(settled) / ROOM;
    highest(second) <= bound
}

#[test]
fn what_grows_for_ever_does_not_level_off_and_what_is_full_does() {
    let steadily: Vec<u64> = (0..40).map(|step| 100 + 5 * step).collect();
    assert!(!levels_off(&steadily));
    let until_full: Vec<u64> = (0..40).map(|step| (100 * step).min(500)).collect();
    assert!(levels_off(&until_full));
    let noisy: Vec<u64> = (0..40).map(|step| 500 + step % 7).collect();
    assert!(levels_off(&noisy));
    let late: Vec<u64> = (0..40)
        .map(|step| if step < 30 { 100 } else { 900 })
        .collect();
    assert!(!levels_off(&late));
}
