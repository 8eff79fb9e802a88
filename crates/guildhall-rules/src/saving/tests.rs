//! Every edge of the states, and that none is a flicker.

use super::SavingState::{ReadOnly, Saving, SavingDelayed};
use super::*;

const LIMITS: SavingLimits = SavingLimits {
    delayed_after: Duration::from_millis(2_000),
};

fn aged(ms: u64) -> SavingSight {
    SavingSight {
        oldest_unsaved: Some(Duration::from_millis(ms)),
        ..SavingSight::default()
    }
}

fn full(percent: u8) -> SavingSight {
    SavingSight {
        full_percent: percent,
        ..aged(0)
    }
}

fn failed(failures: u32) -> SavingSight {
    SavingSight {
        failures,
        ..aged(0)
    }
}

#[test]
fn each_state_is_entered_and_left_at_its_own_mark() {
    let broken = SavingSight {
        broken: true,
        ..SavingSight::default()
    };
    let cases = [
        (Saving, SavingSight::default(), Saving),
        (Saving, aged(1_999), Saving),
        (Saving, aged(2_000), SavingDelayed),
        (SavingDelayed, aged(1_000), SavingDelayed),
        (SavingDelayed, aged(999), Saving),
        (SavingDelayed, SavingSight::default(), Saving),
        (Saving, failed(2), Saving),
        (Saving, failed(3), SavingDelayed),
        (Saving, full(94), Saving),
        (Saving, full(95), ReadOnly),
        (SavingDelayed, full(95), ReadOnly),
        (ReadOnly, full(75), ReadOnly),
        (ReadOnly, full(74), Saving),
        (ReadOnly, aged(1_000), SavingDelayed),
        (Saving, broken, ReadOnly),
        (ReadOnly, broken, ReadOnly),
    ];
    for (now, seen, next) in cases {
        assert_eq!(next_state(now, &seen, &LIMITS), next, "{now:?}, {seen:?}");
    }
}

#[test]
fn what_is_seen_twice_leads_nowhere_else() {
    for now in [Saving, SavingDelayed, ReadOnly] {
        for ms in [0, 999, 1_000, 1_999, 2_000, 9_000] {
            for full_percent in [0, 74, 75, 94, 95, 100] {
                let seen = SavingSight {
                    full_percent,
                    ..aged(ms)
                };
                let once = next_state(now, &seen, &LIMITS);
                assert_eq!(next_state(once, &seen, &LIMITS), once, "{now:?}, {seen:?}");
            }
        }
    }
}

#[test]
fn fullness_is_of_what_is_fullest_and_never_over_a_hundred() {
    assert_eq!(percent(0, 10), 0);
    assert_eq!(percent(999, 1_000), 99);
    assert_eq!(percent(20, 10), 100);
    assert_eq!(percent(1, 0), 100);
}

#[test]
fn words_on_the_wire_are_those_of_the_states() {
    for state in [Saving, SavingDelayed, ReadOnly] {
        let word = serde_json::to_value(state).unwrap();
        assert_eq!(word, state.as_str());
    }
}
