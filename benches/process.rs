//! Processes beside their peers: a bare tokio task with a channel, a raw actix actor, ractor, kameo, and Erlang
//! where `erl` is installed. Every side runs on one thread, in turns within one run; what is told is the time of
//! the processor. `cargo bench --bench process -- ask tell` chooses measurements.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod process {
    pub mod actix_side;
    pub mod clock;
    pub mod erlang;
    pub mod kameo_side;
    pub mod measure;
    pub mod ours;
    pub mod ractor_side;
    pub mod tokio_side;
}

use process::measure::{self, Aim, IDLE_BYTES, Measurement, Side};
use process::{actix_side, kameo_side, ours, ractor_side, tokio_side};

const OURS: &str = "guildhall";

/// The first one is the baseline.
const SIDES: &[Side] = &[
    Side {
        name: "tokio",
        idle: tokio_side::idle,
        works: &[
            ("spawn", tokio_side::spawn),
            ("churn", tokio_side::churn),
            ("tell", tokio_side::tell),
            ("ask", tokio_side::ask),
            ("linked_deaths", tokio_side::linked_deaths),
            ("restart", tokio_side::restart),
        ],
    },
    // What tokio can do cheaper where less is asked of it.
    Side {
        name: "tokio_cheaper",
        idle: tokio_side::idle,
        works: &[
            ("tell", tokio_side::tell_without_waiting),
            ("linked_deaths", tokio_side::aborts),
        ],
    },
    Side {
        name: OURS,
        idle: ours::idle,
        works: &[
            ("spawn", ours::spawn),
            ("churn", ours::churn),
            ("tell", ours::tell),
            ("ask", ours::ask),
            ("linked_deaths", ours::linked_deaths),
            ("restart", ours::restart),
        ],
    },
    Side {
        name: "actix",
        idle: actix_side::idle,
        works: &[
            ("spawn", actix_side::spawn),
            ("churn", actix_side::churn),
            ("tell", actix_side::tell),
            ("ask", actix_side::ask),
        ],
    },
    Side {
        name: "ractor",
        idle: ractor_side::idle,
        works: &[
            ("spawn", ractor_side::spawn),
            ("churn", ractor_side::churn),
            ("tell", ractor_side::tell),
            ("ask", ractor_side::ask),
            ("linked_deaths", ractor_side::linked_deaths),
            ("restart", ractor_side::restart),
        ],
    },
    Side {
        name: "kameo",
        idle: kameo_side::idle,
        works: &[
            ("spawn", kameo_side::spawn),
            ("churn", kameo_side::churn),
            ("tell", kameo_side::tell),
            ("ask", kameo_side::ask),
            ("linked_deaths", kameo_side::linked_deaths),
            ("restart", kameo_side::restart),
        ],
    },
];

const MEASUREMENTS: &[Measurement] = &[
    Measurement {
        name: "spawn",
        what: "per process that is started, runs and stays",
        count: 50_000,
        aim: Aim::AtLeast(0.8),
    },
    Measurement {
        name: "churn",
        what: "per process that is started, runs and ends, with a thousand alive at a time",
        count: 50_000,
        aim: Aim::None,
    },
    Measurement {
        name: "tell",
        what: "per message that is sent and handled (tokio: send and wait for room; cheaper: try_send)",
        count: 500_000,
        aim: Aim::AtLeast(0.9),
    },
    Measurement {
        name: "ask",
        what: "per request and answer",
        count: 200_000,
        aim: Aim::AtMostAndAhead(2.1),
    },
    Measurement {
        name: "linked_deaths",
        what: "per death of one of 10,000 linked processes (tokio: a reason told to all; cheaper: abort_all)",
        count: 10_000,
        aim: Aim::AtMost(1.2),
    },
    Measurement {
        name: "restart",
        what: "from a panic to the restarted child",
        count: 10_000,
        aim: Aim::AtMost(1.5),
    },
];

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    if measure::was_a_round(&words, SIDES, MEASUREMENTS) {
        return;
    }
    let chosen = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    for measurement in MEASUREMENTS.iter().filter(|m| chosen(m.name)) {
        measure::measure(measurement, SIDES, OURS);
    }
    if chosen(IDLE_BYTES) {
        measure::idle_bytes(SIDES, OURS);
    }
}
