//! Partitioned supervisors: routing, restarts, and a storm in one partition.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use guildhall_process::{
    ChildSpec, DynamicRef, DynamicSupervisor, ExitReason, Partitions, Placement, ProcRef, Process,
    Spawn, StartError, Supervisor, SupervisorRef, exit, start, watch,
};

use crate::kit::{Probe, act, boom, death, events, run, soon};

async fn begin(supervisor: Supervisor) -> SupervisorRef {
    let started = soon(start(Spawn::named("partitions"), move || supervisor)).await;
    started.unwrap().into()
}

/// Ends a partition and waits until its supervisor has seen it.
async fn crash(partition: &ProcRef<impl Process>, supervisor: &SupervisorRef) {
    exit(partition.pid(), boom());
    death(partition.pid()).await;
    // Behind the EXIT in the supervisor's mailbox.
    soon(supervisor.which_children()).await.unwrap();
}

#[test]
fn a_key_always_finds_its_own_partition_and_all_partitions_have_keys() {
    run(async {
        let (tx, _events) = events();
        let partitions = Partitions::<Probe>::new(4);
        let none = partitions.route(&1_u32);
        assert!(none.is_none(), "routed before the start");
        begin(partitions.supervisor(move |_| Probe::new("probe", &tx))).await;
        let other = partitions.clone();
        let mut used = HashSet::new();
        for key in 0..1_000_u32 {
            let pid = partitions.route(&key).unwrap().pid();
            assert_eq!(other.route(&key).unwrap().pid(), pid);
            let index = partitions.index_of(&key);
            assert_eq!(partitions.get(index).unwrap().pid(), pid);
            used.insert(pid);
        }
        assert_eq!(used.len(), 4);
        assert_eq!(partitions.all().count(), 4);
        assert!(partitions.get(4).is_none());
    });
}

#[test]
fn a_restarted_partition_is_found_at_once_and_the_others_never_change() {
    run(async {
        let (tx, _events) = events();
        let partitions = Partitions::<Probe>::new(3);
        let made = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&made);
        let supervisor = partitions.supervisor(move |index| {
            count.fetch_add(index + 1, Ordering::Relaxed);
            Probe::new("probe", &tx)
        });
        let supervisor = begin(supervisor).await;
        let before: Vec<_> = partitions.all().collect();
        let hit = partitions.index_of("key");
        crash(&partitions.route("key").unwrap(), &supervisor).await;
        for (index, process) in before {
            let now = partitions.get(index).unwrap();
            assert_eq!(now == process, index != hit, "partition {index}");
        }
        partitions
            .route("key")
            .unwrap()
            .tell(act(|_, _| ()))
            .unwrap();
        // Each once, and the one that was hit again.
        assert_eq!(made.load(Ordering::Relaxed), 1 + 2 + 3 + hit + 1);
    });
}

#[test]
fn a_partition_that_does_not_run_is_not_found_and_no_other_takes_its_keys() {
    run(async {
        let (tx, _events) = events();
        let partitions = Partitions::<Probe>::new(2);
        let supervisor = begin(partitions.supervisor(move |_| Probe::new("probe", &tx))).await;
        let hit = partitions.index_of("key");
        soon(supervisor.terminate_child(&hit.to_string()))
            .await
            .unwrap();
        assert!(partitions.route("key").is_none());
        assert_eq!(partitions.all().count(), 1);
        soon(supervisor.restart_child(&hit.to_string()))
            .await
            .unwrap();
        assert!(partitions.route("key").is_some());
    });
}

#[test]
fn no_partition_means_one() {
    assert_eq!(Partitions::<Probe>::new(0).count(), 1);
    assert_eq!(Partitions::<Probe>::new(0).index_of("key"), 0);
}

#[test]
fn a_specification_of_another_type_cannot_be_started() {
    run(async {
        let partitions = Partitions::<Probe>::new(1);
        let supervisor =
            partitions.supervisor_of(|_| ChildSpec::dynamic("wrong", DynamicSupervisor::new));
        let started = soon(start(Spawn::new(), move || supervisor)).await;
        let Err(StartError::Init(ExitReason::ShutdownWith(why))) = started else {
            panic!("{started:?}");
        };
        assert!(why.contains("on_start expects a probe"), "{why}");
        assert!(partitions.route("key").is_none());
    });
}

#[test]
fn a_storm_in_one_partition_costs_the_others_nothing() {
    const CHILDREN: usize = 200;
    run(async {
        let (tx, _events) = events();
        let partitions = Partitions::<DynamicSupervisor>::new(4);
        let supervisor = begin(partitions.supervisor(|_| DynamicSupervisor::new())).await;
        let before: Vec<_> = partitions.all().collect();
        let hit = partitions.route("key").unwrap();
        let start = |partition: &ProcRef<DynamicSupervisor>| {
            let tx = tx.clone();
            let permanent = guildhall_process::Restart::Permanent;
            let make = move || Probe::new("child", &tx);
            DynamicRef::from(partition.clone()).start_child(None, permanent, Placement::Here, make)
        };
        let mut bystanders = Vec::new();
        for (_, partition) in &before {
            bystanders.push((partition.pid(), soon(start(partition)).await.unwrap()));
        }
        let mut stormy = Vec::new();
        for _ in 0..CHILDREN {
            stormy.push(soon(start(&hit)).await.unwrap());
        }
        let down = watch(hit.pid());
        for child in stormy {
            exit(child.pid(), boom());
        }
        assert_eq!(soon(down).await, ExitReason::Shutdown);
        soon(supervisor.which_children()).await.unwrap();
        assert_ne!(partitions.route("key").unwrap(), hit);
        for (partition, child) in bystanders {
            assert_eq!(child.is_alive(), partition != hit.pid());
        }
    });
}
