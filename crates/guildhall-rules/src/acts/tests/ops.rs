//! An act that is sent again is answered again and not done twice.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn outcome(seq: u64) -> Outcome {
    Outcome {
        seq,
        open_seq: seq,
        at_us: 0,
        seed: None,
    }
}

const FIRST: RequestHash = [1; 16];
const SECOND: RequestHash = [2; 16];

#[test]
fn a_repeat_is_answered_as_before_and_another_request_under_its_id_is_refused() {
    let mut memory = OpMemory::new(10);
    assert_eq!(memory.recall(op(1), &FIRST), Recall::New);
    memory.remember(op(1), FIRST, outcome(1));
    assert_eq!(memory.recall(op(1), &FIRST), Recall::Repeat(outcome(1)));
    assert_eq!(memory.recall(op(1), &SECOND), Recall::Reused);
    assert_eq!(memory.recall(op(2), &FIRST), Recall::New);
}

#[test]
fn a_memory_that_overflowed_sends_one_to_the_log_until_the_log_has_forgotten_too() {
    let mut memory = OpMemory::new(2);
    for seq in 1..=3 {
        memory.remember(op(seq), FIRST, outcome(seq));
    }
    assert_eq!(memory.recall(op(1), &FIRST), Recall::Unsure);
    assert_eq!(memory.recall(op(9), &FIRST), Recall::Unsure);
    assert_eq!(memory.recall(op(3), &FIRST), Recall::Repeat(outcome(3)));
    memory.forget_through(1);
    assert_eq!(memory.recall(op(1), &FIRST), Recall::New);
    assert_eq!(memory.recall(op(2), &FIRST), Recall::Repeat(outcome(2)));
    memory.forget_through(2);
    assert_eq!(memory.recall(op(2), &FIRST), Recall::New);
}

#[test]
fn a_row_of_the_log_decides_as_the_memory_would() {
    assert_eq!(Recall::of_row(None, &FIRST), Recall::New);
    let row = Some((FIRST, outcome(4)));
    assert_eq!(Recall::of_row(row, &FIRST), Recall::Repeat(outcome(4)));
    assert_eq!(Recall::of_row(row, &SECOND), Recall::Reused);
}

#[test]
fn a_request_is_who_asks_and_for_what() {
    let hash = |actor: &Actor, deed: &Deed| request_hash(actor.account, deed).unwrap();
    let deed = move_to(OPEN, 1.0);
    let same: Deed = serde_json::from_str(&format!(
        r#"{{"at": [1.0, 0], "unknown": 1, "token": "{OPEN}", "kind": "move"}}"#
    ))
    .unwrap();
    assert_eq!(hash(&GM, &deed), hash(&GM, &same));
    assert_ne!(hash(&GM, &deed), hash(&PLAYER, &deed));
    assert_ne!(hash(&GM, &deed), hash(&GM, &move_to(OPEN, 1.001)));
    assert_ne!(hash(&GM, &deed), hash(&GM, &move_to(LIT, 1.0)));
}

#[test]
fn a_roll_that_is_sent_again_has_the_same_faces() {
    let deed = roll("8d1000", true);
    let applied = act(&mut ActState::default(), &base(), &GM, deed.clone()).unwrap();
    let [Change::Rolled(roll)] = applied.full.changes.as_slice() else {
        panic!("a roll: {applied:?}")
    };
    let outcome = Outcome::of(&applied.record);
    assert_eq!(outcome.rolled(&deed).as_ref(), Some(&roll.rolled));
    assert_eq!(outcome.rolled(&move_to(OPEN, 1.0)), None);
    assert_eq!((outcome.seq, outcome.open_seq), (1, 0));
}

proptest! {
    /// Against a log that is asked each time: never `New` for what is there, never anything else for what is not.
    #[test]
    fn the_memory_never_contradicts_the_log(
        ops_max in 1..8_usize,
        steps in proptest::collection::vec((0..12_u64, any::<bool>(), 0..5_u64), 0..60),
    ) {
        let mut memory = OpMemory::new(ops_max);
        let mut log: BTreeMap<Uuid, (RequestHash, Outcome)> = BTreeMap::new();
        let mut seq = 0;
        for (number, is_first, forget) in steps {
            let request = if is_first { FIRST } else { SECOND };
            let known = Recall::of_row(log.get(&op(number)).copied(), &request);
            match memory.recall(op(number), &request) {
                Recall::Unsure => prop_assert!(log.len() > ops_max),
                recalled => prop_assert_eq!(recalled, known),
            }
            if known == Recall::New {
                seq += 1;
                memory.remember(op(number), request, outcome(seq));
                log.insert(op(number), (request, outcome(seq)));
            }
            if forget == 0 {
                let through = seq.saturating_sub(3);
                memory.forget_through(through);
                log.retain(|_, (_, outcome)| outcome.seq > through);
            }
        }
    }
}
