//! Seeded interleavings: one test, run under many schedules, each of which its seed reproduces.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::failure::Site;
use super::kit::Kit;
use super::runner::Runner;

/// The environment variable that names the one seed to run.
const SEED: &str = "GUILDHALL_SEED";

/// Runs a test once for every seed, each time on a system of its own (see [`super::run`]) whose
/// processes are scheduled by dice: turns that are due are held back at random behind others that
/// are due, and a turn handles fewer messages than it might. What OTP promises (one sender's
/// messages in order, names free before DOWN) holds in all of them; whatever else a test relies on
/// by accident breaks in some.
///
/// When a run fails, its seed is printed, and with `GUILDHALL_SEED=<seed>` in the environment that
/// run alone is repeated, exactly. Exactly means: what is decided on this thread by the kit's dice
/// and by virtual time. Other threads, the order of `std`'s hash maps and `tokio::select!` without
/// `biased` are not the seed's.
///
/// # Panics
/// As the first run that fails does.
///
/// ```
/// use guildhall_process::testing::interleave;
///
/// interleave(0..20, async |kit| {
///     let mut probe = kit.probe::<u32>("probe");
///     kit.tell(&probe.process(), 1);
///     kit.tell(&probe.process(), 2);
///     assert_eq!(probe.expect_message().await, 1, "one sender's messages keep their order");
///     probe.expect_message().await;
/// });
/// ```
#[track_caller]
pub fn interleave(seeds: impl IntoIterator<Item = u64>, test: impl AsyncFn(Kit)) {
    interleave_with(&Runner::new(), seeds, test);
}

/// [`interleave`] with a runner that is not the default one.
///
/// # Panics
/// See [`interleave`].
///
/// ```
/// # use std::time::Duration;
/// use guildhall_process::testing::{Runner, interleave_with};
/// let patient = Runner::new().patience(Duration::from_secs(3600));
/// interleave_with(&patient, 0..3, async |kit| kit.settle().await);
/// ```
#[track_caller]
pub fn interleave_with(
    runner: &Runner,
    seeds: impl IntoIterator<Item = u64>,
    test: impl AsyncFn(Kit),
) {
    let site = Site::here();
    match env::var(SEED) {
        Err(_unset) => seeds
            .into_iter()
            .for_each(|seed| run_seed(runner, seed, &test)),
        Ok(seed) => match seed.parse() {
            Ok(seed) => run_seed(runner, seed, &test),
            Err(error) => site.fail(format!("{SEED}={seed} is no seed: {error}")),
        },
    }
}

fn run_seed(runner: &Runner, seed: u64, test: &impl AsyncFn(Kit)) {
    let runner = runner.clone().seed(seed);
    let run = AssertUnwindSafe(|| runner.run(async |kit| test(kit).await));
    if let Err(payload) = catch_unwind(run) {
        eprintln!("seed {seed} failed; to run it alone, set {SEED}={seed}");
        resume_unwind(payload);
    }
}
