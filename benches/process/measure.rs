//! Running the sides in turns, and telling what came out: a line per side, and the ratio to tokio. Every round of
//! every side is a program of its own, so that none works in the memory that another has left behind.

use std::process::Command;
use std::time::Duration;

use super::clock::resident_bytes;
use super::erlang;

const ROUNDS: usize = 31;

/// How many processes the memory of an idle one is measured with.
const IDLE: usize = 100_000;

/// The aim for memory, in bytes per idle process.
const IDLE_BYTES_MAX: f64 = 1_300.0;

/// The word that makes this program one round of one side.
const ROUND: &str = "round";

/// Does `count` things and answers how long they kept the processor.
pub type Work = fn(usize) -> Duration;

/// Holds `count` idle processes while it calls the function.
pub type Hold = fn(usize, &dyn Fn());

/// One way to have processes. What it cannot do, it has not.
pub struct Side {
    pub name: &'static str,
    pub idle: Hold,
    pub works: &'static [(&'static str, Work)],
}

pub struct Measurement {
    pub name: &'static str,
    pub what: &'static str,
    /// Things per round.
    pub count: usize,
    pub aim: Aim,
}

/// What is wanted of the ratio to tokio.
#[derive(Clone, Copy)]
pub enum Aim {
    /// Of speeds.
    AtLeast(f64),
    /// Of times.
    AtMost(f64),
    /// Of times, and faster than ractor and kameo.
    AtMostAndAhead(f64),
    /// Nothing; it is good to know.
    None,
}

impl Aim {
    fn is_ahead_of_peers(self) -> bool {
        matches!(self, Self::AtMostAndAhead(_))
    }

    fn ratio(self, side_ns: f64, tokio_ns: f64) -> f64 {
        match self {
            Self::AtMost(_) | Self::AtMostAndAhead(_) => side_ns / tokio_ns,
            Self::AtLeast(_) | Self::None => tokio_ns / side_ns,
        }
    }

    fn told(self, ratio: f64) -> String {
        let word = |met: bool| if met { "met" } else { "missed" };
        match self {
            Self::AtLeast(aim) => format!("speed, aim >= {aim}: {}", word(ratio >= aim)),
            Self::AtMost(aim) | Self::AtMostAndAhead(aim) => {
                format!("time, aim <= {aim}: {}", word(ratio <= aim))
            }
            Self::None => "speed".to_owned(),
        }
    }
}

/// One round of one side, in this program: `round <measurement> <side>`. False if the words say something else.
pub fn was_a_round(words: &[String], sides: &[Side], measurements: &[Measurement]) -> bool {
    let [ROUND, measurement, side] = words.iter().map(String::as_str).collect::<Vec<_>>()[..]
    else {
        return false;
    };
    let side = sides.iter().find(|s| s.name == side).unwrap();
    let Some(measurement) = measurements.iter().find(|m| m.name == measurement) else {
        println!("{}", idle_bytes_of(side.idle));
        return true;
    };
    // Thousands of panics are measured, and none of them is news.
    std::panic::set_hook(Box::new(|_| {}));
    let work = side.work(measurement.name).unwrap();
    // What is needed once is not what a thing needs.
    work(measurement.count / 20);
    let time = work(measurement.count);
    println!("{}", time.as_nanos() as f64 / measurement.count as f64);
    true
}

fn idle_bytes_of(hold: Hold) -> f64 {
    hold(100, &|| {});
    let before = resident_bytes();
    let bytes = std::cell::Cell::new(0.0);
    hold(IDLE, &|| {
        bytes.set((resident_bytes() - before) as f64 / IDLE as f64)
    });
    bytes.get()
}

impl Side {
    fn work(&self, name: &str) -> Option<Work> {
        let found = self.works.iter().find(|(work, _)| *work == name);
        found.map(|(_, work)| *work)
    }

    /// Another way of the baseline, not a runtime of its own.
    fn is_variant(&self) -> bool {
        self.name.ends_with("_cheaper")
    }

    /// The figure of one round.
    fn round(&self, measurement: &str) -> f64 {
        let output = Command::new(std::env::current_exe().unwrap())
            .args([ROUND, measurement, self.name])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.trim().parse().unwrap_or_else(|_| {
            panic!(
                "{measurement} of {}: {}",
                self.name,
                String::from_utf8_lossy(&output.stderr)
            )
        })
    }
}

/// Measures all sides that can do it; the first side is the baseline.
pub fn measure(measurement: &Measurement, sides: &[Side], ours: &str) {
    let able: Vec<&Side> = sides
        .iter()
        .filter(|side| side.work(measurement.name).is_some())
        .collect();
    let mut figures: Vec<Vec<f64>> = vec![Vec::new(); able.len()];
    for round in 0..ROUNDS {
        for step in 0..able.len() {
            // Another side comes first in every round.
            let side = (step + round) % able.len();
            figures[side].push(able[side].round(measurement.name));
        }
    }
    for (side, figures) in able.iter().zip(&figures) {
        let (low, middle, high) = spread(figures.clone());
        println!(
            "{}: {}: median {middle:.0} ns {} ({low:.0} to {high:.0} in {ROUNDS} rounds)",
            measurement.name, side.name, measurement.what
        );
    }
    if let Some(ns) = erlang::measure(measurement.name, measurement.count) {
        println!(
            "{}: erlang: {ns:.0} ns {}",
            measurement.name, measurement.what
        );
    }
    if measurement.aim.is_ahead_of_peers() {
        let of = |name: &str| {
            let at = able.iter().position(|side| side.name == name);
            at.map(|at| spread(figures[at].clone()).1)
        };
        for peer in ["ractor", "kameo"] {
            let ahead = of(ours) < of(peer);
            println!("AHEAD {} of {peer}: {ahead}", measurement.name);
        }
    }
    // The median of the rounds' ratios: the figures of a round lie side by side, so that a processor that changes
    // its pace does not count.
    for (side, figures_of_side) in able.iter().zip(&figures).skip(1) {
        let pairs = figures_of_side.iter().zip(&figures[0]);
        let ratios = pairs.map(|(side, tokio)| measurement.aim.ratio(*side, *tokio));
        let (_, ratio, _) = spread(ratios.collect());
        if side.name == ours {
            let told = measurement.aim.told(ratio);
            println!("RATIO {} {ratio:.2} ({told})", measurement.name);
        } else {
            println!("ratio of {}: {} {ratio:.2}", side.name, measurement.name);
        }
    }
}

/// The lowest, the middle and the highest.
fn spread(mut figures: Vec<f64>) -> (f64, f64, f64) {
    figures.sort_unstable_by(f64::total_cmp);
    let last = figures.len() - 1;
    (figures[0], figures[figures.len() / 2], figures[last])
}

pub const IDLE_BYTES: &str = "idle_bytes";

/// The memory of an idle process, with what the allocator needs for it.
pub fn idle_bytes(sides: &[Side], ours: &str) {
    for side in sides.iter().filter(|side| !side.is_variant()) {
        let bytes = side.round(IDLE_BYTES);
        println!("{IDLE_BYTES}: {}: {bytes:.0} per idle process", side.name);
        if side.name == ours {
            let met = if bytes <= IDLE_BYTES_MAX {
                "met"
            } else {
                "missed"
            };
            println!("BYTES {IDLE_BYTES} {bytes:.0} (aim <= {IDLE_BYTES_MAX}: {met})");
        }
    }
    if let Some(bytes) = erlang::measure(IDLE_BYTES, IDLE / 10) {
        println!("{IDLE_BYTES}: erlang: {bytes:.0} per idle process");
    }
}
