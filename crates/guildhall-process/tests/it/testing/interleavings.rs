//! Seeded interleavings: they find what depends on order, and a seed always means the same.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::process::Command;

use std::time::Duration;

use guildhall_process::testing::{Kit, ProbeEvent, Recorder, Runner, interleave, run};
use guildhall_process::{
    Backoff, ChildSpec, ExitReason, Groups, Partitions, Process, Registry, Spawn, Strategy,
    Supervisor, SupervisorRef, exit,
};

use super::{failure_of, says};

/// How many seeds a bug of one wrong order may take to be found.
const SEEDS: u64 = 40;

/// Two messengers, one message each, and a receiver that only works if the first comes first: the
/// bug is that nothing orders the two.
async fn open_before_use(kit: Kit) {
    let mut file = kit.probe::<&str>("file");
    let messengers = ["open", "read"].map(|what| {
        let messenger = kit.probe::<&str>(what);
        let to = file.recipient();
        messenger.answer(move |what| to.tell(what).err().map(|e| e.into_inner()));
        messenger
    });
    for (messenger, what) in messengers.iter().zip(["open", "read"]) {
        kit.tell(&messenger.process(), what);
    }
    file.expect_message_eq("open").await;
    file.expect_message_eq("read").await;
}

/// In which order the messages of five senders arrive, and the ends of twenty who are linked to one (so many lie in a hash).
async fn order_of(kit: &Kit) -> Vec<(usize, u32)> {
    let mut sink = kit.probe::<(usize, u32)>("sink");
    let senders = [0, 1, 2, 3, 4].map(|who| {
        let sender = kit.probe::<u32>("sender");
        let to = sink.recipient();
        sender.answer(move |n| to.tell((who, n)).err().map(|_| n));
        sender
    });
    let linked: Vec<_> = (0..20).map(|_| kit.probe::<()>("linked")).collect();
    for linked in &linked {
        linked.link(senders[0].pid());
        sink.monitor(linked.pid());
    }
    for n in 0..4 {
        for sender in &senders {
            kit.tell(&sender.process(), n);
        }
    }
    senders[0].exit("boom");
    kit.settle().await;
    let place = |pid| {
        linked
            .iter()
            .position(|linked| linked.pid() == pid)
            .unwrap()
    };
    let order = sink.drain().into_iter().map(|event| match event {
        ProbeEvent::Message(said) => said,
        ProbeEvent::Down(down) => (10 + place(down.pid), 0),
        ProbeEvent::Exit(exit) => panic!("{exit:?}"),
    });
    order.collect()
}

fn order_under(seed: u64) -> Vec<(usize, u32)> {
    Runner::new()
        .seed(seed)
        .run(async |kit| order_of(&kit).await)
}

