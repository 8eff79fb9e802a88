//! Tests of `outbox`.

use proptest::prelude::*;

use super::*;

const NOW: Duration = Duration::from_secs(100);

fn outbox() -> Outbox<u32> {
    Outbox::new(OutboxLimits {
        frames_max: 5,
        bytes_max: 1000,
        credit_frames: 2,
        credit_bytes: 100,
        write_timeout: Duration::from_secs(20),
    })
}

fn drain(outbox: &mut Outbox<u32>, now: Duration) -> Vec<u32> {
    std::iter::from_fn(|| outbox.take_sendable(now)).collect()
}

#[test]
fn frames_leave_in_order_and_only_within_credit() {
    let mut outbox = outbox();
    for frame in 1..=4 {
        outbox.push(frame, 10).unwrap();
    }
    assert_eq!(drain(&mut outbox, NOW), [1, 2]);
    outbox.acked(1, 10, NOW);
    assert_eq!(drain(&mut outbox, NOW), [3]);
    outbox.acked(2, 20, NOW);
    assert_eq!(drain(&mut outbox, NOW), [4]);
    outbox.acked(1, 10, NOW);
    assert!(outbox.is_empty());
    assert_eq!(outbox.bytes(), 0);
}

#[test]
fn bytes_in_flight_are_credit_too() {
    let mut outbox = outbox();
    outbox.push(1, 60).unwrap();
    outbox.push(2, 60).unwrap();
    assert_eq!(drain(&mut outbox, NOW), [1]);
    outbox.acked(1, 60, NOW);
    assert_eq!(drain(&mut outbox, NOW), [2]);
}

#[test]
fn a_frame_larger_than_all_credit_goes_alone() {
    let mut outbox = outbox();
    outbox.push(1, 10).unwrap();
    outbox.push(2, 500).unwrap();
    outbox.push(3, 10).unwrap();
    assert_eq!(drain(&mut outbox, NOW), [1]);
    outbox.acked(1, 10, NOW);
    assert_eq!(drain(&mut outbox, NOW), [2]);
    outbox.acked(1, 500, NOW);
    assert_eq!(drain(&mut outbox, NOW), [3]);
}

#[test]
fn a_full_outbox_gives_the_frame_back() {
    let mut frames = outbox();
    for frame in 0..5 {
        frames.push(frame, 1).unwrap();
    }
    // What is in flight still counts.
    assert_eq!(drain(&mut frames, NOW), [0, 1]);
    let overflow = frames.push(9, 1).unwrap_err();
    assert_eq!((overflow.frame, overflow.frames, overflow.bytes), (9, 5, 5));

    let mut bytes = outbox();
    bytes.push(0, 999).unwrap();
    assert_eq!(bytes.push(1, 2).unwrap_err().bytes, 999);
    assert_eq!(bytes.push(2, usize::MAX).unwrap_err().frame, 2);
    bytes.push(3, 1).unwrap();
}

#[test]
fn acknowledgements_that_do_not_add_up_cost_no_credit() {
    let mut outbox = outbox();
    for frame in 0..3 {
        outbox.push(frame, 90).unwrap();
        assert_eq!(drain(&mut outbox, NOW), [frame]);
        outbox.acked(1, 0, NOW);
        assert!(outbox.is_empty() && outbox.bytes() == 0);
    }
    outbox.acked(7, usize::MAX, NOW);
    assert_eq!(outbox.frames(), 0);
}

#[test]
fn the_write_deadline_runs_from_the_last_progress_while_something_flies() {
    let mut outbox = outbox();
    assert_eq!(outbox.write_deadline(), None);
    outbox.push(1, 1).unwrap();
    assert_eq!(
        outbox.write_deadline(),
        None,
        "waiting alone is no fault of the peer"
    );
    outbox.push(2, 1).unwrap();
    drain(&mut outbox, NOW);
    let later = NOW + Duration::from_secs(15);
    assert!(!outbox.overdue(NOW + Duration::from_millis(19_999)));
    assert!(outbox.overdue(NOW + Duration::from_secs(20)));
    outbox.acked(1, 1, later);
    assert!(!outbox.overdue(NOW + Duration::from_secs(20)));
    assert_eq!(
        outbox.write_deadline(),
        Some(later + Duration::from_secs(20))
    );
    outbox.acked(1, 1, later);
    assert_eq!(outbox.write_deadline(), None);
}

#[test]
fn more_frames_do_not_push_the_deadline_of_a_stuck_peer_out() {
    let mut outbox = outbox();
    outbox.push(1, 1).unwrap();
    drain(&mut outbox, NOW);
    outbox.push(2, 1).unwrap();
    assert_eq!(drain(&mut outbox, NOW + Duration::from_secs(19)), [2]);
    assert!(outbox.overdue(NOW + Duration::from_secs(20)));
}

proptest! {
    #[test]
    fn nothing_is_lost_reordered_or_over_its_bound(
        steps in proptest::collection::vec((any::<bool>(), 0..400_usize), 0..200),
    ) {
        let mut outbox = outbox();
        let (mut pushed, mut taken) = (Vec::new(), Vec::new());
        let mut flying = VecDeque::new();
        let mut sizes = std::collections::HashMap::new();
        for (number, (push, bytes)) in (0_u32..).zip(steps) {
            if push {
                sizes.insert(number, bytes);
                if outbox.push(number, bytes).is_ok() {
                    pushed.push(number);
                }
            } else if let Some(frame) = flying.pop_front() {
                outbox.acked(1, sizes[&frame], NOW);
            }
            for frame in drain(&mut outbox, NOW) {
                taken.push(frame);
                flying.push_back(frame);
            }
            let in_flight: usize = flying.iter().map(|frame| sizes[frame]).sum();
            prop_assert!(flying.len() <= 2 && (in_flight <= 100 || flying.len() == 1));
            prop_assert!(outbox.frames() <= 5 && outbox.bytes() <= 1000);
        }
        while let Some(frame) = flying.pop_front() {
            outbox.acked(1, sizes[&frame], NOW);
            for frame in drain(&mut outbox, NOW) {
                taken.push(frame);
                flying.push_back(frame);
            }
        }
        prop_assert_eq!(pushed, taken);
        prop_assert!(outbox.is_empty() && outbox.bytes() == 0);
    }
}
