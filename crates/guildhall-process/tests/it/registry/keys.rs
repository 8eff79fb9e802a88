//! Keys whose own code panics: the harm stays with who has called.

use std::cell::Cell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use guildhall_process::{
    ChildError, ChildSpec, DuplicateRegistry, ExitReason, Groups, Registry, Spawn, Strategy,
    Supervisor, SupervisorRef, exit, process_info, start, watch,
};

use crate::kit::{Probe, death, events, probe, run, soon};

#[derive(Clone, Copy, PartialEq, Debug)]
enum Fault {
    Hash,
    Eq,
    Clone,
    Debug,
    Drop,
}

thread_local! {
    static ARMED: Cell<Option<Fault>> = const { Cell::new(None) };
}

fn strike(fault: Fault) {
    assert!(ARMED.get() != Some(fault), "bang");
}

/// All keys have one hash, so that they are compared with each other.
struct Key(u8);

impl Hash for Key {
    fn hash<H: Hasher>(&self, _state: &mut H) {
        strike(Fault::Hash);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        strike(Fault::Eq);
        self.0 == other.0
    }
}

impl Eq for Key {}

impl Clone for Key {
    fn clone(&self) -> Self {
        strike(Fault::Clone);
        Self(self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        strike(Fault::Debug);
        write!(f, "{}", self.0)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            strike(Fault::Drop);
        }
    }
}

/// Runs `f` with a fault; whether it has panicked.
fn panics(fault: Fault, f: impl FnOnce()) -> bool {
    ARMED.set(Some(fault));
    let outcome = catch_unwind(AssertUnwindSafe(f));
    ARMED.set(None);
    outcome.is_err()
}

#[test]
fn a_key_that_panics_harms_neither_the_registry_nor_the_other_keys() {
    run(async {
        let names: Registry<Key, Probe> = Registry::new("names");
        let shared: DuplicateRegistry<Key, Probe> = DuplicateRegistry::new("shared");
        let groups: Groups<Key, Probe> = Groups::new("groups");
        let (process, _events) = probe(false).await;
        names.register(Key(1), &process).unwrap();
        shared.register(Key(1), &process).unwrap();
        groups.join(Key(1), &process).unwrap();
        for fault in [Fault::Hash, Fault::Eq] {
            assert!(panics(fault, || names.register(Key(2), &process).unwrap()));
            assert!(panics(fault, || drop(names.whereis(&Key(2)))));
            assert!(panics(fault, || names.unregister(&Key(2), process.pid())));
            assert!(panics(fault, || drop(shared.lookup(&Key(2)))));
            assert!(panics(fault, || groups.join(Key(2), &process).unwrap()));
            assert!(panics(fault, || drop(groups.members(&Key(2)))));
        }
        assert!(panics(Fault::Clone, || drop(names.keys())));
        assert!(panics(Fault::Clone, || drop(groups.which_groups())));
        let mut info = None;
        assert!(!panics(Fault::Debug, || info = process_info(process.pid())));
        assert_eq!(info.unwrap().registered.len(), 2);

        assert_eq!(process_info(process.pid()).unwrap().groups, ["groups:1"]);
        assert_eq!(names.whereis(&Key(1)), Some(process.clone()));
        assert_eq!((names.len(), shared.len()), (1, 1));
        ARMED.set(Some(Fault::Drop));
        exit(process.pid(), ExitReason::Kill);
        death(process.pid()).await;
        ARMED.set(None);
        assert!(names.is_empty() && shared.is_empty() && groups.which_groups().is_empty());
    });
}

#[test]
fn a_key_that_panics_at_a_childs_start_is_a_failed_start_and_harms_no_sibling() {
    run(async {
        let (tx, mut events) = events();
        let names: Registry<Key, Probe> = Registry::new("names");
        let spec = |id: &'static str, key| {
            let tx = tx.clone();
            ChildSpec::via(id, names.via(Key(key)), move || Probe::new(id, &tx))
        };
        let sup = start(Spawn::new(), || Supervisor::new(Strategy::OneForOne));
        let sup = SupervisorRef::from(soon(sup).await.unwrap());
        let sibling = soon(sup.start_child(spec("a", 1))).await.unwrap();
        for fault in [Fault::Hash, Fault::Eq, Fault::Clone] {
            let spec = spec("b", 2);
            ARMED.set(Some(fault));
            let started = soon(sup.start_child(spec)).await;
            ARMED.set(None);
            assert!(matches!(
                started,
                Err(ChildError::Start(ExitReason::Panic(_)))
            ));
        }
        soon(sup.start_child(spec("b", 2))).await.unwrap();
        assert_eq!(events.started().await, ("a", sibling));
        assert_eq!(events.started().await.0, "b");
        assert!(guildhall_process::is_alive(sibling));
    });
}

#[test]
fn a_child_whose_name_is_taken_is_refused_with_who_has_it() {
    run(async {
        let (tx, mut events) = events();
        let names: Registry<&str, Probe> = Registry::new("names");
        let (owner_tx, child_tx) = (tx.clone(), tx.clone());
        let owner = names
            .via("a")
            .start(Spawn::new(), move || Probe::new("owner", &owner_tx));
        let owner = soon(owner).await.unwrap().pid();
        assert_eq!(events.started().await, ("owner", owner));
        let sup = start(Spawn::new(), || Supervisor::new(Strategy::OneForOne));
        let sup = SupervisorRef::from(soon(sup).await.unwrap());
        let spec = ChildSpec::via("a", names.via("a"), move || Probe::new("a", &child_tx));
        assert_eq!(
            soon(sup.start_child(spec)).await,
            Err(ChildError::AlreadyStarted(owner))
        );
        assert!(events.so_far().is_empty());
        exit(sup.pid(), ExitReason::Shutdown);
        soon(watch(sup.pid())).await;
    });
}
