//! What every bench prints: a line per side with its median, and the line of the ratio.

use std::time::Duration;

/// Runs both sides in turns, each first in every second round, so that whatever else the machine does meets
/// both alike. The times of ours and of the bare work.
pub fn in_turns(
    rounds: usize,
    mut ours: impl FnMut() -> Duration,
    mut bare: impl FnMut() -> Duration,
) -> (Vec<Duration>, Vec<Duration>) {
    let mut times = (Vec::new(), Vec::new());
    for round in 0..rounds {
        if round % 2 == 0 {
            times.0.push(ours());
            times.1.push(bare());
        } else {
            times.1.push(bare());
            times.0.push(ours());
        }
    }
    times
}

/// The middle one; of an even number the later of the two.
pub fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

/// One side: its median in milliseconds, the extremes, and `count` things per second.
pub fn side(name: &str, what: &str, times: &[Duration], count: f64, unit: &str) {
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let middle = median(times);
    println!(
        "{name}: {what}: median {:.2} ms ({:.2} to {:.2} in {} rounds), {:.0} {unit}/s",
        ms(middle),
        ms(times.iter().min().copied().unwrap_or_default()),
        ms(times.iter().max().copied().unwrap_or_default()),
        times.len(),
        count / middle.as_secs_f64(),
    );
}

/// How fast ours is beside the bare work; 1 is as fast. The median of the rounds' ratios: the two times of a
/// round lie side by side, so that a processor that changes its pace does not count.
pub fn ratio(name: &str, ours: &[Duration], bare: &[Duration], aim: f64) {
    let mut ratios: Vec<f64> = ours
        .iter()
        .zip(bare)
        .map(|(ours, bare)| bare.as_secs_f64() / ours.as_secs_f64())
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    println!(
        "RATIO {name} {:.2} (aim >= {aim})",
        ratios[ratios.len() / 2]
    );
}
