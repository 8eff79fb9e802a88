//! Tests of `bucket`: the burst, the rate, and the wait that it tells.

use proptest::prelude::*;

use super::*;

const RATE: Rate = Rate {
    every: Duration::from_secs(2),
    burst: 3,
};

#[test]
fn a_burst_passes_and_then_one_in_each_interval() {
    let (mut bucket, now) = (Bucket::default(), Duration::from_secs(50));
    for _ in 0..3 {
        assert_eq!(bucket.take(now, RATE), Ok(()));
    }
    assert_eq!(bucket.take(now, RATE), Err(Duration::from_secs(2)));
    let later = now + Duration::from_secs(1);
    assert_eq!(bucket.take(later, RATE), Err(Duration::from_secs(1)));
    let later = now + Duration::from_secs(2);
    assert_eq!(bucket.take(later, RATE), Ok(()));
    assert_eq!(bucket.take(later, RATE), Err(Duration::from_secs(2)));
}

#[test]
fn after_a_rest_the_whole_burst_is_there_and_not_more() {
    let mut bucket = Bucket::default();
    let mut takes = |at_s| {
        let now = Duration::from_secs(at_s);
        (0..10).filter(|_| bucket.take(now, RATE).is_ok()).count()
    };
    assert_eq!(takes(0), 3);
    assert_eq!(takes(1_000), 3);
    assert_eq!(takes(1_004), 2);
}

proptest! {
    #[test]
    fn in_any_span_no_more_passes_than_the_burst_and_the_rate_and_who_waits_as_told_passes(
        every_ms in 1_u64..5_000, burst in 1_u32..50,
        steps_ms in proptest::collection::vec(0_u64..3_000, 1..200),
    ) {
        let rate = Rate { every: Duration::from_millis(every_ms), burst };
        let (mut bucket, mut now, mut passed) = (Bucket::default(), Duration::ZERO, Vec::new());
        for step_ms in steps_ms {
            now += Duration::from_millis(step_ms);
            match bucket.take(now, rate) {
                Ok(()) => passed.push(now),
                Err(wait) => prop_assert_eq!(bucket.clone().take(now + wait, rate), Ok(())),
            }
        }
        for (n, from) in passed.iter().enumerate() {
            for (m, to) in passed.iter().enumerate().skip(n) {
                let most = u128::from(burst) + (*to - *from).as_millis() / u128::from(every_ms);
                let passed = u128::try_from(m - n + 1).unwrap();
                prop_assert!(passed <= most);
            }
        }
    }
}
