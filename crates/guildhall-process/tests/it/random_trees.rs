//! Random supervision trees under random faults and requests. A model of OTP's rules (`model.rs`,
//! pure) and the real tree (`stage.rs`, on virtual time) must agree after every step on who lives,
//! in which order processes started and ended, who was told what, and what requests answered.

mod case;
mod explain;
mod generate;
mod model;
mod stage;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use actix_rt::{System, SystemRunner};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use case::{Case, Op};
use explain::{Explained, explain};
use model::{Fixed, World, Wrong};
use stage::{STEP, Stage};

const CASES: u32 = 10_000;
/// `GUILDHALL_SEED` runs the cases of another seed.
const SEED: u64 = 1998;

/// How far the cases went.
#[derive(Default)]
struct Totals {
    steps: u32,
    events: usize,
    /// Steps with too many possible orders to look at all.
    undecided: u32,
}

fn system() -> SystemRunner {
    System::with_tokio_rt(|| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap()
    })
}

/// Runs one case; the error says where the real tree and the model part.
async fn check(case: &Case, wrong: Option<Wrong>, totals: &RefCell<Totals>) -> Result<(), String> {
    let fixed = Fixed {
        specs: case.specs.clone(),
        wrong,
    };
    let mut worlds = vec![World::new(Rc::new(fixed))];
    let mut stage = Stage::new(&case.specs);
    let mut now_ms = 0;
    let mut verdict = Ok(());
    for step in std::iter::once(&Vec::new()).chain(&case.steps) {
        let acts = stage.acts(step);
        let more: u64 = step.iter().map(advance_ms).sum();
        let (events, facts) = stage.step(&acts, Duration::from_millis(more)).await;
        now_ms += u64::try_from(STEP.as_millis()).unwrap() + more;
        let mut totals = totals.borrow_mut();
        totals.steps += 1;
        totals.events += events.len();
        for world in &mut worlds {
            world.begin(&acts);
        }
        match explain(worlds, &events, &facts, now_ms) {
            Explained::By(agreeing) => worlds = agreeing,
            Explained::TooMany => {
                totals.undecided += 1;
                break;
            }
            Explained::Not(furthest) => {
                verdict = Err(format!("{acts:?}\n{events:?}\nseen: {facts:?}\n{furthest}"));
                break;
            }
        }
    }
    let left = stage.clear().await;
    if !left.is_empty() {
        return Err(format!("{left:?} survive a kill"));
    }
    verdict
}

fn advance_ms(op: &Op) -> u64 {
    match op {
        Op::AdvanceMs(ms) => *ms,
        _ => 0,
    }
}

/// Runs `cases` cases; the error is the smallest case that was found, and why it fails.
fn run(cases: u32, wrong: Option<Wrong>, max_shrink_iters: u32) -> Result<Totals, String> {
    let seed = std::env::var("GUILDHALL_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    println!("GUILDHALL_SEED={seed}");
    let [low, high] = [seed, !seed].map(u64::to_le_bytes);
    let rng = TestRng::from_seed(RngAlgorithm::XorShift, &[low, high].concat());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters,
        ..Config::default()
    };
    let system = system();
    let totals = RefCell::new(Totals::default());
    let outcome = TestRunner::new_with_rng(config, rng).run(&generate::cases(), |case| {
        let verdict = system.block_on(check(&case, wrong, &totals));
        verdict.map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => Ok(totals.into_inner()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn ten_thousand_random_trees_behave_as_the_model_of_otp() {
    let totals = run(CASES, None, 4096).unwrap_or_else(|found| panic!("{found}"));
    let Totals {
        steps,
        events,
        undecided,
    } = totals;
    println!("{CASES} cases, {steps} steps, {events} events, {undecided} steps undecided");
    assert!(
        undecided * 1000 <= steps,
        "{undecided} of {steps} undecided"
    );
}

/// The positive control: a wrong rule in the model is as good as one in the tree.
#[test]
fn each_wrong_rule_is_found_within_the_cases() {
    for wrong in Wrong::ALL {
        let found = run(CASES, Some(wrong), 0).err();
        assert!(found.is_some(), "{wrong:?} was not found");
    }
}

#[test]
fn what_is_found_shrinks_to_a_few_lines() {
    let wrong = Wrong::TransientRestartsOnNormal;
    let found = run(CASES, Some(wrong), 4096).err().unwrap();
    let (_, minimal) = found.split_once("minimal failing input: ").unwrap();
    println!("{minimal}");
    assert!(minimal.trim().lines().count() <= 14, "{minimal}");
}
