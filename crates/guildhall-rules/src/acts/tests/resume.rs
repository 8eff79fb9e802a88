//! Who comes back gets what he missed, or is told exactly what he saw that is no more.

use proptest::prelude::*;

use super::*;

const NOW: Uuid = Uuid::from_u128(2);
const BEFORE: Uuid = Uuid::from_u128(1);

fn position(incarnation: Uuid, seq: u64) -> Position {
    Position { incarnation, seq }
}

#[test]
fn every_cell_of_the_table() {
    let present = Present {
        position: position(NOW, 100),
        tail_after: 40,
    };
    let lost = |after, through| {
        let incarnation = BEFORE;
        Resume::Lost(Lost {
            incarnation,
            after,
            through,
        })
    };
    let table = [
        (None, None, Resume::Whole),
        (Some((NOW, 100)), None, Resume::Tail { after: 100 }),
        (Some((NOW, 40)), None, Resume::Tail { after: 40 }),
        (Some((NOW, 39)), None, Resume::Whole),
        (Some((NOW, 0)), None, Resume::Whole),
        (Some((NOW, 101)), None, Resume::PositionUnknown),
        (Some((BEFORE, 60)), Some(60), Resume::Tail { after: 60 }),
        (Some((BEFORE, 30)), Some(60), Resume::Whole),
        (Some((BEFORE, 61)), Some(60), lost(Some(60), 61)),
        (Some((BEFORE, 61)), None, lost(None, 61)),
        (Some((BEFORE, u64::MAX)), Some(60), lost(Some(60), u64::MAX)),
        // A database of an earlier day.
        (Some((BEFORE, 120)), Some(150), lost(Some(100), 120)),
    ];
    for (seen, kept, decided) in table {
        let seen = seen.map(|(incarnation, seq)| position(incarnation, seq));
        assert_eq!(resume(seen, &present, kept), decided, "{seen:?} {kept:?}");
    }
}

/// The life of a board: (acts done, how many of them became durable) by each incarnation, in order.
fn lives() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let life = (0..6_u64).prop_flat_map(|done| (Just(done), 0..=done));
    proptest::collection::vec(life, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Each act is known by its incarnation and number. What is on the board is compared with what was seen.
    #[test]
    fn nothing_that_was_lost_is_passed_over_and_nothing_that_was_kept_is_called_lost(
        lives in lives(),
        life in any::<prop::sample::Index>(),
        sight in any::<prop::sample::Index>(),
        tail in any::<prop::sample::Index>(),
    ) {
        let life = life.index(lives.len());
        let last = lives.len() - 1;
        // By number: which incarnation's act is on the board. The last one has not died.
        let mut board: Vec<usize> = Vec::new();
        let mut seen: Vec<usize> = Vec::new();
        let mut kept = None;
        for (number, (done, durable)) in lives.iter().enumerate() {
            let mut shown = board.clone();
            shown.extend((0..*done).map(|_| number));
            let durable = if number == last { *done } else { *durable };
            board.extend((0..durable).map(|_| number));
            if number == life {
                let first = shown.len() - usize::try_from(*done).unwrap();
                let through = first + sight.index(shown.len() - first + 1);
                seen = shown[..through].to_vec();
                kept = (durable > 0).then(|| u64::try_from(board.len()).unwrap());
            }
        }
        let count = |acts: &[usize]| u64::try_from(acts.len()).unwrap();
        let id = |number: usize| Uuid::from_u128(u128::try_from(number).unwrap() + 1);
        let present = Present {
            position: position(id(last), count(&board)),
            tail_after: u64::try_from(tail.index(board.len() + 1)).unwrap(),
        };
        let is_kept = |at: &usize| board.get(*at) == seen.get(*at);
        let gone: Vec<usize> = (0..seen.len()).filter(|at| !is_kept(at)).collect();
        match resume(Some(position(id(life), count(&seen))), &present, kept) {
            Resume::Tail { after } => {
                prop_assert!(gone.is_empty());
                prop_assert_eq!(after, count(&seen));
                prop_assert!(after >= present.tail_after);
            }
            Resume::Whole => {
                prop_assert!(gone.is_empty());
                prop_assert!(count(&seen) < present.tail_after);
            }
            Resume::Lost(lost) => {
                prop_assert_eq!(lost.incarnation, id(life));
                prop_assert_eq!(lost.through, count(&seen));
                // Of the numbers above `after`, those that this incarnation gave.
                let above = (0..seen.len()).filter(|at| {
                    let number = u64::try_from(*at).unwrap() + 1;
                    seen[*at] == life && lost.after.is_none_or(|after| number > after)
                });
                prop_assert_eq!(above.collect::<Vec<_>>(), gone);
            }
            Resume::PositionUnknown => prop_assert!(false, "every number was given"),
        }
    }
}