#[test]
fn a_bug_of_order_that_a_plain_run_hides_is_found_and_its_seed_finds_it_again() {
    run(open_before_use);
    let tried = RefCell::new(Vec::new());
    let found = failure_of(|| {
        interleave(0..SEEDS, async |kit| {
            tried.borrow_mut().extend(kit.seed());
            open_before_use(kit).await;
        });
    });
    says(
        &found,
        &[r#"expected the message "open", but what came is the message "read""#],
    );
    let seed = *tried.borrow().last().unwrap();
    let again = failure_of(|| Runner::new().seed(seed).run(open_before_use));
    says(
        &again,
        &[r#"expected the message "open", but what came is the message "read""#],
    );
    for earlier in 0..seed {
        Runner::new().seed(earlier).run(open_before_use);
    }
}

#[test]
fn a_seed_always_gives_the_same_order_and_seeds_give_many() {
    let orders: Vec<_> = (0..SEEDS).map(order_under).collect();
    for (seed, order) in (0..).zip(&orders) {
        // Other pids than at the first time, and the same order.
        assert_eq!(&order_under(seed), order, "seed {seed}");
    }
    let different: BTreeSet<_> = orders.iter().collect();
    assert!(different.len() > 20, "only {} orders", different.len());
}

#[test]
fn one_senders_messages_keep_their_order_under_every_seed() {
    for seed in 0..SEEDS {
        for who in 0..5 {
            let sent = order_under(seed);
            let of_one = sent.iter().filter(|(sender, _)| *sender == who);
            assert!(of_one.map(|(_, n)| n).is_sorted(), "seed {seed}: {sent:?}");
        }
    }
}

/// The tests of this program that have a fixed name are run again, alone, as children.
fn run_again(test: &str, seed: &str) -> (bool, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env("GUILDHALL_SEED", seed)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn the_seed_in_the_environment_runs_alone_and_a_failure_prints_it() {
    let seeds = RefCell::new(Vec::new());
    interleave(0..3, async |kit| {
        seeds.borrow_mut().extend(kit.seed());
        assert_ne!(kit.seed(), Some(4711), "the seed that fails");
    });
    // The child comes here, too.
    if let Ok(seed) = std::env::var("GUILDHALL_SEED") {
        println!("ran {:?} for {seed}", seeds.take());
        return;
    }
    assert_eq!(seeds.take(), [0, 1, 2]);
    let me =
        "testing::interleavings::the_seed_in_the_environment_runs_alone_and_a_failure_prints_it";
    let (passed, text) = run_again(me, "77");
    assert!(passed, "{text}");
    says(&text, &["ran [77] for 77"]);
    let (passed, text) = run_again(me, "4711");
    assert!(!passed, "{text}");
    says(
        &text,
        &["seed 4711 failed; to run it alone, set GUILDHALL_SEED=4711"],
    );
    let (passed, text) = run_again(me, "x");
    assert!(!passed, "{text}");
    says(&text, &["GUILDHALL_SEED=x is no seed"]);
}

struct Fragile;

impl Process for Fragile {
    const KIND: &'static str = "fragile";
}

/// What hashes and dice of the crate itself decide: the partitions of keys, the order in which names and groups are
/// listed, and how long a restart waits.
async fn decided_by_chance(kit: &Kit) -> (Vec<usize>, Vec<u32>, Vec<u32>, Duration) {
    let partitions = Partitions::<Fragile>::new(16);
    let of_keys = (0..20_u32).map(|key| partitions.index_of(&key)).collect();
    let probe = kit.probe::<()>("one");
    let one = probe.process();
    let names = Registry::<u32, Recorder<()>>::new("names");
    let groups = Groups::<u32, Recorder<()>>::new("groups");
    for key in 0..20 {
        names.register(key, &one).unwrap();
        groups.join(key, &one).unwrap();
    }
    let backoff = Backoff::new(Duration::from_secs(1000), Duration::from_secs(1000));
    let child = ChildSpec::worker("fragile", || Fragile).backoff(backoff);
    let root = || Supervisor::new(Strategy::OneForOne).child(child);
    let root = kit.start(Spawn::named("root"), root).await;
    let child = SupervisorRef::from(root).child("fragile").await.unwrap();
    let child = child.status.pid().unwrap();
    exit(child, ExitReason::error("boom"));
    kit.assert_restarted(child).await;
    assert_eq!((names.len(), groups.which_groups().len()), (20, 20));
    (of_keys, names.keys(), groups.which_groups(), kit.now())
}

#[test]
fn a_seed_decides_partitions_the_order_of_names_and_the_waits_of_restarts() {
    let under = |seed| {
        let runner = Runner::new().patience(Duration::from_secs(2000));
        runner
            .seed(seed)
            .run(async |kit| decided_by_chance(&kit).await)
    };
    for seed in 0..5 {
        assert_eq!(under(seed), under(seed), "seed {seed}");
    }
    let (one, other) = (under(0), under(1));
    assert_ne!(one.0, other.0, "seeds give many partitions");
    assert_ne!(one.1, other.1, "and orders");
    assert_ne!(one.3, other.3, "and waits");
}
