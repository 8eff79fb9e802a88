//! The registries against a plain map, with deaths in between. All keys have one hash, so that
//! the entries of different keys stand in each other's way.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use guildhall_process::{
    DuplicateRegistry, ExitReason, Pid, ProcRef, Process, Registry, Spawn, exit, process_info,
    spawn, watch,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::kit::{run, soon};

const PROCESSES: usize = 4;
const CASES: u32 = 500;

struct Idle;

impl Process for Idle {
    const KIND: &'static str = "idle";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u8);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(0);
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Register(Key, usize),
    Unregister(Key, usize),
    Kill(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || (0..3_u8).prop_map(Key);
    let step = prop_oneof![
        4 => (key(), 0..PROCESSES).prop_map(|(key, n)| Step::Register(key, n)),
        2 => (key(), 0..PROCESSES).prop_map(|(key, n)| Step::Unregister(key, n)),
        1 => (0..PROCESSES).prop_map(Step::Kill),
    ];
    prop::collection::vec(step, 1..40)
}

/// What a map of owners would say.
#[derive(Default)]
struct Model {
    unique: BTreeMap<Key, Pid>,
    duplicate: BTreeMap<Key, Vec<Pid>>,
}

impl Model {
    fn remove(&mut self, pid: Pid, key: Option<Key>) {
        let hit = |other: &Key| key.is_none_or(|key| key == *other);
        self.unique.retain(|key, owner| *owner != pid || !hit(key));
        for (other, owners) in &mut self.duplicate {
            owners.retain(|owner| *owner != pid || !hit(other));
        }
    }
}

struct World {
    unique: Registry<Key, Idle>,
    duplicate: DuplicateRegistry<Key, Idle>,
    processes: Vec<ProcRef<Idle>>,
    model: Model,
}

impl World {
    fn new() -> Self {
        Self {
            unique: Registry::new("unique"),
            duplicate: DuplicateRegistry::new("duplicate"),
            processes: (0..PROCESSES)
                .map(|_| spawn(Spawn::new(), || Idle))
                .collect(),
            model: Model::default(),
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Register(key, n) => {
                let process = self.processes[n].clone();
                let pid = process.pid();
                let owner = *self.model.unique.entry(key).or_insert(pid);
                let outcome = self
                    .unique
                    .register(key, &process)
                    .map_err(|taken| taken.by);
                assert_eq!(outcome, if owner == pid { Ok(()) } else { Err(owner) });
                self.duplicate.register(key, &process).unwrap();
                self.model.duplicate.entry(key).or_default().push(pid);
            }
            Step::Unregister(key, n) => {
                let pid = self.processes[n].pid();
                self.unique.unregister(&key, pid);
                self.duplicate.unregister(&key, pid);
                self.model.remove(pid, Some(key));
            }
            Step::Kill(n) => {
                let pid = self.processes[n].pid();
                let down = watch(pid);
                exit(pid, ExitReason::Kill);
                soon(down).await;
                self.model.remove(pid, None);
                let dead = std::mem::replace(&mut self.processes[n], spawn(Spawn::new(), || Idle));
                assert_eq!(self.unique.register(Key(9), &dead).unwrap_err().by, pid);
                assert_eq!(self.duplicate.register(Key(9), &dead).unwrap_err().by, pid);
            }
        }
    }

    fn check(&self) {
        let pids = |found: Vec<ProcRef<Idle>>| found.iter().map(ProcRef::pid).collect::<Vec<_>>();
        for key in (0..3).map(Key) {
            let owner = self.unique.whereis(&key).map(|process| process.pid());
            assert_eq!(owner, self.model.unique.get(&key).copied());
            let expected = self.model.duplicate.get(&key).cloned().unwrap_or_default();
            assert_eq!(pids(self.duplicate.lookup(&key)), expected);
        }
        assert_eq!(self.unique.len(), self.model.unique.len());
        for process in &self.processes {
            let pid = process.pid();
            let unique = self.model.unique.values();
            let all = unique.chain(self.model.duplicate.values().flatten());
            let names = all.filter(|owner| **owner == pid).count();
            assert_eq!(process_info(pid).unwrap().registered.len(), names);
        }
    }
}

async fn holds(steps: Vec<Step>) {
    let mut world = World::new();
    for step in steps {
        world.take(step).await;
        world.check();
    }
    for process in world.processes {
        exit(process.pid(), ExitReason::Kill);
        soon(watch(process.pid())).await;
    }
    assert!(world.unique.is_empty() && world.duplicate.is_empty());
}

#[test]
fn the_registries_agree_with_a_map_whatever_dies() {
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(CASES)
    };
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        run(holds(steps));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
