//! The list and the map beneath it are one map to who uses it.

use std::collections::HashMap;

use proptest::prelude::*;

use super::{Few, LIST_MAX};

#[derive(Clone, Copy, Debug)]
enum Op {
    Insert(u8, u32),
    Remove(u8),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    // More keys than a list holds, so that both shapes and the change between them are met.
    let key = 0..u8::try_from(LIST_MAX * 2).unwrap();
    let op = prop_oneof![
        2 => (key.clone(), any::<u32>()).prop_map(|(k, v)| Op::Insert(k, v)),
        1 => key.prop_map(Op::Remove),
    ];
    prop::collection::vec(op, 0..60)
}

proptest! {
    #[test]
    fn it_answers_like_a_hash_map(ops in ops()) {
        let mut few = Few::default();
        let mut model = HashMap::new();
        for op in ops {
            match op {
                Op::Insert(key, value) => prop_assert_eq!(few.insert(key, value), model.insert(key, value)),
                Op::Remove(key) => prop_assert_eq!(few.remove(&key), model.remove(&key)),
            }
            for key in 0..32 {
                prop_assert_eq!(few.contains_key(&key), model.contains_key(&key));
            }
        }
        let seen: HashMap<_, _> = few.iter().map(|(key, value)| (*key, *value)).collect();
        prop_assert_eq!(&seen, &model);
        let mut taken = HashMap::new();
        few.consume(|key, value| {
            taken.insert(key, value);
        });
        prop_assert_eq!(&taken, &model);
    }
}
