//! Tests of `kept`: the bound holds, and what matters longest stays.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug, Default, PartialEq)]
struct Until(u64);

impl Fades for Until {
    fn fades_at(&self) -> Duration {
        Duration::from_secs(self.0)
    }
}

const NOW: Duration = Duration::from_secs(100);

#[test]
fn what_has_faded_goes_first_and_costs_nothing_that_still_matters() {
    let mut kept = Kept::<_, Until>::new(3);
    for (key, until) in [(1, 90), (2, 101), (3, 99)] {
        kept.of(key, NOW).0 = until;
    }
    kept.of(4, NOW).0 = 200;
    assert_eq!((kept.get(&1), kept.get(&3)), (None, None));
    assert_eq!(kept.get(&2), Some(&Until(101)));
    assert_eq!(kept.len(), 2);
}

#[test]
fn whoever_is_there_already_needs_no_room() {
    let mut kept = Kept::<_, Until>::new(2);
    for key in [1, 2] {
        kept.of(key, NOW).0 = 200;
    }
    kept.of(1, NOW).0 = 300;
    assert_eq!(kept.len(), 2);
    kept.forget(&1);
    assert_eq!((kept.get(&1), kept.is_empty()), (None, false));
}

proptest! {
    #[test]
    fn however_many_come_the_bound_holds_and_the_newest_and_the_longest_stay(
        max in 1_usize..40, untils in proptest::collection::vec(101_u64..10_000, 1..200),
    ) {
        let mut kept = Kept::<_, Until>::new(max);
        kept.of(usize::MAX, NOW).0 = 20_000;
        for (key, until) in untils.into_iter().enumerate() {
            kept.of(key, NOW).0 = until;
            prop_assert!(kept.len() <= max);
            prop_assert_eq!(kept.get(&key), Some(&Until(until)));
            prop_assert!(max < 2 || kept.get(&usize::MAX).is_some());
        }
    }
}
